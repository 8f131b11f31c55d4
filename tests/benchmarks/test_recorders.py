"""Nobody is asked about whom the model was trained on, and mistakes are counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.recorders import MISTAKES, left_out_answers, mistakes, plain, recorders_row
from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES

NAMES = [gesture.name for gesture in DEFAULT_GESTURES]


def of_persons(persons: list[str], gestures: list[str]) -> GestureData:
    """Hands by these persons; the wrist's x is the row's number."""
    hands = np.zeros((len(persons), 21, 2), np.float32)
    hands[:, 0, 0] = np.arange(len(persons))
    who, labels = np.array(persons), np.array([NAMES.index(name) for name in gestures])
    return GestureData(hands, np.zeros(len(who), bool), labels, DEFAULT_GESTURES, who, who, who)


@pytest.mark.parametrize(("folds", "models"), [(0, 5), (2, 2)])
def test_every_sample_is_judged_once_by_a_model_that_never_saw_its_recorder(folds, models):
    data = of_persons([*"aabbcdee"], ["ok"] * 8)
    fitted = []

    def fit(known):
        fitted.append(len(known))

        def answer(asked):
            assert not set(asked.persons) & set(known.persons)
            return asked.keypoints[:, 0, 0].astype(int)

        return answer

    assert left_out_answers(data, folds, fit).tolist() == [*range(8)]
    assert len(fitted) == models


def test_mistakes_by_hand():
    data = of_persons([*"aaaaab"], ["point_right", "point_left", "ok", "fist", "thumbs_up", "ok"])
    said = ["point_up", "point_up", "ok", "thumbs_down", "fist", "open_palm"]
    answers = np.array([NAMES.index(name) for name in said])
    assert mistakes(data, answers) == [2, 0, 1, 1, 1] and len(MISTAKES) == 5
    row = recorders_row(data, [answers, data.labels])
    # a: one of five and all five right; b: none and its one
    assert [row[0], row[2], row[3]] == ["55.00", "50.00", "58.33"]
    assert row[4:] == ["1.0", "0.0", "0.5", "0.5", "0.5"]


def test_the_plain_net_learns_and_knows_neither_place_nor_size(hands_apart):
    answer = plain(hands_apart, 0, 12)
    moved = replace(hands_apart, keypoints=3 * hands_apart.keypoints + 50)
    assert (answer(moved) == hands_apart.labels).all()


@pytest.fixture
def hands_apart() -> GestureData:
    """3000 hands of two gestures that differ by where the middle finger's tip lies."""
    data = of_persons(["a"] * 3000, ["thumbs_up", "fist"] * 1500)
    noise = np.random.default_rng(0).normal(0, 0.05, data.keypoints.shape).astype(np.float32)
    data.keypoints[...] = noise
    data.keypoints[:, 12, 1] += np.where(data.labels == 0, -1, 1)
    return data
