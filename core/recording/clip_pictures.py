"""Pictures of clips: the way of the keypoint that is traced, as the viewer saw it; as frames side
by side, which pages play as a loop.
"""

import cv2
import numpy as np

from core.media.pictures import decode_jpeg
from core.pose.boxes import Square, map_to_square, square_around
from core.pose.drawing.poses import draw_pose, draw_way
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats, Picture, Pose
from core.store import NewSample

LOOP = 12  # frames of a loop at most
_GROUND = 40  # grey
_DIMMED = 0.4  # a crop: it is of the middle frame, and stands still
_ROOM = 1.15  # times what is drawn


def track_picture(sample: NewSample, size: int) -> Picture:
    """(size, size, 3) RGB: the last frame's skeleton and the way to it, brighter as it goes on."""
    return _draw_frames(sample, size, [sample.frames - 1])


def loop_picture(sample: NewSample, size: int) -> Picture:
    """(size, n * size, 3) RGB: up to LOOP frames side by side, evenly spaced in time, each with the
    way to it; the last is the track's picture."""
    times = np.arange(sample.frames) if sample.times_s is None else sample.times_s
    wanted = np.linspace(times[0], times[-1], min(LOOP, sample.frames))
    return _draw_frames(sample, size, np.searchsorted(times, wanted - 1e-9).tolist())


def _draw_frames(sample: NewSample, size: int, numbers: list[int]) -> Picture:
    skeleton, whole = skeleton_named(sample.skeleton), in_pixels(sample)
    square = square_around(whole.reshape(-1, 2), _ROOM)
    points, ground = map_to_square(whole, square, size), _draw_background(sample, square, size)
    found = []
    for number in numbers:
        rgb = draw_pose(ground, Pose(points[number], sample.scores[number]), skeleton)
        rgb = draw_way(rgb, points[: number + 1, skeleton.traced])
        found.append(cv2.flip(rgb, 1) if sample.mirrored_view else rgb)
    return np.concatenate(found, 1)


def _draw_background(sample: NewSample, square: Square, size: int) -> Picture:
    """Draw the dimmed crop at its place in a grey square."""
    rgb = np.full((size, size, 3), _GROUND, np.uint8)
    if sample.crop_jpeg is None or sample.region is None:
        return rgb
    x0, y0, side = sample.region
    shown = max(1, round(side * size / square.side))
    crop = cv2.resize(decode_jpeg(sample.crop_jpeg), (shown, shown), interpolation=cv2.INTER_AREA)
    x, y = map_to_square(np.array([x0, y0]), square, size).tolist()
    grey = (_GROUND,) * 3
    moved = np.array([[1, 0, round(x)], [0, 1, round(y)]], np.float32)
    crop = cv2.warpAffine(crop, moved, (size, size), borderValue=grey)
    return np.asarray(cv2.addWeighted(crop, _DIMMED, rgb, 1 - _DIMMED, 0), np.uint8)


def in_pixels(sample: NewSample) -> Floats:
    """(T, K, 2) keypoints to be drawn; a table's hand is about one unit large, a square never
    smaller than a pixel."""
    return sample.keypoints[..., :2] * (1000 if sample.space == "relative" else 1)
