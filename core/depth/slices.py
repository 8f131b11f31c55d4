"""Where a hand is in a depth picture without a net: what stands nearest, as DeepPrior finds it
(Oberweger et al. 2015 and its code), and the centre of mass of what lies in a cube.

Convention: depth in mm, 0 where the sensor saw nothing; points are u, v, d. Legend: N pixels.
"""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.cubes import REACH_MM, Cube, Depth

_BANDS, _FIRST_BAND = 65, 5  # of the reach; the nearest ones hold noise
_LEAST_PX = 200.0  # of a contour that counts
_FOCAL_PX = 588.0  # of the camera that these pixels belong to
_SLICED_WIDE = 160  # px; slices of a smaller picture show the same
_TIMES = 5  # the centre of mass is taken again round the last


def nearest_thing(depth_mm: Depth, camera: Camera, side_mm: float) -> Cube | None:
    """The cube round what stands nearest: the reach is cut into bands of depth, and in the first
    that has a piece large enough its middle is moved to the centre of mass; None: nothing there."""
    step = max(1, camera.width // _SLICED_WIDE)
    small = depth_mm[::step, ::step]
    least = _LEAST_PX * camera.fx * camera.fy / (_FOCAL_PX * step) ** 2
    ends = np.linspace(*REACH_MM, _BANDS + 1)[_FIRST_BAND:]
    for low, high in pairwise(ends):
        band = ((small >= low) & (small <= high)).astype(np.uint8)
        if np.count_nonzero(band) <= least:
            continue
        _, _, stats, centres = cv2.connectedComponentsWithStats(band)
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        if stats[largest, cv2.CC_STAT_AREA] > least:
            u, v = centres[largest] * step
            cube = Cube(camera, (float(u), float(v), float(low + high) / 2), side_mm)
            return refined(depth_mm, cube)
    return None


def refined(depth_mm: Depth, cube: Cube, times: int = _TIMES) -> Cube:
    """The cube moved so many times to the centre of mass of what it holds; as it is where it holds
    nothing."""
    for _ in range(times):
        held = pixels_in(depth_mm, cube)
        if not len(held):
            break
        u, v, d = (float(value) for value in held.mean(0))
        cube = replace(cube, centre_uvd=(u, v, d))
    return cube


def pixels_in(depth_mm: Depth, cube: Cube) -> Points:
    """(N, 3) u, v, d of the pixels whose surface lies in a cube."""
    u0, v0, u1, v1 = cube.bounds
    left, top = max(u0, 0), max(v0, 0)
    part = depth_mm[top : max(v1, 0), left : max(u1, 0)]
    nearest = max(cube.centre_uvd[2] - cube.side_mm / 2, REACH_MM[0])
    rows, columns = np.nonzero((part >= nearest) & (part <= nearest + cube.side_mm))
    return np.stack([columns + left, rows + top, part[rows, columns]], 1).astype(np.float64)


def area_mm2(pixels: Points, camera: Camera) -> float:
    """How large a surface that faces the camera has these pixels (N, 3)."""
    return float((pixels[:, 2] ** 2).sum() / (camera.fx * camera.fy))
