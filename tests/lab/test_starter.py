"""The shipped model and the figures on its card."""

import json

import pytest

from core.gestures.evaluation.leave_one_out import leave_one_person_out, summarise_persons
from core.gestures.evaluation.protocol import Protocol
from core.lab.starter import (
    EPOCHS,
    OPTIONS,
    PROTOCOL,
    _format_card,
    describe_recipe_changes,
    list_recipe,
)
from core.lab.starter_data import SOURCES, read_recorders
from core.measuring.gesture_evaluation import evaluate_gestures
from core.paths import Paths


def test_card_and_metadata_say_the_same(starter):
    figures = json.loads((Paths.starter / "metadata.json").read_text(encoding="utf-8"))["figures"]
    card = (Paths.starter / "CARD.md").read_text(encoding="utf-8")
    assert f"**{100 * figures['mean_accuracy']:.2f} %**" in card
    assert figures["worst_person"] in card and figures["mean_accuracy"] >= 0.994
    assert len(figures["per_person"]) == 18


def test_the_card_says_by_which_settings_the_shipped_model_was_made(starter):
    """A recipe that changes makes another model: the card of the one that ships must say so."""
    card = (Paths.starter / "CARD.md").read_text(encoding="utf-8")
    assert describe_recipe_changes(starter.metadata["recipe"]) in card


def test_the_card_of_a_new_starter_can_be_written(starter, shared_data):
    data = read_recorders(shared_data / "hand_keypoints" / "gestures.csv")
    card = _format_card(data, starter.metadata["figures"], starter.metadata["rejection"])
    assert describe_recipe_changes(list_recipe()) in card and f"{len(data)} samples" in card


def test_a_setting_that_changed_is_named_with_both_values():
    made_by = list_recipe() | {"epochs": 40, "least threshold": 0.08}
    note = describe_recipe_changes(
        {name: value for name, value in made_by.items() if name != "aim"}
    )
    changed = "aim none (now 0.25), epochs 40 (now 12), least threshold 0.08 (now none)"
    assert note.endswith(f"this one by {changed}.")
    assert "another model" not in describe_recipe_changes(list_recipe())


def test_the_metadata_say_what_was_chosen_on_the_people_of_the_figures(starter):
    """The shipped model's least threshold was, too; the recipe has none any more."""
    shipped = Protocol.from_dict(starter.metadata)
    assert PROTOCOL.chosen_on_reported == ["epochs", "augmentation"]
    assert shipped.chosen_on_reported == ["epochs", "augmentation", "least threshold"]
    assert shipped.optimistic and starter.metadata["optimistic"]


@pytest.mark.slow
def test_leaving_each_recorder_out_of_the_table_alone_is_right_in_994_of_1000(shared_data):
    data = read_recorders(shared_data / "hand_keypoints" / "gestures.csv").drop_empty_gestures()
    found = summarise_persons(leave_one_person_out(data, OPTIONS, EPOCHS))
    assert len(found["per_person"]) == 18 and found["mean_accuracy"] >= 0.994


@pytest.mark.slow
@pytest.mark.parametrize("name", [one for one in SOURCES if one not in ("digits", "hagrid_crops")])
def test_the_whole_of_a_picture_set_goes_through_evaluate(
    name, starter, shared_data, make_estimator
):
    """The model knows these pictures: this holds detection and the way from file to figure."""
    mapping = dict(SOURCES[name].classes)
    folder = shared_data / "hand_images" / name
    found = evaluate_gestures(starter, folder, estimator_factory=make_estimator, mapping=mapping)
    card = starter.metadata["figures"]["sources"][name]
    known = found["per_gesture"]
    for gesture, row in card["per_gesture"].items():
        if gesture != "none":
            assert known[gesture]["n"] == row["n"]
            assert abs(known[gesture]["detected"] - row["detected"]) <= 0.02 * row["n"]
            assert known[gesture]["accuracy_detected"] >= 0.93
