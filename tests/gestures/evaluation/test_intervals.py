"""Intervals by hand, and that they hold what is true."""

import numpy as np
import pytest

from core.gestures.evaluation.intervals import (
    estimate_accuracy,
    estimate_difference,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    # Wilson's formula by hand: 8 of 10 → centre .7168, half .2268; 10 of 10 → 10 / 13.8416
    [(8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval_by_hand(correct, n, low, high):
    assert wilson_interval(correct, n) == pytest.approx((low, high), abs=1e-4)


def share(rights: list[int], counts: list[int], **kwargs):
    """So many right of so many, per group."""
    pairs = list(zip(rights, counts, strict=True))
    correct = np.concatenate([np.arange(n) < r for r, n in pairs])
    return estimate_accuracy(correct, np.repeat(np.arange(len(counts)), counts), **kwargs)


@pytest.mark.parametrize(
    ("rights", "counts", "kind", "effective_n", "interval"),
    [
        # samples that stand alone have Wilson's interval
        ([1] * 8 + [0] * 2, [1] * 10, "burst", 10, (0.4902, 0.9433)),
        ([1], [1], "burst", 1, (1 / 4.8416, 1.0)),
        # all right: 2 recordings of 11, design effect 1 + 10 · 0.1 = 2, so that 22 count as 11
        ([11, 11], [11, 11], "burst", 11, (11 / (11 + 3.8416), 1.0)),
        # shares 1 and 0: variance of the mean 2 · (¼ · ¼ + ¼ · ¼) = ¼, a sample's is ¼ · 40 / 39
        ([20, 0], [20, 20], "burst", 40 / 39, (0.0558, 0.9442)),
        # 1000 frames of one person count as 20 at most
        ([1000], [1000], "person", 1000 / (1 + 999 * 0.05), (0.8363, 1.0)),
    ],
)
def test_samples_of_a_group_count_as_fewer(rights, counts, kind, effective_n, interval):
    found = share(rights, counts, kind=kind)
    assert found.effective_n == pytest.approx(effective_n)
    assert (found.low, found.high) == pytest.approx(interval, abs=1e-4)
    assert (found.groups, found.n) == (len(counts), sum(counts))


def test_each_person_may_count_the_same():
    rights, counts = [90, 5], [100, 10]
    assert share(rights, counts).value == pytest.approx(95 / 110)
    found = share(rights, counts, kind="person", equal_weights=True)
    assert found.value == pytest.approx(0.7) and found.low < 0.7 < found.high


def test_a_share_is_never_outside_its_interval():
    rng = np.random.default_rng(0)
    for _ in range(200):
        k = int(rng.integers(1, 6))
        counts = rng.integers(1, 50, k)
        found = share(list(rng.integers(0, counts + 1)), list(counts))
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_the_interval_holds_the_target_where_plain_wilson_does_not():
    rng, held, plain = np.random.default_rng(1), 0, 0
    for _ in range(400):  # 10 recordings of 40 frames, each right with its own probability
        each = rng.beta(0.9 * 6, 0.1 * 6, 10)  # mean 0.9, correlation 1 / (1 + 6) = 0.14
        correct = rng.random((10, 40)) < each[:, None]
        found = estimate_accuracy(correct.ravel(), np.repeat(np.arange(10), 40))
        low, high = wilson_interval(correct.sum(), correct.size)
        held, plain = held + (found.low <= 0.9 <= found.high), plain + (low <= 0.9 <= high)
    assert held / 400 >= 0.92 > 0.7 > plain / 400


def test_a_difference_by_hand():
    # 10 samples that stand alone: 3 fixed, 1 spoilt → Agresti and Min: (3.5 - 1.5) / 12 = 1/6,
    # half 1.96 √(5 - 4 / 12) / 12
    one = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1], bool)
    other = np.array([1, 1, 1, 0, 1, 1, 1, 1, 1, 1], bool)
    found = estimate_difference(one, other, np.arange(10))
    half = 1.96 * (5 - 4 / 12) ** 0.5 / 12
    assert found == pytest.approx((0.2, 1 / 6 - half, 1 / 6 + half), abs=1e-4)
    back = estimate_difference(other, one, np.arange(10))
    assert back == pytest.approx((-0.2, -1 / 6 - half, -1 / 6 + half), abs=1e-4)


def test_no_difference_is_never_certain():
    correct = np.ones(40, bool)
    mean, low, high = estimate_difference(correct, correct, np.repeat(np.arange(4), 10))
    assert mean == 0 and low < 0 < high and low == pytest.approx(-high)
