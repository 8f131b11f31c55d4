"""Boxes and crops round keypoints.

Convention: a box is (x0, y0, x1, y1), a square is (x0, y0, side), a window (x0, y0, width, height),
all in picture pixels with a pixel's centre at an integer coordinate; squares and windows count from
the corner of their first pixel, and may reach beyond the picture.
"""

import math

import cv2
import numpy as np

from core.pose.types import Floats, Picture

Box = tuple[float, float, float, float]
Region = tuple[float, float, float]
Window = tuple[float, float, float, float]

CROP_FACTOR = 1.8  # a sample's crop: hand box times this, so that the wrist's surroundings show


def bounding_box(keypoints: Floats) -> Box:
    """Smallest box round the keypoints that are there.

    Args:
        keypoints: (K, 2) pixels, NaN where missing.

    Raises:
        ValueError: every keypoint is missing.
    """
    seen = [(x, y) for x, y in keypoints.tolist() if math.isfinite(x) and math.isfinite(y)]
    if not seen:
        raise ValueError("a box needs at least one keypoint, all are missing")
    xs, ys = zip(*seen, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def resized(keypoints: Floats, size_hw: tuple[int, int], to_hw: tuple[int, int]) -> Floats:
    """(…, 2) pixels of a picture of one size as those of the same picture in another."""
    if size_hw == to_hw:
        return keypoints
    times = np.divide(to_hw, size_hw)[::-1]
    return ((keypoints + 0.5) * times - 0.5).astype(np.float32)


def same_shape(size_hw: tuple[int, int], other_hw: tuple[int, int]) -> bool:
    """Whether two sizes can be of one picture, scaled to whole pixels; a turned one's are not."""
    return math.isclose(size_hw[0] / size_hw[1], other_hw[0] / other_hw[1], rel_tol=0.02)


def box_iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1; a box without area counts a pixel's width."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    areas = (max(x1 - x0, 1.0) * max(y1 - y0, 1.0) for x0, y0, x1, y1 in (one, other))
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (sum(areas) - shared)


def hand_region(keypoints: Floats, factor: float = CROP_FACTOR) -> Region:
    """Square of side `factor` × the longer side of the hand's box, round the box's centre."""
    x0, y0, x1, y1 = bounding_box(keypoints)
    side = max(x1 - x0, y1 - y0, 1.0) * factor
    return (x0 + x1 - side) / 2, (y0 + y1 - side) / 2, side


def cut_region(rgb: Picture, region: Region, size: int) -> Picture:
    """Resample the square to (size, size, 3); what lies beyond the picture repeats its edge."""
    x0, y0, side = region
    step = side / size
    # A whole number of samples a pixel, averaged: warping alone would skip pixels when shrinking.
    fine = max(1, round(step))
    small = step / fine
    to_picture = np.array(
        [[small, 0, x0 + (small - 1) / 2], [0, small, y0 + (small - 1) / 2]], np.float32
    )
    cut = cv2.warpAffine(
        rgb,
        to_picture,
        (size * fine, size * fine),
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if fine > 1:
        cut = cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA)
    return cut.astype(np.uint8, copy=False)


def to_region(keypoints: Floats, region: Region, size: int) -> Floats:
    """Picture pixels → pixels of the crop that `cut_region` gives.

    Args:
        keypoints: (..., 2) picture pixels.
    """
    x0, y0, side = region
    return to_window(keypoints, (x0, y0, side, side), (size, size))


def to_window(keypoints: Floats, window: Window, size_hw: tuple[int, int]) -> Floats:
    """Picture pixels (..., 2) → pixels of a crop of the window with that size."""
    step = np.array(window[2:]) / size_hw[::-1]
    shift = np.array(window[:2]) + (step - 1) / 2
    return ((keypoints - shift) / step).astype(np.float32)


def cut_off(keypoints: Floats, size_hw: tuple[int, int], margin: float = 0.0) -> float:
    """Share (0..1) of the K keypoints that are missing or outside the picture less its margin.

    Args:
        keypoints: (K, 2) picture pixels.
        size_hw: the picture's (H, W).
        margin: width of the border that counts as outside, in pixels.
    """
    height, width = size_hw
    low, high = margin, np.array([width - 1 - margin, height - 1 - margin])
    inside = (keypoints >= low).all(axis=1) & (keypoints <= high).all(axis=1)
    return float(1 - inside.mean())
