"""Takes into a real store: what is kept, what is refused and why, and what happens to them while
something goes wrong."""

import gc
import shutil
import threading
import time
from dataclasses import replace
from functools import partial

import pytest

from core.media.pictures import decode_jpeg
from core.recording.plans import CONTINUOUS, HELD, SHOT, TIMED, Plan
from core.recording.recorder import WRITE_INTERVAL_S, Recorder
from core.recording.sample_pictures import draw_sample
from core.store import Store
from core.store.bin import restore_from_bin
from core.store.curation import list_sessions
from tests.conftest import wait_until
from tests.recording.conftest import ALL, SIZE_HW, hand, offer
from tests.store.conftest import run_sql
from tests.support.stored import run_at_once


@pytest.fixture
def recorder(store, project):
    return Recorder(store, project.id, "ana", write_interval_s=0.01)


def test_frames_until_stop_become_samples_of_one_recording(recorder, store, project, gesture):
    recorder.start(gesture.id, CONTINUOUS)
    for i in range(5):
        offer(recorder, 0.1 * i, hand(10 * i))
    assert recorder.stop().text == "5 saved, 0 skipped"
    samples = store.samples(project.id, newest_first=False)
    assert len({s.burst_id for s in samples}) == 1
    assert samples[1].pose == pytest.approx(hand(10).keypoints)
    assert [s.time_s for s in samples] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])  # the frames' own
    first = samples[0]
    assert first.mirrored_view and first.handedness == "Right" and first.size_hw == SIZE_HW
    assert (first.estimator, first.estimator_version) == ("mediapipe-hands", "v1")
    assert first.source == "webcam"
    assert decode_jpeg(first.crop_jpeg).shape == (256, 256, 3)
    assert first.region == (70, 40, 360)  # 1.8 x 200 round (250, 220)


def test_each_refusal_is_counted_by_its_reason(recorder, gesture):
    recorder.start(gesture.id, ALL)
    offer(recorder, 0.0, hand())
    offer(recorder, 0.1)
    offer(recorder, 0.2, hand(50, score=0.3))
    offer(recorder, 0.3, hand(-250))
    progress = offer(recorder, 0.4, hand(0.5))
    reasons = "no hand 1, low score 1, cut off 1, duplicate 1"
    assert progress.text == f"1 saved, 4 skipped ({reasons})"


def test_a_hand_counts_as_moved_in_parts_of_its_own_size(recorder, gesture):
    recorder.start(gesture.id, ALL)
    offer(recorder, 0.0, hand())
    assert offer(recorder, 0.1, hand(0.7)).saved == 1  # 0.35 % of 200 pixels
    assert offer(recorder, 0.2, hand(1.0)).saved == 2  # 0.5 %


def test_a_recording_counts_down_runs_its_time_and_ends_by_itself(recorder, gesture):
    recorder.start(gesture.id, TIMED)
    assert recorder.status().state == "countdown"
    begun = offer(recorder, 10.0, hand())
    assert (begun.state, begun.left_s, begun.saved) == ("countdown", 3.0, 0)
    assert offer(recorder, 12.0, hand()).banner == "1"
    running = offer(recorder, 13.0, hand(10))
    assert (running.state, running.left_s, running.saved) == ("recording", 3.0, 1)
    assert offer(recorder, 15.9, hand(20)).saved == 2
    over = offer(recorder, 16.1, hand(30))
    assert (over.state, over.saved) == ("idle", 2)


def test_a_shot_waits_for_a_good_frame_and_takes_one(recorder, gesture):
    recorder.start(gesture.id, SHOT)
    assert offer(recorder, 0.0).skipped == {"no hand": 1}
    assert offer(recorder, 0.2, hand()).state == "idle"
    assert offer(recorder, 0.4, hand(50)).saved == 1


def test_the_rate_bounds_how_many_frames_are_looked_at(recorder, gesture):
    recorder.start(gesture.id, Plan(rate_hz=5))
    for i in range(31):  # two seconds at 15 fps
        progress = offer(recorder, i / 15, hand(10 * i))
    assert 10 <= progress.saved <= 11


def test_each_session_is_a_session_and_each_recording_a_recording(
    recorder, store, project, gesture
):
    for visit in range(2):
        for take in range(2):
            recorder.start(gesture.id, SHOT)
            offer(recorder, visit * 10 + take, hand(100 * take))
        recorder.close()
    data = store.training_data(project.id)
    assert len(set(data.sessions)) == 2 and len(set(data.recordings)) == 4


def test_a_sample_is_shown_as_it_was_seen(store, project, gesture, recorder):
    recorder.start(gesture.id, SHOT)
    offer(recorder, 0.0, hand())
    recorder.close()
    [sample] = store.samples(project.id)
    mirrored = draw_sample(sample)
    plain = draw_sample(replace(sample, mirrored_view=False))
    assert mirrored.shape == (160, 160, 3)
    assert (mirrored[:, ::-1] == plain).all() and not (mirrored == plain).all()


# ------------------------------------------------------------ while something goes wrong


def come(recorder, number):
    """The frame of that number, whose hand moved since the one before."""
    return offer(recorder, 0.05 * number, hand(10 * (number % 20)))


