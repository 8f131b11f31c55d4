"""Depth in colours: near is red, far is blue, black what the sensor did not see.

Convention: depth in mm, (H, W), 0 where the sensor saw nothing; a reach is its nearest and farthest
shown depth. The colours are Google's Turbo, as OpenCV has it, turned round.
"""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.depth.cubes import Crop, Depth
from core.depth.frames import DepthFrame
from core.pose.types import Picture

Reach = tuple[float, float]

_STEP_MM = 50.0  # to which a reach is rounded
_SHARES = (1.0, 97.0)  # percentiles of what is seen that a reach holds
FARTHEST_MM = 5000.0
UNSEEN = 255  # of a crop's steps: nothing was seen, or it lies behind the cube


def colour_depth(depth_mm: Depth, reach: Reach) -> Picture:
    """(H, W, 3) RGB."""
    near, far = reach
    share = np.clip((far - depth_mm) / (far - near), 0, 1)
    coloured = cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    coloured[depth_mm <= 0] = 0
    return np.ascontiguousarray(coloured[..., ::-1])


def scale_colours(count: int) -> list[str]:
    """So many colours of the scale as “#rrggbb”, the nearest first."""
    depth = np.linspace(0, 1, count, dtype=np.float32)[None]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colour_depth(depth + 1, (1, 2))[0].tolist()]


def usual_reach(frames: Iterable[DepthFrame]) -> Reach:
    """What these frames show, but for the outermost; rounded. Half a metre to two where they show
    nothing."""
    seen = [frame.depth_mm[frame.depth_mm > 0].ravel() for frame in frames]
    together = np.concatenate(seen) if seen else np.empty(0)
    if not len(together):
        return 500.0, 2000.0
    low, high = np.percentile(together, _SHARES)
    near = float(np.clip(np.floor(low / _STEP_MM) * _STEP_MM, 0, FARTHEST_MM - _STEP_MM))
    far = float(np.clip(np.ceil(high / _STEP_MM) * _STEP_MM, near + _STEP_MM, FARTHEST_MM))
    return near, far


def crop_steps(crop: Crop) -> NDArray[np.uint8]:
    """(S, S) of a crop's −1 … 1: 0 is the near face, 254 before the far one, `UNSEEN` it."""
    steps = np.clip(np.round((crop + 1) * 127.5), 0, UNSEEN - 1).astype(np.uint8)
    steps[crop >= 1] = UNSEEN
    return steps
