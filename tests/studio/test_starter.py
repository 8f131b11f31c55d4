"""The shipped model and the figures on its card."""

import json

import pytest

from core.gestures.labels import DEFAULT_GESTURES
from core.studio.places import Places
from core.studio.starter import starter_data, summarise


def test_the_shipped_model_knows_the_eight_gestures(starter):
    assert starter.gestures == DEFAULT_GESTURES[:8]
    assert starter.estimator == "mediapipe-hands"


def test_card_and_metadata_say_the_same(starter):
    figures = json.loads((Places.starter / "metadata.json").read_text(encoding="utf-8"))["figures"]
    card = (Places.starter / "CARD.md").read_text(encoding="utf-8")
    assert f"**{100 * figures['mean_accuracy']:.2f} %**" in card
    assert figures["worst_person"] in card and figures["mean_accuracy"] >= 0.994
    assert len(figures["per_person"]) == 18


def test_the_mean_counts_each_person_once():
    found = summarise({"a": {"n": 90, "accuracy": 1.0}, "b": {"n": 10, "accuracy": 0.5}})
    assert found["mean_accuracy"] == 0.75 and found["accuracy"] == 0.95
    assert (found["worst_person"], found["worst_accuracy"], found["n"]) == ("b", 0.5, 100)


@pytest.mark.slow
def test_leaving_each_recorder_out_gives_what_the_card_says(shared_data):
    from core.gestures.training import TrainOptions, leave_one_person_out, without_empty_gestures
    from core.studio.starter import EPOCHS

    data = without_empty_gestures(starter_data(shared_data / "hand_keypoints" / "gestures.csv"))
    found = summarise(leave_one_person_out(data, TrainOptions(epochs=EPOCHS), EPOCHS))
    said = json.loads((Places.starter / "metadata.json").read_text(encoding="utf-8"))["figures"]
    assert found["mean_accuracy"] >= 0.994
    assert found["mean_accuracy"] == pytest.approx(said["mean_accuracy"], abs=0.002)
