"""The last second becomes samples of the right gesture."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import MediaError
from core.media.pictures import encode_jpeg
from core.pose.types import Estimate, Frame, Pose, RemoteFrame
from core.recording.correcting import (
    AnalysedFrame,
    FrameHistory,
    add_correction,
    attach_crops,
    list_handedness,
)
from core.recording.recorder import Recorder

HAND = np.random.default_rng(0).uniform(100, 300, (21, 2)).astype(np.float32)


def moment(time_s, *, shift=0.0, hands=("Right",), score=0.9):
    rgb = np.full((480, 640, 3), 90, np.uint8)
    poses = tuple(
        Pose(HAND + shift + 100 * i, np.ones(21, np.float32), score, hand)
        for i, hand in enumerate(hands)
    )
    frame = Frame(rgb, time_s, 0, "webcam", mirrored_view=True)
    return AnalysedFrame(frame, Estimate(poses, frame.size_hw, "test-hands", time_s, True), "1")


def show(last, times, **of):
    for time_s in times:
        one = moment(time_s, **of)
        assert last.remember(one.frame, one.estimate, one.version) == ""


def test_a_second_is_kept_at_ten_frames_a_second():
    last = FrameHistory()
    show(last, np.arange(0, 5, 1 / 30))
    times = [m.frame.time_s for m in last.freeze()]
    assert times[-1] == pytest.approx(4.97, abs=0.07) and times[0] >= times[-1] - 1.0
    assert 9 <= len(times) <= 15


def test_what_was_shown_a_while_ago_is_not_the_last_second():
    """As after coming back to Live, or while the camera hangs."""
    clock = [100.0]
    last = FrameHistory(lambda: clock[0])
    with pytest.raises(MediaError, match="no picture came from the camera just now"):
        last.freeze()
    show(last, [1.0, 1.1])
    clock[0] += 1.4
    assert len(last.freeze()) == 2
    clock[0] += 0.2
    assert len(last.freeze(max_age_s=5)) == 2
    with pytest.raises(MediaError, match="no picture came from the camera just now"):
        last.freeze()
    show(last, [1.2])
    assert [m.frame.time_s for m in last.freeze()] == [1.2]


def test_another_stream_begins_anew():
    last = FrameHistory()
    show(last, [10.0, 10.1, 10.2])
    show(last, [0.0, 0.1])
    assert [m.frame.time_s for m in last.freeze()] == [0.0, 0.1]


def test_the_second_becomes_one_recording_of_the_right_gesture(store, project, gesture):
    moments = [moment(i / 10, shift=4 * i) for i in range(8)]
    added = add_correction(Recorder(store, project.id, "ana"), gesture.id, moments)
    found = store.samples(project.id, newest_first=False)
    assert added.added == 8 and [s.id for s in found] == added.new["samples"]
    assert store.list_history(project.id)[0].title == f"Added 8 samples to “{gesture.name}”"
    assert {s.gesture_id for s in found} == {gesture.id} and len({s.burst_id for s in found}) == 1
    np.testing.assert_array_equal(found[3].pose, HAND + 12)
    assert found[0].mirrored_view and found[0].crop_jpeg and found[0].estimator == "test-hands"
    assert [p.name for p in store.persons(project.id)] == ["ana"]


def test_crops_that_came_later_are_kept_with_the_samples_of_their_own_hand(store, project, gesture):
    dark, light = (encode_jpeg(np.full((256, 256, 3), grey, np.uint8)) for grey in (60, 200))

    def remote(number):
        one = moment(number / 10, shift=4 * number, hands=("Right", "Left"))
        return replace(one, frame=RemoteFrame((480, 640), number / 10, number))

    moments = attach_crops(
        [remote(1), remote(2)], {2: (((5.0, 6.0, 300.0), dark), ((9.0, 6.0, 80.0), light))}
    )
    assert list_handedness(moments) == ["Left", "Right"]
    recorder = Recorder(store, project.id, "ana")
    for hand in ("Right", "Left"):
        add_correction(recorder, gesture.id, moments, hand)
    samples = store.samples(project.id, newest_first=False)
    assert [s.crop_jpeg for s in samples] == [None, dark, None, light]
    assert [s.region[2] for s in samples][1::2] == [300.0, 80.0]
    assert [s.handedness for s in samples] == ["Right", "Right", "Left", "Left"]
    np.testing.assert_array_equal(samples[2].pose, HAND + 4 + 100)


def test_frames_that_are_no_samples_are_refused(store, project, gesture):
    moments = [moment(0), moment(0.1), moment(0.2, hands=()), moment(0.3, shift=5, score=0.1)]
    added = add_correction(Recorder(store, project.id, "me"), gesture.id, moments)
    assert added.added == 1
    assert [reason for _, reason in added.skipped] == ["duplicate", "no hand", "low score"]


def test_without_one_good_hand_nothing_is_stored(store, project):
    with pytest.raises(MediaError, match="no hand"):
        add_correction(Recorder(store, project.id, "me"), 1, [moment(0, hands=())])
    assert store.persons(project.id) == [] and store.samples(project.id) == []
