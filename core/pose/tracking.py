"""Following one hand by its own joints, as the CPM demos do: the crop goes where the joints went.

Convention: a square is (x0, y0, side), picture pixels; it may reach beyond the picture.
"""

import numpy as np

from core.pose.boxes import Square, bounding_box
from core.pose.types import Floats

FIRST_SIDE = 368.0  # the demos' first crop, for a hand held into the picture's middle
_SMALLEST = 96.0  # pixels: joints closer together than this count as so far apart
_FACTOR = 2.0
_ALPHA = 0.2  # how fast the side follows
_LOST = 1.0  # sum of the peaks below which nothing is followed


def first_square(size_hw: tuple[int, int], side: float = FIRST_SIDE) -> Square:
    """Where to look while no hand is followed: the picture's middle, at most as large as it."""
    height, width = size_hw
    side = min(side, height, width)
    return (width - side) / 2, (height - side) / 2, side


def next_square(square: Square, keypoints: Floats, peaks: Floats) -> Square | None:
    """Where to look in the next frame, None when the hand is lost.

    Round the joints' mean; its side moves by a fifth towards twice the larger of their width, their
    height and 96 pixels.

    Args:
        square: where these joints were found.
        keypoints: (J, 2) picture pixels, NaN where missing.
        peaks: (J,) values of their maps' peaks; the hand is lost where they sum to less than 1.
    """
    seen = np.isfinite(keypoints).all(axis=1)
    if not seen.any() or peaks[seen].sum() < _LOST:
        return None
    x0, y0, x1, y1 = bounding_box(keypoints)
    wanted = _FACTOR * max(x1 - x0, y1 - y0, _SMALLEST)
    side = square[2] + _ALPHA * (wanted - square[2])
    x, y = keypoints[seen].mean(axis=0, dtype=np.float64)
    return float(x) - (side - 1) / 2, float(y) - (side - 1) / 2, side
