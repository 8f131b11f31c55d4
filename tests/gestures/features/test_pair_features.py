"""Both hands' features: each hand by itself, and how the two lie to each other."""

import numpy as np
import pytest

from core.gestures.features import get_feature_set

PAIR = get_feature_set("hands_42")
HAND = get_feature_set("hand_21")
N = HAND.count
SEEN = np.zeros(1, bool)
LEFT_THERE, RIGHT_THERE, LARGER = 2 * N, 2 * N + 1, 2 * N + 2
WAY, DIRECTION, NEAR = slice(2 * N + 3, 2 * N + 5), slice(2 * N + 5, 2 * N + 7), 2 * N + 7
TIPS = (4, 8, 12, 16, 20)


@pytest.fixture
def hand():
    """Some hand, 100 pixels long, wrist at (50, 200)."""
    rng = np.random.default_rng(3)
    points = rng.uniform((0, 100), (100, 200), (21, 2))
    points[0], points[12] = (50, 200), (50, 100)
    return (points - (50, 200)).astype(np.float32) * (0.4, 1) + np.float32([50, 200])


def pair(left, right):
    return np.concatenate([left, right])[None].astype(np.float32)


def test_each_hand_has_the_features_that_it_has_alone(hand):
    other = hand[::-1] * 1.5 + 400
    found = PAIR(pair(hand, other), SEEN)
    assert found.shape == (1, PAIR.count) == (1, 346)
    np.testing.assert_allclose(found[:, :N], HAND(hand[None], SEEN), atol=1e-6)
    np.testing.assert_allclose(
        found[:, N : 2 * N], HAND(other[None].astype(np.float32), SEEN), atol=1e-6
    )


def test_what_lies_between_two_hands_of_one_size(hand):
    """The same hand three of its lengths to the right: as by hand."""
    [found] = PAIR(pair(hand, hand + np.float32([300, 0])), SEEN)
    assert found[[LEFT_THERE, RIGHT_THERE, LARGER]].tolist() == [1, 1, 0]
    np.testing.assert_allclose(found[WAY], [3 / (1 + 3 / 6), 0], atol=1e-4)
    np.testing.assert_allclose(found[DIRECTION], [1, 0], atol=1e-4)
    left = np.repeat(hand[[*TIPS]], 5, 0)
    right = np.tile(hand[[*TIPS]] + [300, 0], (5, 1))
    expected = 1 / (1 + (((left - right) / 100) ** 2).sum(1))
    np.testing.assert_allclose(found[NEAR:], expected, rtol=1e-4)
    assert found[NEAR] == pytest.approx(1 / 10, rel=1e-4)  # thumb to thumb: 3 lengths
    [above] = PAIR(pair(hand, hand + np.float32([0, -200])), SEEN)
    np.testing.assert_allclose(above[DIRECTION], [0, -1], atol=1e-4)


def test_hands_that_touch_differ_from_hands_that_do_not(hand):
    touching, apart = (PAIR(pair(hand, hand + np.float32([by, 0])), SEEN)[0] for by in (0, 200))
    assert touching[NEAR] == pytest.approx(1) and apart[NEAR] == pytest.approx(0.2)


@pytest.mark.parametrize("missing", [0, 1])
def test_of_one_hand_nothing_lies_between(hand, missing):
    both = pair(hand, hand + 300)
    both[:, 21 * missing : 21 * missing + 21] = np.nan
    [found] = PAIR(both, SEEN)
    assert np.isfinite(found).all()
    assert found[LEFT_THERE : LARGER + 1].tolist() == [missing, 1 - missing, 0]
    assert not found[LARGER:].any()


def test_in_a_mirror_the_left_hand_is_the_right_one(hand):
    both = pair(hand, hand * 0.8 + [120, -40])
    as_in_a_mirror = both[:, [*range(21, 42), *range(21)]] * np.float32([-1, 1])
    np.testing.assert_allclose(PAIR(both, ~SEEN), PAIR(as_in_a_mirror, SEEN), atol=1e-5)
