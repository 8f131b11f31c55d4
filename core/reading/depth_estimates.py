"""A hand read in depth as an estimate, so that everything that reads estimates reads it, too."""

import numpy as np

from core.depth.cameras import Camera, Points
from core.pose.types import Estimate, Pose
from core.reading.depth_reading import DepthReading


def estimate_of(reading: DepthReading, name: str) -> Estimate:
    """The hand with its keypoints where the frame shows them, and in mm from the camera; nobody
    where none were found.

    Args:
        reading: by a reader with a net.
        name: of the net that found them, which stands for an estimator's.
    """
    frame = reading.frame
    return hand_estimate(
        reading.joints_mm, frame.camera, name, reading.skeleton, frame.depth_mm.shape, frame.time_s
    )


def hand_estimate(
    joints_mm: Points | None,
    camera: Camera,
    name: str,
    skeleton: str,
    size_hw: tuple[int, int],
    time_s: float = 0.0,
) -> Estimate:
    """The same of keypoints (K, 3), or of none."""
    poses: tuple[Pose, ...] = ()
    if joints_mm is not None:
        pixels = camera.to_pixels(joints_mm)[:, :2].astype(np.float32)
        scores = np.ones(len(joints_mm), np.float32)
        world = joints_mm.astype(np.float32)
        poses = (Pose(pixels, scores, world=world, space="millimetres"),)
    return Estimate(poses, size_hw, name, time_s, skeleton=skeleton)
