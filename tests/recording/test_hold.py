"""A button that is held, into a real store: what came while it surely was held is kept, no more.

The clock is driven by hand; every count is computed beside it.
"""

from dataclasses import replace

import pytest

from core.recording.plans import Plan
from core.recording.recorder import Recorder
from tests.recording.conftest import hand, offer

HELD = Plan(lease_s=1.5)


class Button:
    """A button before a camera whose clock is driven by hand."""

    def __init__(self, store, project):
        self.now_s, self._store, self._project = 10.0, store, project
        self.recorder = Recorder(
            store, project.id, "me", write_interval_s=0.01, clock=lambda: self.now_s
        )

    def press(self, held_s=0.0):
        gesture = self._store.gestures(self._project.id)[0]
        self.recorder.start(gesture.id, HELD, held_s=held_s)

    def frames(self, first, last):
        """A hand every tenth of a second, these tenths included; how it stands then."""
        for tenth in range(first, last + 1):
            self.now_s = tenth / 10
            progress = offer(self.recorder, self.now_s, hand(7.0 * (tenth % 100)))
        return progress

    def stored(self):
        """Times of what is in the store once the recording has ended, to a hundredth."""
        self.recorder.stop()
        found = self._store.samples(self._project.id, newest_first=False)
        return [round(one.time_s, 2) for one in found]


@pytest.fixture
def button(store, project):
    button = Button(store, project)
    yield button
    button.recorder.close()


def test_what_came_after_the_release_is_not_stored(button):
    button.press()
    button.frames(
        101, 105
    )  # the last one after the finger was lifted, 10.42, and before the word of it
    progress = button.recorder.release_hold(0.42)
    assert (progress.state, progress.text, progress.note) == ("idle", "4 saved, 0 skipped", "")
    assert button.stored() == [10.1, 10.2, 10.3, 10.4]


def test_samples_are_kept_once_a_later_word_says_that_it_was_still_held(button):
    button.press()
    assert button.frames(101, 103).saved == 0
    button.now_s = 10.31
    assert button.recorder.renew_hold(0.25).saved == 2  # 10.1 and 10.2 lie before 10.25
    assert button.frames(104, 105).saved == 2
    button.now_s = 10.56
    progress = button.recorder.renew_hold(0.5)
    assert (progress.state, progress.saved) == ("recording", 5)


def test_a_late_first_word_does_not_move_the_release(button):
    button.now_s = 10.4  # pressed at 10.15, this word took a quarter of a second
    button.press()
    button.now_s = 10.42  # this one 20 ms: the press was at 10.17 or before
    button.recorder.renew_hold(0.25)
    button.frames(105, 109)
    button.recorder.release_hold(0.5)  # 10.67
    assert button.stored() == [10.5, 10.6]


def test_a_word_that_says_how_long_it_was_held_by_the_first_one_counts(button):
    button.press(0.2)  # pressed at 9.8
    button.frames(101, 104)
    button.recorder.release_hold(0.45)  # 10.25
    assert button.stored() == [10.1, 10.2]


def test_without_a_word_for_the_lease_it_ends_and_drops_what_nobody_confirmed(button):
    button.press()
    button.frames(101, 105)
    button.recorder.renew_hold(0.5)
    assert button.frames(106, 119).state == "recording"  # 1.4 s after the last word
    progress = button.frames(121, 121)  # 1.6 s
    assert (progress.state, progress.text) == ("idle", "5 saved, 0 skipped")
    assert "no message came from the browser" in progress.note
    assert button.stored() == [10.1, 10.2, 10.3, 10.4, 10.5]


def test_a_lease_runs_out_without_a_camera_too(button):
    button.press()
    button.now_s = 11.4
    assert button.recorder.status().state == "recording"
    button.now_s = 11.6
    assert button.recorder.status().state == "idle"
    assert "no message came" in button.recorder.status().note


def test_a_word_that_comes_after_the_lease_confirms_nothing(button):
    button.press()
    button.frames(101, 103)
    button.now_s = 11.7
    assert button.recorder.renew_hold(1.6).state == "idle"
    assert button.recorder.release_hold(1.7).saved == 0
    assert button.stored() == []


