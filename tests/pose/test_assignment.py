"""Pairs of the least cost, by hand and against SciPy's."""

import time

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from core.pose.assignment import assign_rows


def test_by_hand():
    assert assign_rows([]) == []
    assert assign_rows([[3, 1, 2]]) == [1]
    # one by one the first row would take the cheapest, 1; both together cost 2 + 2, not 1 + 9
    assert assign_rows([[1, 2], [2, 9]]) == [1, 0]
    # three rows that each push the one before aside
    assert assign_rows([[1, 2, 9], [1, 9, 4], [1, 9, 9]]) == [1, 2, 0]


@pytest.mark.parametrize("seed", range(40))
def test_no_other_pairs_cost_less(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 9))
    costs = rng.random((rows, rows + int(rng.integers(0, 6))))
    if seed % 2:
        costs = (4 * costs).round()  # many that cost the same
    found = assign_rows(costs.tolist())
    assert len({*found}) == rows
    assert costs[range(rows), found].sum() == pytest.approx(
        costs[linear_sum_assignment(costs)].sum()
    )


def test_many_take_no_longer_than_a_frame():
    costs = np.random.default_rng(0).random((20, 40)).tolist()
    start = time.perf_counter()
    assign_rows(costs)
    assert time.perf_counter() - start < 0.5
