"""Pictures of clips: the way of the keypoint that is traced, as the viewer saw it."""

import cv2
import numpy as np

from core.pose.boxes import hand_region, to_region
from core.pose.drawing import draw_pose, draw_way
from core.pose.skeletons import skeleton_named
from core.pose.types import Floats, Picture, Pose
from core.store import NewSample

_GROUND = 40  # grey
_ROOM = 1.15  # times what is drawn


def track_picture(sample: NewSample, size: int) -> Picture:
    """(size, size, 3) RGB: the last frame's skeleton and the way to it, brighter as it goes on."""
    rgb = np.full((size, size, 3), _GROUND, np.uint8)
    skeleton = skeleton_named(sample.skeleton)
    points = in_pixels(sample)
    points = to_region(points, hand_region(points.reshape(-1, 2), _ROOM), size)
    rgb = draw_pose(rgb, Pose(points[-1], sample.scores[-1]), skeleton)
    draw_way(rgb, points[:, skeleton.traced])
    return np.asarray(cv2.flip(rgb, 1), np.uint8) if sample.mirrored_view else rgb


def in_pixels(sample: NewSample) -> Floats:
    """(T, K, 2) keypoints to be drawn; a table's hand is about one unit large, a square never
    smaller than a pixel."""
    return sample.keypoints[..., :2] * (1000 if sample.space == "relative" else 1)
