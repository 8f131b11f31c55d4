"""Splits never put one person, session or recording on both sides; figures by hand; a table of what
is said about the held-out samples leads back to them."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import TrainingError
from core.gestures.evaluation.validation import (
    FILE,
    compute_figures,
    find_cell_samples,
    read_predictions,
    save_predictions,
    split_by_groups,
)


@pytest.mark.parametrize(
    ("same", "kind", "name"),
    [
        ({}, "person", "persons"),
        ({"persons": "me"}, "session", "sessions"),
        ({"persons": "me", "sessions": "today"}, "burst", "recordings"),
    ],
)
def test_the_coarsest_groups_that_differ_are_kept_together(hands, same, kind, name):
    data = hands(persons=5)
    data = replace(data, **{key: np.full(len(data), value) for key, value in same.items()})
    split = split_by_groups(data)
    groups = getattr(data, name)
    assert split.kind == kind and not {*groups[split.train]} & {*groups[split.validation]}
    assert sorted([*split.train, *split.validation]) == list(range(len(data)))
    assert {*data.labels[split.train]} == {*data.labels[split.validation]} == {0, 1, 2, 3}


def test_few_samples_of_many_recordings_are_split_too(hands):
    data = hands(persons=1, gestures=2, each=3)
    data.recordings[:] = np.arange(6).astype(str)
    split = split_by_groups(data)
    assert split.kind == "burst" and {*data.labels[split.validation]} == {0, 1}


@pytest.mark.parametrize("unknown", ["unknown", "import"])
def test_an_unknown_person_makes_no_second_of_one(hands, unknown):
    data = hands(persons=2)
    data = replace(data, persons=np.where(data.persons == "p1", unknown, data.persons))
    split = split_by_groups(data)
    assert split.kind == "session"
    assert data.known_persons == ["p0"]


def test_one_recording_a_gesture_keeps_the_end_of_each_for_validation(hands):
    data = hands(persons=1, each=10)
    data.recordings[:] = [f"b{label}" for label in data.labels]
    split = split_by_groups(data)
    assert split.kind == "tail"
    assert list(split.validation) == [8, 9, 18, 19, 28, 29, 38, 39]  # each 10's last fifth


def test_persons_who_recorded_different_gestures_do_not_split_by_person(hands):
    data = hands(persons=2, gestures=4)
    kept = data.take((data.persons == "p0") == (data.labels < 2))
    split = split_by_groups(kept)
    assert split.kind == "tail"  # a fold of the recordings never holds one of each gesture
    assert set(kept.labels[split.validation]) == {0, 1, 2, 3}


def test_a_gesture_with_one_sample_is_refused_by_name(hands):
    data = hands(gestures=2)
    rows = np.concatenate([np.flatnonzero(data.labels == 0), np.flatnonzero(data.labels == 1)[:1]])
    with pytest.raises(TrainingError, match=r"thumbs_down.* has 1 sample"):
        split_by_groups(data.take(rows))


def test_figures_by_hand(hands):
    data = hands(persons=1, gestures=3, each=2).take(np.arange(4))  # labels 0, 0, 1, 1
    data.recordings[:] = ["a", "b", "c", "d"]  # a sample each: Wilson's own interval
    found = compute_figures(data, np.array([0, 1, 1, 1]), "tail")
    assert found["accuracy"] == 0.75 and found["n"] == found["groups"] == 4
    # Wilson, 3 of 4: centre (.75 + 3.8416 / 8) / 1.9604, half .6406 / 1.9604
    assert found["interval"] == pytest.approx([0.3006, 0.9544], abs=1e-4)
    first = found["per_gesture"]["thumbs_up"]
    assert first["n"] == 2 and first["accuracy"] == 0.5
    assert first["interval"] == pytest.approx([0.0945, 0.9055], abs=1e-4)
    assert found["per_gesture"]["thumbs_down"]["accuracy"] == 1.0
    assert set(found["per_gesture"]) == {"thumbs_up", "thumbs_down"}
    assert found["confusion"] == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]


@pytest.mark.parametrize("kind", ["person", "session", "burst", "tail"])
def test_intervals_count_the_groups_that_were_held_out(hands, kind):
    data = hands(persons=3)
    found = compute_figures(data, data.labels, kind)
    assert found["groups"] == {"person": 3, "session": 3}.get(kind, 24)  # 3 × 4 × 2 recordings
    assert found["interval"][0] < found["accuracy"] == found["interval"][1] == 1.0


def test_what_was_said_is_written_and_read_again(hands, tmp_path):
    data = hands(persons=1, gestures=2, each=2)  # labels 0, 0, 1, 1
    data = replace(data, sample_ids=np.array([11, 12, 13, 14]))
    predicted = np.array([[0.9, 0.1], [0.3, 0.7], [0.05, 0.95], [0.5, 0.5]], np.float32)
    found = save_predictions(tmp_path, data, predicted, "burst")
    assert found["confusion"] == [[1, 1], [1, 1]] and found["accuracy"] == 0.5
    rows = read_predictions(tmp_path)
    assert rows["sample_id"].tolist() == [11, 12, 13, 14]
    assert rows.iloc[1].tolist() == [12, "thumbs_up", "thumbs_down", 0.7]
    assert find_cell_samples(rows, "thumbs_down", "thumbs_up") == [14]
    assert (tmp_path / FILE).read_text().startswith("sample_id,truth,said,probability\n11,")


def test_the_clearest_mistake_comes_first(tmp_path):
    (tmp_path / FILE).write_text(HEADER + "1,a,b,0.5\n2,a,b,0.9\n3,a,a,1\n")
    rows = read_predictions(tmp_path)
    assert find_cell_samples(rows, "a", "b") == [2, 1]


def test_samples_without_a_store_leave_no_table(hands, tmp_path):
    data = hands(persons=1)
    save_predictions(tmp_path, data, np.eye(4, dtype=np.float32)[data.labels], "burst")
    assert read_predictions(tmp_path).empty and list(tmp_path.iterdir()) == []


HEADER = "sample_id,truth,said,probability\n"


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", HEADER + "1,fist\n", HEADER + "x,fist,fist,0.5\n"]
)
def test_a_spoilt_table_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(TrainingError, match="train again"):
        read_predictions(tmp_path)
