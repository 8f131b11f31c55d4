"""The cube in space round a hand and its crop, which is what a net sees.

Convention: a cube's sides are parallel to the camera's axes; its centre is u, v, d. A crop's values
are −1 at the near face (and before it) to 1 at the far face, behind it and where the sensor saw
nothing; its pixels' centres are at integer coordinates. Keypoints in a cube are x, y, z in units of
half its side, from its centre. A crop is DeepPrior's, which CrossInfoNet was trained by: bounds in
whole pixels, no interpolation.

Legend: H W the frame, S the crop's side.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.depth.cameras import Camera, Points
from core.errors import MediaError

Depth = NDArray[np.float32]  # (H, W) mm, 0 where the sensor saw nothing
Crop = NDArray[np.float32]  # (S, S) −1 … 1

SIDE = 96  # of a crop, px
REACH_MM = (10.0, 1500.0)  # what DeepPrior takes for a measured depth


@dataclass(frozen=True)
class Placement:
    """How frame pixels lie in a crop: crop = frame · scale + offset, x and y."""

    scale: tuple[float, float]
    offset: tuple[float, float]

    def to_crop(self, uv: ArrayLike) -> Points:
        """(…, 2 or 3) u v of the frame → (…, 2) x y of the crop."""
        return np.asarray(uv, np.float64)[..., :2] * self.scale + self.offset


@dataclass(frozen=True)
class Cube:
    """A cube round a hand.

    Attributes:
        centre_uvd: u, v in px, d in mm.
        side_mm: of it; published are 250 (NYU, ICVL), 175 (MSRA), 300 (REN, Pose-REN).
    """

    camera: Camera
    centre_uvd: tuple[float, float, float]
    side_mm: float = 250.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre_uvd).all() and self.centre_uvd[2] > 0 < self.side_mm):
            raise MediaError(
                f"a cube of {self.side_mm} mm round {self.centre_uvd} can't be cut out: its depth "
                "and its side must be above 0"
            )

    @property
    def centre_mm(self) -> Points:
        """x, y, z."""
        return self.camera.to_mm(self.centre_uvd)

    def to_units(self, xyz_mm: ArrayLike) -> Points:
        """(…, 3) points in space in units of half the side, from the centre."""
        return (np.asarray(xyz_mm, np.float64) - self.centre_mm) / (self.side_mm / 2)

    def from_units(self, units: ArrayLike) -> Points:
        """(…, 3) points in the cube → x, y, z in mm."""
        return np.asarray(units, np.float64) * (self.side_mm / 2) + self.centre_mm

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """u0, v0, u1, v1 of the face through the centre, rounded; u1 and v1 are just outside."""
        (u, v, d), half = self.centre_uvd, self.side_mm / 2
        reach_u, reach_v = half * self.camera.fx / d, half * self.camera.fy / d
        ends = (u - reach_u, v - reach_v, u + reach_u, v + reach_v)
        u0, v0, u1, v1 = (int(np.floor(end + 0.5)) for end in ends)
        if u1 <= u0 or v1 <= v0:
            raise MediaError(f"a cube of {self.side_mm} mm at {d:.0f} mm is smaller than a pixel")
        return u0, v0, u1, v1

    @property
    def placement(self) -> Placement:
        """Where `cut` puts frame pixels, as it is published and nets were taught: the longer side
        fills the crop, the other is centred. What is seen lies up to a pixel further."""
        u0, v0, u1, v1 = self.bounds
        (wide, high), (left, top) = self._drawn(u1 - u0, v1 - v0)
        scale = wide / (u1 - u0), high / (v1 - v0)
        return Placement(scale, (left - u0 * scale[0], top - v0 * scale[1]))

    def cut(self, depth_mm: Depth) -> Crop:
        """The crop (S, S).

        Args:
            depth_mm: (H, W); what is not within `REACH_MM` counts as not seen.
        """
        u0, v0, u1, v1 = self.bounds
        (wide, high), (left, top) = self._drawn(u1 - u0, v1 - v0)
        columns = u0 + np.arange(wide) * (u1 - u0) // wide
        rows = v0 + np.arange(high) * (v1 - v0) // high
        crop = np.zeros((SIDE, SIDE), np.float32)
        crop[top : top + high, left : left + wide] = _taken(depth_mm, rows, columns)
        crop[(crop < REACH_MM[0]) | (crop > REACH_MM[1])] = 0
        return self._in_units(np.where(crop == 0, np.float32(np.inf), crop))

    def turned(self, xyz_mm: Points, turn_deg: float) -> Points:
        """(…, 3) points in space, turned in the picture round the centre, clockwise as one sees it;
        their depths stay."""
        cos, sin = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
        uvd = self.camera.to_pixels(xyz_mm)
        middle = np.array(self.centre_uvd[:2])
        uvd[:, :2] = (uvd[:, :2] - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle
        return self.camera.to_mm(uvd)

    def _in_units(self, depth_mm: Depth) -> Crop:
        half = self.side_mm / 2
        return np.clip((depth_mm - self.centre_uvd[2]) / half, -1, 1).astype(np.float32)

    @staticmethod
    def _drawn(width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Width and height in the crop of bounds of that size, and its left and top there."""
        longer = max(width, height)
        wide, high = max(1, SIDE * width // longer), max(1, SIDE * height // longer)
        return (wide, high), ((SIDE - wide) // 2, (SIDE - high) // 2)


def turned_crop(crop: Crop, turn_deg: float) -> Crop:
    """A crop (S, S), turned as `Cube.turned` turns what it shows."""
    middle = (SIDE / 2, SIDE / 2)  # where the cube's centre lies
    matrix = cv2.getRotationMatrix2D(middle, -turn_deg, 1.0)
    size = (SIDE, SIDE)
    found = cv2.warpAffine(
        crop, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0
    )
    return np.asarray(found, np.float32)


def _taken(depth_mm: Depth, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Depth:
    """The frame at these rows and columns, 0 outside it."""
    height, width = depth_mm.shape
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    taken = depth_mm[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    return np.where(inside, taken, 0).astype(np.float32)
