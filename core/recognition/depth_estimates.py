"""A hand read in depth as an estimate, so that everything that reads estimates reads it, too."""

import numpy as np

from core.pose.types import Estimate, Pose
from core.recognition.depth_reading import DepthReading


def estimate_of(reading: DepthReading, name: str) -> Estimate:
    """The hand with its keypoints where the frame shows them, and in mm from the camera; nobody
    where none were found.

    Args:
        reading: by a reader with a net.
        name: of the net that found them, which stands for an estimator's.
    """
    frame, joints_mm = reading.frame, reading.joints_mm
    height, width = frame.depth_mm.shape
    poses: tuple[Pose, ...] = ()
    if joints_mm is not None:
        pixels = frame.camera.to_pixels(joints_mm)[:, :2].astype(np.float32)
        scores = np.ones(len(joints_mm), np.float32)
        world = joints_mm.astype(np.float32)
        poses = (Pose(pixels, scores, world=world, space="millimetres"),)
    return Estimate(poses, (height, width), name, frame.time_s, skeleton=reading.skeleton)
