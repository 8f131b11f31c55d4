"""Depth as colours: near is red, far is blue, black where the sensor saw nothing.

Convention: depth in mm, (H, W), 0 where the sensor saw nothing; a range is the nearest and the
farthest depth that is shown. The colours are OpenCV's Turbo, reversed.
"""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.depth.cubes import Crop, Depth
from core.depth.frames import DepthFrame
from core.pose.types import Picture

DepthRange = tuple[float, float]

DEFAULT_RANGE_MM = (500.0, 2000.0)
MAX_RANGE_MM = 5000.0
UNSEEN = 255  # in a quantised crop: nothing was seen, or it is behind the cube
_RANGE_STEP_MM = 50.0
_RANGE_PERCENTILES = (1.0, 97.0)


def colour_depth(depth_mm: Depth, range_mm: DepthRange) -> Picture:
    """Colour a depth frame as (H, W, 3) RGB: red is near, blue far, black not seen."""
    near, far = range_mm
    fraction = np.clip((far - depth_mm) / (far - near), 0, 1)
    bgr = cv2.applyColorMap((fraction * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    bgr[depth_mm <= 0] = 0
    return np.ascontiguousarray(bgr[..., ::-1])


def list_scale_colours(count: int) -> list[str]:
    """Return `count` colours of the scale as “#rrggbb”, the nearest first."""
    depth = np.linspace(0, 1, count, dtype=np.float32)[None]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colour_depth(depth + 1, (1, 2))[0].tolist()]


def choose_depth_range(frames: Iterable[DepthFrame]) -> DepthRange:
    """Choose (near, far) in mm for display: the range of the frames' depths without outliers,
    rounded to 50 mm; `DEFAULT_RANGE_MM` if the frames are empty."""
    seen = [frame.depth_mm[frame.depth_mm > 0].ravel() for frame in frames]
    depths = np.concatenate(seen) if seen else np.empty(0)
    if not len(depths):
        return DEFAULT_RANGE_MM
    step = _RANGE_STEP_MM
    low, high = np.percentile(depths, _RANGE_PERCENTILES)
    near = float(np.clip(np.floor(low / step) * step, 0, MAX_RANGE_MM - step))
    far = float(np.clip(np.ceil(high / step) * step, near + step, MAX_RANGE_MM))
    return near, far


def quantise_crop(crop: Crop) -> NDArray[np.uint8]:
    """Convert a crop's −1..1 to (S, S) bytes: 0 at the near face, 254 at the far face, 255
    (`UNSEEN`) behind it or if nothing was seen."""
    steps = np.clip(np.round((crop + 1) * 127.5), 0, UNSEEN - 1).astype(np.uint8)
    steps[crop >= 1] = UNSEEN
    return steps
