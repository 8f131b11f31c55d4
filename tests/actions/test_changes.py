"""What is told of a stream of readings, and when."""

import json

import pytest

from core.actions.changes import ChangeDetector, RateLimiter, pitch_hz
from core.gestures.labels import NONE
from core.pose.smoothing import LabelHysteresis
from core.reading.reading import HandReading
from tests.actions.conftest import POSE, reading


def told(changes, frames, *, every_s=0.05):
    """(frame, name, hand) of each change, one reading or none a frame."""
    found = []
    for i, hands in enumerate(frames):
        found += [(i, c.name, c.hand) for c in changes.update(hands, 100 + i * every_s)]
    return found


def test_a_held_gesture_is_told_once_with_its_number_from_one():
    changes = ChangeDetector(wall_clock=lambda: 1234.5678)
    [change] = changes.update([reading("point_up", 0.97)], 5.0)
    assert changes.update([reading("point_up", 0.5)], 5.1) == []
    assert (change.name, change.emoji, change.number, change.hand) == ("point_up", "☝️", 3, "Right")
    assert change.text == "☝️ point_up 97 %, Right hand"
    assert json.loads(change.json_line) == {
        "time": 1234.568,
        "gesture": 3,
        "emoji": "☝️",
        "name": "point_up",
        "probability": 0.97,
        "hand": "Right",
        "project": "",
        "model": "",
    }


def test_a_body_has_no_hand():
    changes = ChangeDetector()
    [told] = changes.update([reading("ok", hand="body")], 0.0)
    assert told.text == "👌 ok 90 %, body"
    both = changes.update([reading(None, hand="body"), reading("fist", hand="body again")], 1.0)
    assert [change.text for change in both] == ["no gesture, body", "👊 fist 90 %, body again"]


def test_no_gesture_is_zero_and_told_after_a_gesture_alone():
    changes = ChangeDetector()
    assert changes.update([reading(None)], 1.0) == []
    changes.update([reading("ok")], 1.1)
    [change] = changes.update([reading(None)], 1.2)
    assert (change.number, change.probability, change.gesture) == (0, 0.0, None)
    said = json.loads(change.json_line)
    assert said["gesture"] == 0 and said["name"] is None and said["emoji"] is None


def test_flickering_labels_make_one_change_behind_a_label_hysteresis():
    """Real labels of a hand that turns from a fist to a palm, through Live's own hold."""
    hold, changes, found = LabelHysteresis(0.6, 0.45, 0.2), ChangeDetector(), []
    labels = ["fist"] * 10 + ["ok", "fist"] * 5 + ["open_palm"] * 10  # a label every 50 ms
    for i, label in enumerate(labels):
        said = hold(label, 0.9, i * 0.05)
        found += [(i, c.name) for c in changes.update([reading(said)], i * 0.05)]
    # fist holds from 0; 0.2 s later it is frame 4. The palm begins at frame 20: 24
    assert found == [(4, "fist"), (24, "open_palm")]


def test_without_smoothing_a_name_must_last_for_its_own_hold():
    frames = [[reading(n)] for n in ["fist", "ok"] * 5 + ["ok"] * 6]
    assert told(ChangeDetector(hold_s=0.2), frames) == [(13, "ok", "Right")]  # ok from frame 9 on
    assert len(told(ChangeDetector(hold_s=0.0), frames)) == 10


def test_two_hands_are_told_each_for_itself():
    both = [reading("fist", hand="Left"), reading("ok", hand="Right")]
    left = [reading("fist", hand="Left"), reading("fist", hand="Right")]
    assert told(ChangeDetector(), [both, left, both]) == [
        (0, "fist", "Left"),
        (0, "ok", "Right"),
        (1, "fist", "Right"),
        (2, "ok", "Right"),
    ]


def test_a_hand_is_gone_after_half_a_second_and_not_by_a_lost_frame():
    fist = [reading("fist")]
    frames = [fist, [], [], fist, *[[]] * 15]
    assert told(ChangeDetector(), frames) == [(0, "fist", "Right"), (13, "", "Right")]  # seen in 3


def test_the_end_of_the_stream_takes_back_what_was_told():
    changes = ChangeDetector()
    changes.update([reading("fist", hand="Left"), reading(None, hand="Right")], 1.0)
    [change] = changes.end_all()
    assert (change.number, change.hand) == (0, "Left")
    assert changes.end_all() == []


def test_of_any_second_only_so_many_changes_pass_and_the_last_word_arrives():
    frames = [[reading(n)] for n in ["fist", "ok"] * 20 + ["ok"] * 20]  # 20 changes a second
    found = told(ChangeDetector(3), frames)
    times = [frame * 0.05 for frame, _, _ in found]
    assert all(later - first >= 1 - 1e-9 for first, later in zip(times, times[3:], strict=False))
    assert found[:4] == [
        (0, "fist", "Right"),
        (1, "ok", "Right"),
        (2, "fist", "Right"),
        (21, "ok", "Right"),
    ]
    assert found[-1][1] == "ok"


def test_a_change_that_was_held_back_and_taken_back_is_never_told():
    names = ["fist", "ok"] + ["fist"] * 40
    assert told(ChangeDetector(1), [[reading(n)] for n in names]) == [(0, "fist", "Right")]


def test_the_rate_counts_any_second_by_the_clock_that_is_given():
    rate = RateLimiter(2)
    asked = [0.0, 0.375, 0.5, 0.99, 1.0, 1.25, 1.375, 2.0]
    assert [rate.allow(t) for t in asked] == [True, True, False, False, True, False, True, True]


def test_a_name_of_untrusted_making_stays_one_line_of_json():
    odd = reading("ok")
    gesture = type(NONE)('a"}\u2028<b>\\', "👩🏽‍🚀")
    row = ((gesture, 0.5), *odd.probabilities)
    [change] = ChangeDetector().update([HandReading(POSE, gesture, row, "Right")], 0.0)
    assert json.loads(change.json_line)["name"] == gesture.name and "\n" not in change.json_line
    assert change.number == 1


@pytest.mark.parametrize(("number", "hz"), [(1, 261.63), (5, 440.0), (6, 523.25), (16, 261.63)])
def test_each_gesture_has_a_tone_of_the_pentatonic_scale(number, hz):
    assert pitch_hz(number) == pytest.approx(hz, abs=0.02)
