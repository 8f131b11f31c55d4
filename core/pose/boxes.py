"""Boxes and squares in a picture, and how keypoints lie in them.

Convention: picture pixels, a pixel's centre at an integer coordinate; both may reach beyond the
picture. What is cut out of a picture starts with the pixel x0 and ends before x1. (x, y, width,
height) exists only in COCO's files and in the browser. K keypoints.
"""

import math
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

CROP_FACTOR = 1.8  # side of a sample's crop over the hand's longer side: the wrist shows, too


class Box(NamedTuple):
    """A box by two opposite corners."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def from_xywh(cls, x: float, y: float, width: float, height: float) -> Self:
        """Read a box as COCO writes it."""
        return cls(x, y, x + width, y + height)

    def to_xywh(self) -> tuple[float, float, float, float]:
        """Convert to COCO's (x, y, width, height)."""
        return self.x0, self.y0, self.width, self.height

    @property
    def width(self) -> float:
        """Pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Pixels."""
        return self.y1 - self.y0

    @property
    def longer_side(self) -> float:
        """Pixels, at least 1."""
        return max(self.width, self.height, 1.0)

    @property
    def area(self) -> float:
        """Square pixels; a side below a pixel counts as box."""
        return max(self.width, 1.0) * max(self.height, 1.0)


class Square(NamedTuple):
    """A square by its upper left corner and its side."""

    x0: float
    y0: float
    side: float

    def to_box(self) -> Box:
        """The same place as a box."""
        return Box.from_xywh(self.x0, self.y0, self.side, self.side)


def bounding_box(keypoints: NDArray[np.float32]) -> Box:
    """Return the smallest box that contains (K, 2) keypoints, ignoring missing ones; raise
    ValueError if all are missing."""
    seen = keypoints[np.isfinite(keypoints).all(axis=1)]
    if not len(seen):
        raise ValueError("a box needs at least one keypoint, all are missing")
    return Box(*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist())


def square_around(keypoints: NDArray[np.float32], factor: float = CROP_FACTOR) -> Square:
    """Return the square centred on the keypoints' box, with `factor` times its longer side."""
    box = bounding_box(keypoints)
    side = box.longer_side * factor
    return Square((box.x0 + box.x1 - side) / 2, (box.y0 + box.y1 - side) / 2, side)


def clip_box(box: Box, size_hw: tuple[int, int]) -> Box | None:
    """Clip a box to the picture, x1 and y1 to the last pixel inside (Xiao et al. 2018); only at the
    left and top if `size_hw` is (0, 0), unknown. Return None if the box is outside."""
    right, bottom = (size_hw[1], size_hw[0]) if all(size_hw) else (math.inf, math.inf)
    x0, y0 = max(0.0, box.x0), max(0.0, box.y0)
    x1, y1 = min(right, max(box.x0 + 1, box.x1)) - 1, min(bottom, max(box.y0 + 1, box.y1)) - 1
    return Box(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def box_iou(box: Box, other: Box) -> float:
    """Return two boxes' intersection over union, 0..1."""
    width = min(box.x1, other.x1) - max(box.x0, other.x0)
    height = min(box.y1, other.y1) - max(box.y0, other.y0)
    intersection = max(width, 0.0) * max(height, 0.0)
    return intersection / (box.area + other.area - intersection)


def map_to_square(keypoints: NDArray[Any], square: Square, size: int) -> NDArray[np.float32]:
    """Convert (..., 2) picture pixels to pixels of the square's crop of size × size."""
    return map_to_box(keypoints, square.to_box(), (size, size))


def map_to_box(keypoints: NDArray[Any], box: Box, size_hw: tuple[int, int]) -> NDArray[np.float32]:
    """Convert (..., 2) picture pixels to pixels of the box's crop, resized to `size_hw`."""
    step = np.array([box.width, box.height]) / size_hw[::-1]
    shift = np.array([box.x0, box.y0]) + (step - 1) / 2
    return ((keypoints - shift) / step).astype(np.float32)


def rescale_keypoints(
    keypoints: NDArray[np.float32], size_hw: tuple[int, int], to_hw: tuple[int, int]
) -> NDArray[np.float32]:
    """Rescale (..., 2) keypoints from a picture of `size_hw` to the same picture at `to_hw`."""
    if size_hw == to_hw:
        return keypoints
    scale = np.divide(to_hw, size_hw)[::-1]
    return ((keypoints + 0.5) * scale - 0.5).astype(np.float32)


def has_same_aspect(size_hw: tuple[int, int], other_hw: tuple[int, int]) -> bool:
    """Whether two sizes can be of one picture, rounded to whole pixels; a rotated one's are not."""
    return math.isclose(size_hw[0] / size_hw[1], other_hw[0] / other_hw[1], rel_tol=0.02)


def fraction_outside(keypoints: NDArray[np.float32], size_hw: tuple[int, int]) -> float:
    """Return the fraction of (K, 2) keypoints that are missing or outside the picture."""
    last = np.array(size_hw[::-1]) - 1
    return float(1 - ((keypoints >= 0) & (keypoints <= last)).all(axis=1).mean())
