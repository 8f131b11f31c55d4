"""The cube in space around a hand and its crop, the input of a depth net.

Convention: a cube's sides are parallel to the camera's axes; its centre is u, v, d. A crop's values
run from −1 at the near face (and in front of it) to 1 at the far face, behind it and where the
sensor saw nothing; pixel centres are at integer coordinates. Keypoints in a cube are x, y, z in
units of half its side, from its centre. Crops are DeepPrior's, which CrossInfoNet was trained with:
bounds in whole pixels, no interpolation.

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
VALID_DEPTH_MM = (10.0, 1500.0)  # what DeepPrior accepts as a measured depth


@dataclass(frozen=True)
class CropPlacement:
    """Maps frame pixels to crop pixels: crop = frame · scale + offset, x and y."""

    scale: tuple[float, float]
    offset: tuple[float, float]

    def to_crop(self, uv: ArrayLike) -> Points:
        """Map (…, 2 or 3) u, v of the frame to (…, 2) x, y of the crop."""
        return np.asarray(uv, np.float64)[..., :2] * self.scale + self.offset


@dataclass(frozen=True)
class Cube:
    """A cube around a hand."""

    camera: Camera
    centre_uvd: tuple[float, float, float]  # u, v in px, d in mm
    side_mm: float = 250.0  # published are 250 (NYU, ICVL), 175 (MSRA), 300 (REN, Pose-REN)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre_uvd).all() and self.centre_uvd[2] > 0 < self.side_mm):
            raise MediaError(
                f"a cube of {self.side_mm} mm at {self.centre_uvd} can't be cut out: its depth "
                "and its side must be above 0"
            )

    @property
    def centre_mm(self) -> Points:
        """The centre's x, y, z."""
        return self.camera.to_mm(self.centre_uvd)

    def to_units(self, xyz_mm: ArrayLike) -> Points:
        """Convert (…, 3) points in mm to units of half the side, from the centre."""
        return (np.asarray(xyz_mm, np.float64) - self.centre_mm) / (self.side_mm / 2)

    def from_units(self, units: ArrayLike) -> Points:
        """Convert (…, 3) points in units of half the side to x, y, z in mm."""
        return np.asarray(units, np.float64) * (self.side_mm / 2) + self.centre_mm

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Return the frame pixels u0, v0, u1, v1 that the cube covers at its centre's depth, u1 and
        v1 exclusive; raise MediaError if they are less than one pixel."""
        (u, v, d), half = self.centre_uvd, self.side_mm / 2
        half_u, half_v = half * self.camera.fx / d, half * self.camera.fy / d
        ends = (u - half_u, v - half_v, u + half_u, v + half_v)
        u0, v0, u1, v1 = (int(np.floor(end + 0.5)) for end in ends)
        if u1 <= u0 or v1 <= v0:
            raise MediaError(f"a cube of {self.side_mm} mm at {d:.0f} mm is smaller than a pixel")
        return u0, v0, u1, v1

    @property
    def placement(self) -> CropPlacement:
        """Return the transform from frame to crop pixels, as in the published nets' training: the
        longer side fills the crop, the other is centred."""
        u0, v0, u1, v1 = self.bounds
        (width, height), (left, top) = _fit_into_crop(u1 - u0, v1 - v0)
        scale = width / (u1 - u0), height / (v1 - v0)
        return CropPlacement(scale, (left - u0 * scale[0], top - v0 * scale[1]))

    def cut_crop(self, depth_mm: Depth) -> Crop:
        """Crop the cube's part of a frame (H, W) to (S, S), scaling depths to −1..1; depths outside
        `VALID_DEPTH_MM` become 1, as if nothing was seen."""
        u0, v0, u1, v1 = self.bounds
        (width, height), (left, top) = _fit_into_crop(u1 - u0, v1 - v0)
        columns = u0 + np.arange(width) * (u1 - u0) // width
        rows = v0 + np.arange(height) * (v1 - v0) // height
        seen_rows = (rows >= 0) & (rows < depth_mm.shape[0])
        seen_columns = (columns >= 0) & (columns < depth_mm.shape[1])
        crop = np.zeros((SIDE, SIDE), np.float32)
        patch = crop[top : top + height, left : left + width]
        patch[np.ix_(seen_rows, seen_columns)] = depth_mm[
            np.ix_(rows[seen_rows], columns[seen_columns])
        ]
        crop[(crop < VALID_DEPTH_MM[0]) | (crop > VALID_DEPTH_MM[1])] = np.inf
        units = (crop - self.centre_uvd[2]) / (self.side_mm / 2)
        return np.clip(units, -1, 1).astype(np.float32)

    def rotate_points(self, xyz_mm: Points, turn_deg: float) -> Points:
        """Rotate (N, 3) points, mm, clockwise in the image plane about the cube's centre; depths
        don't change."""
        cos, sin = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
        uvd = self.camera.to_pixels(xyz_mm)
        centre = np.array(self.centre_uvd[:2])
        uvd[:, :2] = (uvd[:, :2] - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre
        return self.camera.to_mm(uvd)


def rotate_crop(crop: Crop, turn_deg: float) -> Crop:
    """Rotate a crop (S, S) clockwise about its centre, in degrees, as `Cube.rotate_points` rotates
    its keypoints; outside the crop it is 1 (nothing seen)."""
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), -turn_deg, 1.0)
    rotated = cv2.warpAffine(crop, matrix, crop.shape, flags=cv2.INTER_NEAREST, borderValue=1.0)
    return np.asarray(rotated, np.float32)


def _fit_into_crop(width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Scale a frame region to fit the crop; return its (width, height) and (left, top) there."""
    longer = max(width, height)
    width, height = max(1, SIDE * width // longer), max(1, SIDE * height // longer)
    return (width, height), ((SIDE - width) // 2, (SIDE - height) // 2)
