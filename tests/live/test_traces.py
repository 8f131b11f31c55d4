"""The last frames of a stream: a hand in space, and bodies with their angles."""

from dataclasses import replace

import numpy as np
import pytest

from core.live.traces import BodyTrace, HandTrace
from core.pose.types import Estimate, Frame, Pose, Tracking

PICTURE = np.zeros((4, 6, 3), np.uint8)
WORLD = np.tile(np.array([0.05, 0.02, -0.01], np.float32), (21, 1))


def told(trace: HandTrace, *, mirrored: bool, hand: bool = True) -> None:
    flat = np.zeros((21, 2), np.float32)
    poses = (Pose(flat, np.ones(21, np.float32), world=WORLD),) if hand else ()
    frame = Frame(PICTURE, 0.1, mirrored_view=mirrored)
    assert trace.remember(frame, Estimate(poses, (4, 6), "mediapipe-hands", 0.1), "1") == ""


def test_metres_become_mm_as_the_viewer_sees_them():
    trace = HandTrace()
    told(trace, mirrored=False)
    told(trace, mirrored=True)
    straight, mirrored = (moment.joints_mm[0].tolist() for moment in trace.moments_since(0))
    np.testing.assert_allclose(straight, [50, 20, -10], rtol=1e-6)
    np.testing.assert_allclose(mirrored, [-50, 20, -10], rtol=1e-6)


def test_each_frame_is_told_once_also_those_without_a_hand():
    trace = HandTrace()
    told(trace, mirrored=False)
    [first] = trace.moments_since(0)
    told(trace, mirrored=False, hand=False)
    [second] = trace.moments_since(first.index + 1)
    assert second.joints_mm is None and trace.moments_since(second.index + 1) == []


def bodies(time_s, *poses, detected=False):
    tracking = Tracking(detected)
    return Estimate(poses, (30, 40), "test", time_s, skeleton="body_33", tracking=tracking)


def test_a_stream_s_last_ten_seconds_are_kept_with_the_angles():
    trace, picture = BodyTrace(), np.zeros((30, 40, 3), np.uint8)
    mask = np.ones((30, 40), np.float32)
    line = Pose(np.arange(66, dtype=np.float32).reshape(33, 2), np.ones(33, np.float32))
    for estimate in (
        bodies(3, detected=True),
        bodies(6, detected=True),
        bodies(12, line),
        bodies(14),
    ):
        assert trace.remember(Frame(picture, estimate.time_s), estimate, "1") == ""
    assert [m.estimate.time_s for m in trace.moments()] == [6, 12, 14]
    assert trace.count_detected() == 1
    table = trace.angle_table()
    assert list(table["time_s"]) == [-8, -2, 0]
    assert list(table["left_elbow"].isna()) == [True, False, True]
    assert table["left_elbow"].iloc[1] == 180
    trace.remember(Frame(picture, 14.5), replace(bodies(14.5, line), masks=(mask,)), "1")
    assert trace.moments()[-1].estimate.masks == ()  # ten seconds of them are 200 MB
    trace.remember(Frame(picture, 1.0), bodies(1.0), "1")  # another stream's clock
    assert len(trace.moments()) == 1


def test_of_several_people_of_a_stream_one_is_kept_to_whoever_is_seen_best():
    trace, picture = BodyTrace(), np.zeros((30, 40, 3), np.uint8)
    line = np.arange(66, dtype=np.float32).reshape(33, 2)
    straight, bent = (Pose(points, np.ones(33, np.float32)) for points in (line, line**2))
    for time_s, poses, numbers in (
        (1, (straight, bent), (1, 2)),
        (2, (bent, straight), (2, 1)),
        (3, (), ()),
        (4, (straight,), (1,)),
    ):
        estimate = replace(bodies(time_s, *poses), numbers=numbers)
        trace.remember(Frame(picture, time_s), estimate, "1")
    assert [moment.pose for moment in trace.moments()] == [straight, straight, None, straight]
    shown = trace.angle_table()["left_elbow"].tolist()
    assert shown == pytest.approx([180, 180, np.nan, 180], nan_ok=True)
    trace.remember(Frame(picture, 5), replace(bodies(5, bent), numbers=(2,)), "1")
    trace.remember(Frame(picture, 6), bodies(6), "1")
    assert trace.angle_table()["left_elbow"].isna().tolist() == [True] * 4 + [False, True]
