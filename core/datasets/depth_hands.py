"""Hands in depth for training nets: the crop a net sees, and its augmentation.

Convention: a sample's keypoints are (K, 5): x, y, z in the cube (units of half its side, from its
centre), then x, y in the crop's pixels; errors are in units of 100 mm. Legend: K keypoints, S the
crop's side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.datasets.training_data import Sample, TrainingData
from core.depth.cameras import Points
from core.depth.cubes import Crop, Cube, Depth, rotate_crop
from core.pose.skeletons.table import Skeleton
from core.pose.types import Floats

ERROR_UNIT_MM = 100.0
# Oberweger and Lepetit 2017 (DeepPrior++), as its code has it
_SHIFT_STD_MM, _SCALE_STD, _MAX_TURN_DEG = 10.0, 0.05, 180.0


@dataclass(frozen=True, eq=False)
class DepthHand:
    """One labelled hand."""

    read_frame: Callable[[], Depth]  # returns the frame, (H, W) mm
    cube: Cube  # around it, as it is evaluated; augmentation moves it
    xyz_mm: Points  # (K, 3) true keypoints, NaN if unknown
    held_out: str = ""  # "" for training, else the name of its held-out set


@dataclass(frozen=True)
class CropChange:
    """How a hand's crop is changed."""

    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the cube, x, y, z
    scale: float = 1.0  # of the cube's side
    turn_deg: float = 0.0  # of the crop about its centre, clockwise on the screen

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "CropChange":
        """Draw a random change: a shifted cube, a rotated crop, a scaled cube, or no change."""
        kind = rng.integers(4)
        if kind == 0:
            x, y, z = rng.normal(0, _SHIFT_STD_MM, 3)
            return cls(shift_mm=(x, y, z))
        if kind == 1:
            return cls(turn_deg=rng.uniform(-_MAX_TURN_DEG, _MAX_TURN_DEG))
        return cls(scale=abs(1 + rng.normal(0, _SCALE_STD))) if kind == 2 else cls()

    def change_cube(self, cube: Cube) -> Cube:
        """Return the cube shifted and scaled."""
        u, v, d = cube.camera.to_pixels(cube.centre_mm + self.shift_mm)
        return replace(cube, centre_uvd=(u, v, d), side_mm=cube.side_mm * self.scale)


class DepthHands(TrainingData):
    """Hands of one skeleton, whose frames are read or rendered when needed."""

    item_name = "hands"

    def __init__(self, skeleton: Skeleton, hands: Sequence[DepthHand]) -> None:
        for hand in hands[:1]:
            skeleton.check(len(hand.xyz_mm), "the hands")
        super().__init__([hand.held_out for hand in hands])
        self.skeleton, self.hands = skeleton, list(hands)

    def augment(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Crop, Floats]:
        """Return a hand's randomly augmented crop (S, S, 1) and its keypoints (K, 5)."""
        return cut_hand_sample(self.hands[row], CropChange.draw(rng))

    def load_evaluation_sample(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """Return a hand without augmentation: crop, keypoints, and 100 mm in the cube's units."""
        hand = self.hands[row]
        return *cut_hand_sample(hand, CropChange()), 2 * ERROR_UNIT_MM / hand.cube.side_mm


def cut_hand_sample(hand: DepthHand, change: CropChange) -> tuple[Crop, Floats]:
    """Return a hand's crop (S, S, 1) with the change applied, and its keypoints (K, 5)."""
    cube = change.change_cube(hand.cube)
    crop, xyz_mm = cube.cut_crop(hand.read_frame()), hand.xyz_mm
    if change.turn_deg:
        crop = rotate_crop(crop, change.turn_deg)
        xyz_mm = cube.rotate_points(xyz_mm, change.turn_deg)
    crop_xy = cube.placement.to_crop(cube.camera.to_pixels(xyz_mm))
    keypoints = np.concatenate([cube.to_units(xyz_mm), crop_xy], axis=1)
    return crop[..., None], keypoints.astype(np.float32)
