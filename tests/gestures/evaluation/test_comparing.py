"""Classifiers side by side on the same samples."""

import numpy as np
import pytest

from core.errors import TrainingError
from core.gestures.data import CLASSIFIERS
from core.gestures.evaluation.comparison import compare_classifiers
from core.gestures.evaluation.validation import split_by_groups
from core.training.background import Stop


def test_all_classifiers_are_measured_on_the_same_split(hands):
    data, told = hands(persons=5), []
    found = compare_classifiers(data, epochs=3, on_row=told.append)
    assert found["split"] == "person" and found["groups"] == 1
    assert found["n"] == len(split_by_groups(data).validation)
    assert [row["classifier"] for row in found["rows"]] == list(CLASSIFIERS)
    assert found["rows"] == told and all(row["seconds"] >= 0 for row in told)
    assert "difference" not in told[0]
    for row in told[1:]:
        low, high = row["difference_interval"]
        assert low <= row["difference"] <= high
        assert row["difference"] == pytest.approx(row["accuracy"] - told[0]["accuracy"])


def test_the_same_seed_gives_the_same_table(hands):
    one, two = (compare_classifiers(hands(persons=4), seed=3, epochs=2)["rows"] for _ in range(2))
    assert [r["accuracy"] for r in one] == [r["accuracy"] for r in two]


def test_a_gesture_without_samples_is_no_class(hands):
    data = hands(persons=4)
    assert len(compare_classifiers(data.take(data.labels != 1), epochs=1)["rows"]) == len(
        CLASSIFIERS
    )


def test_stop_ends_after_the_present_classifier(hands):
    stop = Stop()
    found = compare_classifiers(hands(), epochs=1, on_row=lambda row: stop.set(), stop=stop)
    assert [row["classifier"] for row in found["rows"]] == ["mlp"]


def test_one_gesture_alone_is_refused(hands):
    data = hands()
    with pytest.raises(TrainingError, match="record another gesture"):
        compare_classifiers(data.take(data.labels == np.int64(0)))
