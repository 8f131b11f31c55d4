"""A protocol says what was chosen on which part, and what follows from that."""

import pytest

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS, Part, Protocol


def test_figures_of_new_people_with_nothing_chosen_on_them_are_not_optimistic():
    for split in HELD_OUT_GROUPS:
        protocol = Protocol(split, {"epochs": Part.FIXED, "matcher": Part.TRAINING})
        assert protocol.optimistic == (split not in ("person", "leave-one-person-out"))
    assert not Protocol("person", {"threshold": Part.OTHER_FOLDS}).optimistic


def test_what_was_chosen_on_the_reported_part_makes_the_figures_optimistic():
    protocol = Protocol("person", {"epochs": Part.FIXED, "matcher": Part.HELD_OUT})
    assert protocol.optimistic and protocol.chosen_on_reported == ["matcher"]
    assert Protocol("person", {"epochs": Part.TRAINING}, reported=Part.TRAINING).optimistic


def test_trainings_without_a_protocol_chose_on_what_they_report():
    assert Protocol.from_dict({"split": "person"}).chosen_on_reported == ["epochs"]
    moving = {"split": "person", "matcher": "net", "optimistic": False}
    assert Protocol.from_dict(moving).chosen_on_reported == ["matcher"]
    assert not Protocol.from_dict({"split": "leave-one-person-out"}).optimistic


def test_a_part_that_is_not_known_is_refused():
    whole = {"split": "person", "chosen": {"epochs": "moon"}, "reported": "held out"}
    with pytest.raises(ValueError, match="moon"):
        Protocol.from_dict({"protocol": whole})