def until_it_stops(recorder, at_most_s=5.0):
    """Frames until the recording has ended; how it stands then."""
    end, number = time.monotonic() + at_most_s, 0
    while recorder.status().state == "recording" and time.monotonic() < end:
        come(recorder, number)
        number += 1
        time.sleep(0.02)
    return recorder.stop()


@pytest.mark.parametrize("gone", ["gesture", "person", "project"])
def test_what_is_deleted_in_another_window_ends_the_take_and_loses_nothing_stored(
    store, project, gesture, recorder, gone, place, open_store
):
    recorder.start(gesture.id, ALL)
    for number in range(3):
        come(recorder, number)
    wait_until(lambda: len(store.samples(project.id)) == 3)
    assert recorder.status().state == "recording" and WRITE_INTERVAL_S < 1
    other = open_store(place)
    [ana] = other.persons(project.id)
    ids = {"gesture": gesture.id, "person": ana.id, "project": project.id}
    getattr(other, f"delete_{gone}")(ids[gone])
    stopped = until_it_stops(recorder)
    name = {"gesture": gesture.name, "person": "ana", "project": project.name}[gone]
    assert f"“{name}” was deleted meanwhile" in stopped.error
    assert stopped.saved == 3
    restore_from_bin(other, project.id, gone, ids[gone])
    assert len(store.samples(project.id)) == 3
    recorder.start(gesture.id, ALL)
    come(recorder, 30)
    assert recorder.stop().error == "" and len(store.samples(project.id)) == 4


def test_a_person_who_was_deleted_and_records_again_is_a_new_one(store, project, gesture, recorder):
    recorder.start(gesture.id, ALL)
    come(recorder, 0)
    recorder.stop()
    [ana] = store.persons(project.id)
    store.delete_person(ana.id)
    recorder.start(gesture.id, ALL)
    assert "“ana” was deleted meanwhile" in until_it_stops(recorder).error
    recorder.start(gesture.id, ALL)
    come(recorder, 1)
    assert recorder.stop().error == ""
    [again] = store.persons(project.id)
    assert again.id != ana.id and set(store.training_data(project.id).persons) == {"ana"}


def test_takes_and_pictures_that_begin_at_once_share_one_session(store, project, gesture, recorder):
    """The page, a remote and an upload of one session."""
    together = threading.Barrier(8)

    def begin(what):
        together.wait()
        what(gesture.id)

    begins = [recorder.create_recording] * 7 + [recorder.start]
    run_at_once(*(partial(begin, what) for what in begins))
    recorder.stop()
    assert [(v.person, v.source) for v in list_sessions(store, project.id)] == [("ana", "webcam")]


def test_two_windows_record_the_same_person_at_once(store, project, gesture, place, open_store):
    windows = [Recorder(open_store(place), project.id, "ana") for _ in range(2)]

    def take(window):
        window.start(gesture.id, ALL)
        for number in range(40):
            come(window, number)
        window.stop()

    run_at_once(*(partial(take, window) for window in windows))
    assert [window.status().error for window in windows] == ["", ""]
    assert len(store.samples(project.id)) == 80 and len(store.persons(project.id)) == 1


def test_only_what_is_in_the_store_counts_as_kept(store, project, gesture, recorder, place):
    recorder.start(gesture.id, ALL)
    come(recorder, 0)
    wait_until(lambda: len(store.samples(project.id)) == 1)
    run_sql(place, "ALTER TABLE crops RENAME TO hidden")
    stopped = until_it_stops(recorder)
    run_sql(place, "ALTER TABLE hidden RENAME TO crops")
    assert stopped.saved == 1 == len(store.samples(project.id))
    assert "samples were not stored" in stopped.error


def test_a_workspace_deleted_while_recording_is_said(tmp_path, open_store):
    folder = tmp_path / "gone"
    there = open_store(folder / "mudra.db")
    home = there.create_project("x")
    recorder = Recorder(there, home.id, "me", write_interval_s=0.01)
    recorder.start(there.gestures(home.id)[0].id, ALL)
    come(recorder, 0)
    wait_until(lambda: len(there.samples(home.id)) == 1)
    there.close()
    shutil.rmtree(folder)
    stopped = until_it_stops(recorder)
    assert stopped.state == "idle" and "not stored" in stopped.error


class Broken(Store):
    """A store whose driver fails in a way that nobody foresaw."""

    def add_samples(self, burst_id, new):
        raise ValueError("surprise")


def test_an_error_that_nobody_foresaw_stops_the_take_too(tmp_path, caplog):
    store = Broken(tmp_path / "own.db")
    project = store.create_project("x")
    recorder = Recorder(store, project.id, "me")
    recorder.start(store.gestures(project.id)[0].id, ALL)
    stopped = until_it_stops(recorder)
    assert stopped.saved == 0 and "surprise" in stopped.error and "surprise" in caplog.text
    store.close()


def test_a_recording_that_nobody_ends_stores_what_it_kept_and_leaves_no_thread(
    store, project, gesture
):
    """As where a tab is closed while it records by a button, or while one is held."""
    for plan in (ALL, HELD):
        dropped = Recorder(store, project.id, "ana")
        dropped.start(gesture.id, plan)
        come(dropped, 0)
        assert _writers() == 1
        del dropped
        gc.collect()
        wait_until(lambda: _writers() == 0)
    assert len(store.samples(project.id)) == 1  # of a held one nothing was sure yet


def _writers():
    return sum(thread.name == "mudra-writer" for thread in threading.enumerate())
