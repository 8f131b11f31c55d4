"""Held-out rows, and the order in which the others are drawn."""

from itertools import islice

import numpy as np

from core.datasets.training_data import TrainingData


class Numbers(TrainingData):
    """Each row's picture is its number, plus noise."""

    def augment(self, row, input_hw, rng):
        return np.array([row, rng.random()]), np.zeros((1, 2), np.float32)

    def load_evaluation_sample(self, row, input_hw):
        raise NotImplementedError


def test_held_out_rows_are_not_trained_on_and_every_row_comes_once_in_each_pass() -> None:
    data = Numbers(["", "far", "", "near", ""])
    assert data.held_out_sets == ["far", "near"] and list(data.rows("far")) == [1]
    rows = data.rows("")
    assert list(rows) == [0, 2, 4]
    first = list(islice(data.samples(rows, (6, 8), seed=3), 6))
    drawn = [int(picture[0]) for picture, _, _ in first]
    assert sorted(drawn[:3]) == sorted(drawn[3:]) == [0, 2, 4]
    again = data.samples(rows, (6, 8), seed=3)
    for (picture, _, weight), (same, *_) in zip(first, again, strict=False):
        assert weight == 1 and np.array_equal(picture, same)
