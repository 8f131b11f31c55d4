"""Finds a hand in a depth picture without a net: the nearest object, as DeepPrior does (Oberweger
et al. 2015 and its code), and the centre of mass of the surface in a cube.

Convention: depth in mm, 0 where the sensor saw nothing; points are u, v, d. Legend: N pixels.
"""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.cubes import VALID_DEPTH_MM, Cube, Depth

_BANDS, _FIRST_BAND = 65, 5  # of the valid depths; the nearest ones hold noise
_MIN_AREA_PX = 200.0  # of an object, at `_REFERENCE_FOCAL_PX`
_REFERENCE_FOCAL_PX = 588.0
_SEARCH_WIDTH_PX = 160  # a frame is searched at about this width
_CENTRING_STEPS = 5


def find_nearest_object(depth_mm: Depth, camera: Camera, side_mm: float) -> Cube | None:
    """Find the nearest object of sufficient size in a depth frame and return the cube around its
    centre of mass; None if there is none.

    The valid depths are cut into bands; the nearest band with a connected part that is large enough
    gives the first centre, which is then moved to the centre of mass.
    """
    step = max(1, camera.width // _SEARCH_WIDTH_PX)
    small = depth_mm[::step, ::step]
    min_area = _MIN_AREA_PX * camera.fx * camera.fy / (_REFERENCE_FOCAL_PX * step) ** 2
    ends = np.linspace(*VALID_DEPTH_MM, _BANDS + 1)[_FIRST_BAND:]
    for low, high in pairwise(ends):
        band = ((small >= low) & (small <= high)).astype(np.uint8)
        if np.count_nonzero(band) <= min_area:
            continue
        _, _, stats, centres = cv2.connectedComponentsWithStats(band)
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        if stats[largest, cv2.CC_STAT_AREA] > min_area:
            u, v = centres[largest] * step
            cube = Cube(camera, (float(u), float(v), float(low + high) / 2), side_mm)
            return centre_cube(depth_mm, cube)
    return None


def centre_cube(depth_mm: Depth, cube: Cube, steps: int = _CENTRING_STEPS) -> Cube:
    """Move a cube, `steps` times, to the centre of mass of the surface inside it, if any."""
    for _ in range(steps):
        pixels = list_cube_pixels(depth_mm, cube)
        if not len(pixels):
            break
        u, v, d = (float(value) for value in pixels.mean(0))
        cube = replace(cube, centre_uvd=(u, v, d))
    return cube


def list_cube_pixels(depth_mm: Depth, cube: Cube) -> Points:
    """Return (N, 3) u, v, d of the frame's pixels that are inside a cube."""
    u0, v0, u1, v1 = cube.bounds
    left, top = max(u0, 0), max(v0, 0)
    part = depth_mm[top : max(v1, 0), left : max(u1, 0)]
    near = max(cube.centre_uvd[2] - cube.side_mm / 2, VALID_DEPTH_MM[0])
    rows, columns = np.nonzero((part >= near) & (part <= near + cube.side_mm))
    return np.stack([columns + left, rows + top, part[rows, columns]], 1).astype(np.float64)


def measure_area_mm2(pixels: Points, camera: Camera) -> float:
    """Return the area in mm² of a surface that faces the camera, from its pixels (N, 3)."""
    return float((pixels[:, 2] ** 2).sum() / (camera.fx * camera.fy))
