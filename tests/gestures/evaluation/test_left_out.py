"""Leaving people out, one by one."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import TrainingError
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.evaluation.leave_one_out import leave_one_person_out, summarise_persons
from core.training.background import Stop

OPTIONS = TrainOptions()


def test_each_person_is_measured_and_one_who_shows_everything_the_other_way_round_is_the_worst(
    hands,
):
    data, told = hands(persons=3, gestures=2), []
    odd = data.persons == "p1"
    data.labels[odd] = 1 - data.labels[odd]
    found = leave_one_person_out(data, OPTIONS, epochs=3, log=lambda **row: told.append(row))
    assert {person: f["n"] for person, f in found.items()} == {"p0": 8, "p1": 8, "p2": 8}
    rows = [{"event": "person", "person": person, **f} for person, f in found.items()]
    assert told == [{key: row[key] for key in row if key != "confusion"} for row in rows]
    assert all(f["groups"] == 4 for f in found.values())  # a person's recordings
    summary = summarise_persons(found)
    assert summary["worst_person"] == "p1" and summary["worst_accuracy"] < 0.1


def test_unknown_people_are_neither_left_out_nor_learned_from(hands):
    data = hands(persons=3)
    data = replace(data, persons=np.where(data.persons == "p2", UNKNOWN_PERSON, data.persons))
    found = leave_one_person_out(data, OPTIONS, epochs=3)
    alone = leave_one_person_out(data.take(data.has_known_person), OPTIONS, epochs=3)
    assert list(found) == ["p0", "p1"] and found == alone
    one = data.take(data.persons != "p1")
    with pytest.raises(TrainingError, match=r"samples of 1 person came, .* let another person"):
        leave_one_person_out(one, OPTIONS, epochs=1)


def test_a_gesture_that_nobody_else_recorded_is_not_judged(hands):
    data = hands(persons=2, gestures=3)
    data = data.take((data.labels < 2) | (data.persons == "p0"))
    found = leave_one_person_out(data, OPTIONS, epochs=2)
    assert (found["p0"]["n"], found["p0"]["unjudged"]) == (8, 4)
    assert (found["p1"]["n"], found["p1"]["unjudged"]) == (8, 0)


def test_persons_without_a_gesture_in_common_cannot_be_judged(hands):
    data = hands(persons=2, gestures=4)
    data = data.take((data.persons == "p0") == (data.labels < 2))
    found = leave_one_person_out(data, OPTIONS, epochs=1)
    assert [f["n"] for f in found.values()] == [0, 0]
    with pytest.raises(TrainingError, match="record the same gestures"):
        summarise_persons(found)


def test_stop_leaves_the_rest_unmeasured(hands):
    stop = Stop()
    found = leave_one_person_out(
        hands(persons=4), OPTIONS, epochs=1, log=lambda **_: stop.set(), stop=stop
    )
    assert list(found) == ["p0"]


def test_the_mean_counts_each_person_once():
    two = {"a": {"n": 90, "accuracy": 1.0}, "b": {"n": 10, "accuracy": 0.5}}
    found = summarise_persons(two | {"c": {"n": 0, "unjudged": 5}})
    assert found["mean_accuracy"] == 0.75 and found["accuracy"] == 0.95
    assert (found["worst_person"], found["worst_accuracy"], found["n"]) == ("b", 0.5, 100)
    assert found["per_person"]["c"] == {"n": 0, "unjudged": 5}
    # the two persons' means 1 and .5: variance of their mean 2 · (¼ · 1/16 + ¼ · 1/16) = 1/16; of
    # one sample .75 · .25 · 100 / 99, so 3.0303 samples count: Wilson's
    # centre (.75 + .6339) / 2.2677, half .7997 / 2.2677
    assert found["interval"] == pytest.approx([0.2576, 0.9629], abs=2e-4)


def test_the_first_of_equals_is_the_worst():
    found = summarise_persons({p: {"n": 5, "accuracy": 1.0} for p in ("b", "a")})
    assert found["worst_person"] == "b" and np.isclose(found["interval"][1], 1)
