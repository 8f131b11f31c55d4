"""What the tests of recording share: hands, and how a camera offers them."""

import numpy as np
import pytest

from core.pose.types import Estimate, Frame, Pose
from core.recording.plans import Plan

SIZE_HW = (480, 640)
ALL = Plan(rate_hz=1000)  # every frame that is offered


@pytest.fixture
def gesture(store, project):
    """The project's first."""
    return store.gestures(project.id)[0]


def hand(shift=0.0, score=0.9):
    """A hand of 100 x 200 pixels, moved to the right by `shift`."""
    xs = np.linspace(200, 300, 21) + shift
    keypoints = np.stack([xs, np.linspace(120, 320, 21)], 1).astype(np.float32)
    return Pose(keypoints, np.full(21, score, np.float32), score, "Right")


def offer(recorder, time_s, *poses, size_hw=SIZE_HW):
    frame = Frame(np.zeros((*size_hw, 3), np.uint8), time_s, 0, "webcam", True)
    return recorder.offer(frame, Estimate(poses, size_hw, "mediapipe-hands", time_s, True), "v1")
