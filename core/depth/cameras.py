"""Depth cameras: pinhole projection between space and the picture.

Convention: x right, y down, z forward, mm from the camera; u, v in pixels with a pixel's centre at
an integer coordinate, d in mm along z: u = fx x / z + u0, v = fy y / z + v0, d = z.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import MediaError

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion."""

    name: str
    fx: float  # focal lengths, px
    fy: float
    u0: float  # principal point, px
    v0: float
    width: int  # of the picture, px
    height: int

    @classmethod
    def from_field_of_view(
        cls, name: str, fov_x: float, fov_y: float, size_hw: tuple[int, int]
    ) -> Self:
        """Build the camera from its fields of view, rad, with its principal point in the centre."""
        height, width = size_hw
        fx, fy = width / 2 / math.tan(fov_x / 2), height / 2 / math.tan(fov_y / 2)
        return cls(name, fx, fy, width / 2, height / 2, width, height)

    def to_pixels(self, xyz_mm: ArrayLike) -> Points:
        """Project (…, 3) x, y, z in mm to (…, 3) u, v, d. NaN stays NaN; z must not be 0."""
        x, y, z = np.moveaxis(np.asarray(xyz_mm, np.float64), -1, 0)
        return np.stack([self.fx * x / z + self.u0, self.fy * y / z + self.v0, z], -1)

    def to_mm(self, uvd: ArrayLike) -> Points:
        """Back-project (…, 3) u, v, d to (…, 3) x, y, z in mm. NaN stays NaN."""
        u, v, d = np.moveaxis(np.asarray(uvd, np.float64), -1, 0)
        return np.stack([(u - self.u0) * d / self.fx, (v - self.v0) * d / self.fy, d], -1)


# Tompson et al. 2014; Tang et al. 2014 as the published evaluations use it (readers of its pictures
# also state 241.42); Sun et al. 2015; Yuan et al. 2017. nvGesture names no intrinsics: MSRA's
# camera, the SoftKinetic DS325, is the same model
CAMERAS = {
    camera.name: camera
    for camera in (
        Camera("nyu", 588.03, 587.07, 320.0, 240.0, 640, 480),
        Camera("icvl", 240.99, 240.96, 160.0, 120.0, 320, 240),
        Camera("msra", 241.42, 241.42, 160.0, 120.0, 320, 240),
        Camera("hands17", 475.065948, 475.065857, 315.944855, 245.287079, 640, 480),
        Camera("nvgesture", 241.42, 241.42, 160.0, 120.0, 320, 240),
    )
}


def get_camera(name: str) -> Camera:
    """Return a published camera from `CAMERAS`; raise MediaError for an unknown name."""
    if name not in CAMERAS:
        raise MediaError(f"no depth camera “{name}”; there are: {', '.join(CAMERAS)}")
    return CAMERAS[name]
