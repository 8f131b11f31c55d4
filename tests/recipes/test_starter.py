"""The shipped model and the figures on its card."""

import json

import pytest

from core.gestures.evaluation.left_out import leave_one_person_out, summarise
from core.gestures.labels import DEFAULT_GESTURES
from core.gestures.training.learner import without_empty_gestures
from core.paths import Paths
from core.recipes.starter import EPOCHS, OPTIONS
from core.recipes.starter_data import SOURCES, table_data
from core.recognition.evaluating import evaluate


def test_the_shipped_model_knows_the_eight_gestures_and_none(starter):
    assert starter.gestures == DEFAULT_GESTURES
    assert starter.estimator == "mediapipe-hands"


def test_card_and_metadata_say_the_same(starter):
    figures = json.loads((Paths.starter / "metadata.json").read_text(encoding="utf-8"))["figures"]
    card = (Paths.starter / "CARD.md").read_text(encoding="utf-8")
    assert f"**{100 * figures['mean_accuracy']:.2f} %**" in card
    assert figures["worst_person"] in card and figures["mean_accuracy"] >= 0.994
    assert len(figures["per_person"]) == 18


@pytest.mark.slow
def test_leaving_each_recorder_out_of_the_table_alone_is_right_in_994_of_1000(shared_data):
    data = without_empty_gestures(table_data(shared_data / "hand_keypoints" / "gestures.csv"))
    found = summarise(leave_one_person_out(data, OPTIONS, EPOCHS))
    assert len(found["per_person"]) == 18 and found["mean_accuracy"] >= 0.994


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_the_whole_of_a_picture_set_goes_through_evaluate(
    name, starter, shared_data, make_estimator
):
    """The model knows these pictures: this holds detection and the way from file to figure."""
    mapping = dict(SOURCES[name].classes)
    folder = shared_data / "hand_images" / name
    found = evaluate(starter, folder, estimator_factory=make_estimator, mapping=mapping)
    card = starter.metadata["figures"]["sources"][name]
    known = found["per_gesture"]
    for gesture, row in card["per_gesture"].items():
        if gesture != "none":
            assert known[gesture]["n"] == row["n"]
            assert abs(known[gesture]["detected"] - row["detected"]) <= 0.02 * row["n"]
            assert known[gesture]["accuracy_detected"] >= 0.93
