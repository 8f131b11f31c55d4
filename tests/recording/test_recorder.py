"""Takes into a real store: what is kept, what is refused and why, when it is written."""

from dataclasses import replace

import pytest

from core.media.pictures import decode_jpeg
from core.recording.plans import CONTINUOUS, SHOT, TIMED, Plan
from core.recording.recorder import Recorder
from core.recording.sample_pictures import draw_sample
from tests.recording.conftest import ALL, SIZE_HW, hand, offer


@pytest.fixture
def recorder(store, project):
    return Recorder(store, project.id, "me", write_interval_s=0.01)


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
