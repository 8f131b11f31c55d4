"""A button that is held, into a real store: what came while it surely was held is kept, no more.

The clock is driven by hand; every count is computed beside it.
"""

import pytest

from core.recording.plans import Plan
from core.recording.recorder import Recorder
from tests.recording.conftest import hand, offer

HELD = Plan(lease_s=1.5)


class Clock:
    now_s = 10.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def recorder(store, project, clock):
    recorder = Recorder(store, project.id, "me", write_interval_s=0.01, clock=clock)
    yield recorder
    recorder.close()


@pytest.fixture
def frames(recorder, clock):
    """frames(first, last): a hand every tenth of a second, these tenths included."""

    def come(first, last):
        for tenth in range(first, last + 1):
            clock.now_s = tenth / 10
            progress = offer(recorder, clock.now_s, hand(7.0 * (tenth % 100)))
        return progress

    return come


@pytest.fixture
def stored(recorder, store, project):
    """Times of what is in the store once the recording has ended, to a hundredth."""

    def read():
        recorder.stop()
        return [round(s.time_s, 2) for s in store.samples(project.id, newest_first=False)]

    return read


def test_what_came_after_the_release_is_not_stored(recorder, gesture, clock, frames, stored):
    recorder.start(gesture.id, HELD)
    frames(101, 105)  # the last one after the finger was lifted, 10.42, and before the word of it
    progress = recorder.release_hold(0.42)
    assert (progress.state, progress.text, progress.note) == ("idle", "4 saved, 0 skipped", "")
    assert stored() == [10.1, 10.2, 10.3, 10.4]


def test_samples_are_kept_once_a_later_word_says_that_it_was_still_held(
    recorder, gesture, clock, frames
):
    recorder.start(gesture.id, HELD)
    assert frames(101, 103).saved == 0
    clock.now_s = 10.31
    assert recorder.renew_hold(0.25).saved == 2  # 10.1 and 10.2 lie before 10.25
    assert frames(104, 105).saved == 2
    clock.now_s = 10.56
    progress = recorder.renew_hold(0.5)
    assert (progress.state, progress.saved) == ("recording", 5)


def test_a_late_first_word_does_not_move_the_release(recorder, gesture, clock, frames, stored):
    clock.now_s = 10.4  # pressed at 10.15, this word took a quarter of a second
    recorder.start(gesture.id, HELD)
    clock.now_s = 10.42  # this one 20 ms: the press was at 10.17 or before
    recorder.renew_hold(0.25)
    frames(105, 109)
    recorder.release_hold(0.5)  # 10.67
    assert stored() == [10.5, 10.6]


def test_a_word_that_says_how_long_it_was_held_by_the_first_one_counts(
    recorder, gesture, clock, frames, stored
):
    recorder.start(gesture.id, HELD, held_s=0.2)  # pressed at 9.8
    frames(101, 104)
    recorder.release_hold(0.45)  # 10.25
    assert stored() == [10.1, 10.2]


def test_without_a_word_for_the_lease_it_ends_and_drops_what_nobody_confirmed(
    recorder, gesture, clock, frames, stored
):
    recorder.start(gesture.id, HELD)
    frames(101, 105)
    recorder.renew_hold(0.5)
    assert frames(106, 119).state == "recording"  # 1.4 s after the last word
    progress = frames(121, 121)  # 1.6 s
    assert (progress.state, progress.text) == ("idle", "5 saved, 0 skipped")
    assert "no message came from the browser" in progress.note
    assert stored() == [10.1, 10.2, 10.3, 10.4, 10.5]


def test_a_lease_runs_out_without_a_camera_too(recorder, gesture, clock, frames):
    recorder.start(gesture.id, HELD)
    clock.now_s = 11.4
    assert recorder.status().state == "recording"
    clock.now_s = 11.6
    assert recorder.status().state == "idle"
    assert "no message came" in recorder.status().note


def test_a_word_that_comes_after_the_lease_confirms_nothing(
    recorder, gesture, clock, frames, stored
):
    recorder.start(gesture.id, HELD)
    frames(101, 103)
    clock.now_s = 11.7
    assert recorder.renew_hold(1.6).state == "idle"
    assert recorder.release_hold(1.7).saved == 0
    assert stored() == []


def test_a_camera_that_stops_while_held_leaves_what_was_confirmed(
    recorder, gesture, clock, frames, stored
):
    recorder.start(gesture.id, HELD)
    frames(101, 105)
    clock.now_s = 10.5
    recorder.renew_hold(0.3)
    progress = recorder.stop(wait=False)
    assert (progress.state, progress.saved) == ("idle", 3)
    assert "before you released the button" in progress.note
    assert stored() == [10.1, 10.2, 10.3]


def test_a_camera_that_gives_no_picture_for_two_seconds_ends_it(
    recorder, gesture, clock, frames, stored
):
    recorder.start(gesture.id, HELD)
    frames(101, 104)
    for held in (1.0, 2.0, 2.3):
        clock.now_s = 10 + held
        assert recorder.renew_hold(held).state == "recording"
    clock.now_s = 12.5
    progress = recorder.renew_hold(2.5)
    assert (progress.state, progress.saved) == ("idle", 4)
    assert "the camera gave no picture for 2 s" in progress.note
    frames(126, 128)  # it comes back, held still or not
    assert stored() == [10.1, 10.2, 10.3, 10.4]


def test_frames_that_come_late_are_of_a_camera_that_is_there(recorder, gesture, clock, stored):
    recorder.start(gesture.id, HELD)
    clock.now_s = 11.0
    recorder.renew_hold(1.0)
    for tenth in (1, 5, 9, 13, 17):  # each arrives 1.8 s after it was taken, on a busy machine
        clock.now_s = 10 + tenth / 10 + 1.8
        offer(recorder, 10 + tenth / 10, hand(7.0 * tenth))
        clock.now_s += 0.3
        assert recorder.renew_hold(clock.now_s - 10).state == "recording"
    assert stored() == [10.1, 10.5, 10.9, 11.3, 11.7]


def test_refusals_count_only_while_it_was_held(recorder, gesture, clock):
    recorder.start(gesture.id, HELD)
    for time_s in (10.1, 10.2, 10.3):
        clock.now_s = time_s
        offer(recorder, time_s)
    progress = recorder.release_hold(0.2)
    assert progress.text == "0 saved, 2 skipped (no hand 2)"


def test_the_next_hold_begins_with_nothing_of_the_one_before(
    recorder, gesture, clock, frames, stored
):
    recorder.start(gesture.id, HELD)
    frames(101, 103)
    clock.now_s = 20.0
    recorder.start(gesture.id, HELD)
    assert recorder.status().note == ""
    frames(201, 202)
    recorder.release_hold(0.2)
    assert stored() == [20.1, 20.2]


def test_a_word_without_a_recording_does_nothing(recorder):
    assert recorder.renew_hold(0.25).state == "idle"
    assert recorder.release_hold(0.5).text == "0 saved, 0 skipped"
