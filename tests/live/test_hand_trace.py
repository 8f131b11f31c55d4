"""A webcam's hand in space, frame by frame."""

import numpy as np

from core.live.hand_trace import HandTrace
from core.pose.types import Estimate, Frame, Pose

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
    straight, mirrored = (moment.joints_mm[0].tolist() for moment in trace.since(0))
    np.testing.assert_allclose(straight, [50, 20, -10], rtol=1e-6)
    np.testing.assert_allclose(mirrored, [-50, 20, -10], rtol=1e-6)


def test_each_frame_is_told_once_also_those_without_a_hand():
    trace = HandTrace()
    told(trace, mirrored=False)
    [first] = trace.since(0)
    told(trace, mirrored=False, hand=False)
    [second] = trace.since(first.index + 1)
    assert second.joints_mm is None and trace.since(second.index + 1) == []
