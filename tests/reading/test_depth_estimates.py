"""A hand in depth as an estimate: where the picture shows it, and in mm from the camera."""

import numpy as np

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame
from core.reading.depth_estimates import estimate_of
from core.reading.depth_reading import DepthReading

CAMERA = Camera("mine", 250.0, 200.0, 160.0, 120.0, 320, 240)
FRAME = DepthFrame(np.zeros((240, 320), np.float32), CAMERA, 1.5, 7)


def test_keypoints_lie_where_the_camera_sees_them_and_in_mm():
    joints = np.full((21, 3), (100.0, -50.0, 500.0))
    estimate = estimate_of(DepthReading(FRAME, joints_mm=joints, skeleton="hand_21"), "a.net")
    [pose] = estimate.poses
    np.testing.assert_allclose(pose.keypoints[0], [160 + 50, 120 - 20])
    np.testing.assert_allclose(pose.world, joints)
    about = (estimate.size_hw, estimate.estimator, estimate.time_s, pose.space)
    assert about == ((240, 320), "a.net", 1.5, "millimetres")


def test_a_frame_without_keypoints_has_nobody():
    estimate = estimate_of(DepthReading(FRAME, skeleton="nyu_14"), "a.net")
    assert estimate.poses == () and estimate.skeleton == "nyu_14"