def test_a_camera_that_stops_while_held_leaves_what_was_confirmed(button):
    button.press()
    button.frames(101, 105)
    button.now_s = 10.5
    button.recorder.renew_hold(0.3)
    progress = button.recorder.stop(wait=False)
    assert (progress.state, progress.saved) == ("idle", 3)
    assert "before you released the button" in progress.note
    assert button.stored() == [10.1, 10.2, 10.3]


def test_a_camera_that_gives_no_picture_for_two_seconds_ends_it(button):
    button.press()
    button.frames(101, 104)
    for held in (1.0, 2.0, 2.3):
        button.now_s = 10 + held
        assert button.recorder.renew_hold(held).state == "recording"
    button.now_s = 12.5
    progress = button.recorder.renew_hold(2.5)
    assert (progress.state, progress.saved) == ("idle", 4)
    assert "the camera gave no picture for 2 s" in progress.note
    button.frames(126, 128)  # it comes back, held still or not
    assert button.stored() == [10.1, 10.2, 10.3, 10.4]


def test_frames_that_come_late_are_of_a_camera_that_is_there(button):
    button.press()
    button.now_s = 11.0
    button.recorder.renew_hold(1.0)
    for tenth in (1, 5, 9, 13, 17):  # each arrives 1.8 s after it was taken, on a busy machine
        button.now_s = 10 + tenth / 10 + 1.8
        offer(button.recorder, 10 + tenth / 10, hand(7.0 * tenth))
        button.now_s += 0.3
        assert button.recorder.renew_hold(button.now_s - 10).state == "recording"
    assert button.stored() == [10.1, 10.5, 10.9, 11.3, 11.7]


def test_refusals_count_only_while_it_was_held(button):
    button.press()
    for time_s in (10.1, 10.2, 10.3):
        button.now_s = time_s
        offer(button.recorder, time_s)
    progress = button.recorder.release_hold(0.2)
    assert progress.text == "0 saved, 2 skipped (no hand 2)"


def test_the_next_hold_begins_with_nothing_of_the_one_before(button):
    button.press()
    button.frames(101, 103)
    button.now_s = 20.0
    button.press()
    assert button.recorder.status().note == ""
    button.frames(201, 202)
    button.recorder.release_hold(0.2)
    assert button.stored() == [20.1, 20.2]


def test_a_word_without_a_recording_does_nothing(button):
    assert button.recorder.renew_hold(0.25).state == "idle"
    assert button.recorder.release_hold(0.5).text == "0 saved, 0 skipped"


def fallen(tenth):
    """The hand lies on its side: another shape."""
    pose = hand(7.0 * (tenth % 100))
    return replace(pose, keypoints=pose.keypoints[:, ::-1].copy())


def test_of_a_hand_that_leaves_the_pose_in_the_last_half_second_those_frames_are_not_stored(button):
    button.press()
    button.frames(101, 110)
    button.recorder.renew_hold(1.0)
    button.frames(111, 116)
    for tenth in (117, 118, 119):
        button.now_s = tenth / 10
        offer(button.recorder, button.now_s, fallen(tenth))
    progress = button.recorder.release_hold(1.95)
    assert progress.text == "16 saved, 3 skipped (hand left 3)"
    assert button.stored() == [round(10.1 + 0.1 * i, 2) for i in range(16)]
    assert button.recorder.different_samples() == ([], 16)


def test_another_shape_before_the_last_half_second_is_stored_and_looks_different(button):
    button.press()
    button.frames(101, 110)
    for tenth in (111, 112):
        button.now_s = tenth / 10
        offer(button.recorder, button.now_s, fallen(tenth))
    button.recorder.renew_hold(1.2)
    button.frames(113, 125)
    button.recorder.release_hold(2.55)
    found, total = button.recorder.different_samples()
    ids = [one.id for one in button._store.samples(button._project.id, newest_first=False)]
    assert (found, total) == (ids[10:12], 25)
