"""Classifiers side by side on the same samples."""

import pytest

from core.gestures.data import CLASSIFIERS
from core.gestures.evaluation.comparison import compare_classifiers
from core.gestures.evaluation.validation import split_by_groups
from core.training.background import Stop


def test_all_classifiers_are_measured_on_the_same_split_and_again_with_the_same_seed(hands):
    data, told = hands(persons=5), []
    data = data.take(data.labels != 1)  # a gesture without samples is no class
    found = compare_classifiers(data, seed=3, epochs=2, log=lambda event, **row: told.append(row))
    assert found["split"] == "person" and found["groups"] == 1
    assert found["n"] == len(split_by_groups(data).validation)
    assert [row["classifier"] for row in found["rows"]] == list(CLASSIFIERS)
    assert found["rows"] == told and all(row["seconds"] >= 0 for row in told)
    assert "difference" not in told[0]
    for row in told[1:]:
        low, high = row["difference_interval"]
        assert low <= row["difference"] <= high
        assert row["difference"] == pytest.approx(row["accuracy"] - told[0]["accuracy"])
    again = compare_classifiers(data, seed=3, epochs=2)["rows"]
    assert [row["accuracy"] for row in again] == [row["accuracy"] for row in told]


def test_stop_ends_after_the_present_classifier(hands):
    stop = Stop()
    found = compare_classifiers(hands(), epochs=1, log=lambda **_: stop.set(), stop=stop)
    assert [row["classifier"] for row in found["rows"]] == ["mlp"]
