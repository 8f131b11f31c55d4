"""Leaving people out, one by one."""

from core.gestures.left_out import leave_one_person_out
from core.gestures.training import TrainOptions


def test_leaving_each_person_out_measures_each(hands):
    found = leave_one_person_out(hands(persons=3, each=12), TrainOptions(), epochs=3)
    assert {person: f["n"] for person, f in found.items()} == {"p0": 48, "p1": 48, "p2": 48}
