"""What to record next: each rule by a hand-made case, and which rule comes first."""

import numpy as np
import pytest

from core.gestures.evaluation.label_noise import NoiseScores
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.review.balance import (
    GestureBalance,
    advise_before_training,
    advise_next_recording,
    count_balance,
)
from core.review.reviewing import LabelNoise
from core.store.index import LEFT, RIGHT, UNKNOWN, SampleIndex
from core.store.rows import MOVING, STILL, Gesture

NAMES = {"ok": "👌", "fist": "👊", "none": "🚫", "peace": "✌️", "wave": "👋"}


def gesture(name, enabled=True):
    number = list(NAMES).index(name)
    kind = MOVING if name == "wave" else STILL
    return Gesture(number, name, NAMES[name], number, enabled, kind)


def row(name, samples=100, persons=2, sessions=3, left=50, right=50, suspected=0.0, enabled=True):
    return GestureBalance(
        gesture(name, enabled), samples, persons, sessions, left, right, suspected
    )


@pytest.mark.parametrize(
    ("rows", "predicted"),
    [
        ([], "Add a gesture"),
        ([row("ok", 0)], "Record 👌 ok first"),
        ([row("ok")], "Add a second gesture"),
        ([row("ok"), row("fist", 0)], "Record a second gesture, 👊 fist for example"),
        ([row("ok"), row("fist", 1)], "👊 fist: 1 of 5 – record 4 more."),
        ([row("ok", 29), row("fist", 12)], "record 18 more. 👌 ok also has only 29."),
        ([row("ok"), row("fist"), row("none", 0)], "Record 🚫 none, a relaxed hand"),
        ([row("ok"), row("fist", suspected=0.2)], "Look through 👊 fist, the most suspect first"),
        ([row("ok"), row("fist", 900), row("none", 900)], "👌 ok: 100 samples, the others"),
        ([row("ok"), row("fist", sessions=1)], "Record 👊 fist a second time"),
        ([row("ok", sessions=1), row("fist", sessions=1)], "Record everything a second time"),
        ([row("ok", persons=1), row("fist", persons=1)], "Let a second person record every"),
        ([row("ok"), row("fist", persons=1)], "Let another person record 👊 fist"),
        ([row("ok"), row("fist", left=95, right=5)], "Record 👊 fist with the right hand, too"),
        ([row("ok", left=3, right=97), row("fist")], "Record 👌 ok with the left hand, too"),
        ([row("ok"), row("fist"), row("peace", 0)], "Record ✌️ peace or switch it off"),
        ([row("ok"), row("fist")], "well balanced"),
    ],
)
def test_the_first_rule_that_applies_is_said(rows, predicted):
    assert predicted in advise_next_recording(rows)


@pytest.mark.parametrize(
    ("of", "shown"),
    [(HAND, "a relaxed hand and"), (PAIR, "relaxed hands and"), (BODY, "standing relaxed and")],
)
def test_what_is_none_of_the_gestures_is_said_of_hands_pairs_and_bodies(of, shown):
    rows = [row("ok"), row("fist"), row("none", 0)]
    assert f"none, {shown} other" in advise_next_recording(rows, of)


def test_what_matters_more_is_said_first():
    """Every fault at once; each is said once the ones before it are fixed."""
    samples, none = 20, 0
    fault = {"persons": 1, "sessions": 1, "suspected": 0.5}
    for fixed, words in (
        ({}, "20 of 30"),
        ({"samples": 40}, "🚫 none"),
        ({"none": 900}, "Look through"),
        ({"suspected": 0.0}, "the others have about"),
        ({"samples": 900}, "second time"),
        ({"sessions": 2}, "another person"),
        ({"persons": 2}, "well balanced"),
    ):
        samples, none = fixed.pop("samples", samples), fixed.pop("none", none)
        fault |= fixed
        rows = [row("ok", samples, **fault), row("fist", 900, **fault), row("none", none)]
        assert words in advise_next_recording(rows)


def test_a_gesture_that_is_switched_off_does_not_count():
    rows = [row("ok"), row("fist"), row("peace", 3, enabled=False), row("none", 0, enabled=False)]
    assert "well balanced" in advise_next_recording(rows)


def test_samples_persons_sessions_hands_and_label_noise_scores_are_counted():
    sample_index = SampleIndex(
        ids=np.array([6, 5, 4, 3, 2]),
        gestures=np.array([0, 0, 0, 1, 1]),
        persons=np.array([1, 1, 2, 2, 2]),
        sessions=np.array([9, 8, 7, 7, 7]),
        recordings=np.array([5, 4, 3, 2, 2]),
        hands=np.array([LEFT, RIGHT, RIGHT, UNKNOWN, LEFT]),
    )
    gestures = [gesture("ok"), gesture("fist"), gesture("none")]
    assert count_balance(sample_index, gestures) == [
        GestureBalance(gestures[0], 3, 2, 3, 1, 2),
        GestureBalance(gestures[1], 2, 1, 1, 1, 0),
        GestureBalance(gestures[2], 0, 0, 0, 0, 0),
    ]
    nothing = NoiseScores(np.full(4, np.nan, np.float32), np.zeros(4, np.int64))
    share = NoiseScores(np.array([1, 0.2, 0.6, 0.4], np.float32), np.zeros(4, np.int64))
    then = np.array([1, 0, 0, 0])
    label_noise = LabelNoise(np.array([2, 3, 4, 5]), then, share, nothing, np.ones(4))
    found = count_balance(sample_index, gestures, label_noise)
    # of fist only 2 is known: 3 was another gesture then; of ok 4 and 5 are, 6 is new
    assert [one.suspected for one in found] == [0.5, 1.0, None]


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([], "Add a gesture"),
        ([row("ok", 100)], "Add a second gesture"),
        ([row("ok", 5), row("fist", 5), row("none", 0)], ""),
        ([row("ok", 5), row("fist", 4)], "fist: 4 of 5 – record 1 more."),
        ([row("ok", 5), row("fist", 5, enabled=False)], "Add a second gesture"),
        ([row("ok", 0), row("wave", 1)], "Perform a gesture that moves, 2 times or more"),
        ([row("ok", 0), row("wave", 2)], "Perform one more gesture that moves"),
        ([row("ok", 100), row("wave", 1), row("fist", 0)], "Record a second gesture"),
    ],
)
def test_what_a_training_lacks_is_what_is_to_be_recorded_next(rows, missing):
    told = advise_before_training(rows)
    assert missing in told and bool(told) == bool(missing)
    assert missing in advise_next_recording(rows)


def test_how_to_record_stands_behind_what_is_missing():
    told = advise_before_training([row("ok", 4)], "Hold its button.")
    assert told.endswith("4 of 5 – record 1 more. Hold its button.")
    assert advise_before_training([row("ok"), row("fist")], "Hold its button.") == ""
