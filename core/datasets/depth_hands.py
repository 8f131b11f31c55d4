"""Hands in depth for training nets: what a net is shown, and what is done to it.

Convention: a sample's keypoints are (K, 5): x, y, z in the cube (units of half its side, from its
centre), then x, y in the crop's pixels; errors are in units of 100 mm. Legend: K keypoints, S the
crop's side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.datasets.training_data import Listed, Sample
from core.depth.cameras import Points
from core.depth.cubes import Crop, Cube, Depth, turned_crop
from core.pose.skeletons.table import Skeleton
from core.pose.types import Floats

UNIT_MM = 100.0  # of errors
# Oberweger and Lepetit 2017 (DeepPrior++), as its code has it
_SHIFT_MM, _SCALE, _TURN_DEG = 10.0, 0.05, 180.0


@dataclass(frozen=True, eq=False)
class DepthHand:
    """One hand to learn from.

    Attributes:
        frame: gives the depth that shows it, (H, W) mm.
        cube: round it, as it is measured; training moves it.
        xyz_mm: (K, 3) true keypoints, NaN where not known.
        held_out: "" to learn from, else the name of the set that it measures.
    """

    frame: Callable[[], Depth]
    cube: Cube
    xyz_mm: Points
    held_out: str = ""


@dataclass(frozen=True)
class Change:
    """What is done to a hand before it is shown.

    Attributes:
        shift_mm: of the cube, x, y, z.
        scale: of its side.
        turn_deg: of the crop round its middle, clockwise as one sees it.
    """

    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    turn_deg: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Change":
        """One of four by chance: the cube shifted, the crop turned, the cube scaled, or nothing."""
        kind = rng.integers(4)
        if kind == 0:
            x, y, z = rng.normal(0, _SHIFT_MM, 3)
            return cls(shift_mm=(x, y, z))
        if kind == 1:
            return cls(turn_deg=rng.uniform(-_TURN_DEG, _TURN_DEG))
        return cls(scale=abs(1 + rng.normal(0, _SCALE))) if kind == 2 else cls()


class DepthHands(Listed):
    """Hands of one skeleton, whose frames are read or rendered as they are needed."""

    what = "hands"

    def __init__(self, skeleton: Skeleton, hands: Sequence[DepthHand]) -> None:
        for hand in hands[:1]:
            skeleton.check(len(hand.xyz_mm), "the hands")
        super().__init__(hands)
        self.skeleton, self.hands = skeleton, list(hands)

    def augmented(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Crop, Floats]:
        """One hand changed by chance."""
        return shown(self.hands[row], Change.drawn(rng))

    def upright(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """The hand as it is measured: crop, keypoints, and 100 mm in the cube's units."""
        hand = self.hands[row]
        return *shown(hand, Change()), 2 * UNIT_MM / hand.cube.side_mm


def shown(hand: DepthHand, change: Change) -> tuple[Crop, Floats]:
    """The crop (S, S, 1) of a hand, and its keypoints (K, 5)."""
    cube = changed(hand.cube, change)
    crop, xyz_mm = cube.cut(hand.frame()), hand.xyz_mm
    if change.turn_deg:
        crop = turned_crop(crop, change.turn_deg)
        xyz_mm = cube.turned(xyz_mm, change.turn_deg)
    places = cube.placement.to_crop(cube.camera.to_pixels(xyz_mm))
    keypoints = np.concatenate([cube.to_units(xyz_mm), places], axis=1)
    return crop[..., None], keypoints.astype(np.float32)


def changed(cube: Cube, change: Change) -> Cube:
    """The cube, shifted and scaled."""
    u, v, d = cube.camera.to_pixels(cube.centre_mm + change.shift_mm)
    return replace(cube, centre_uvd=(u, v, d), side_mm=cube.side_mm * change.scale)
