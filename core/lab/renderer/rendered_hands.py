"""Endless depth hands for training nets, rendered on demand without a folder; a seed determines
them.

Convention: as in `depth_hands.py`; cubes are centred on the true keypoints.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.datasets.depth_hands import (
    CropChange,
    DepthHand,
    DepthHands,
    cut_hand_sample,
    read_depth_hands,
)
from core.datasets.training_data import Sample
from core.depth.cameras import CAMERAS
from core.depth.cubes import Cube, Depth
from core.lab.renderer.noise import NOISES
from core.lab.renderer.render import RenderSettings, render_hand
from core.pose.skeletons.table import Skeleton

SIDE_MM = 250.0  # of a hand's cube
RENDERED = "rendered"  # in a folder's place: hands are rendered as they are needed
HELD_OUT = "rendered"
# by turns: PrimeSense's hands at arm's length, others nearer by
SENSORS = (
    RenderSettings(reach_mm=(450.0, 1150.0)),
    RenderSettings(CAMERAS["hands17"], NOISES["coded_light"], (350.0, 800.0)),
    RenderSettings(reach_mm=(450.0, 900.0)),
    RenderSettings(CAMERAS["icvl"], NOISES["coded_light"], (250.0, 600.0)),
)
_MEASURED_SEED, _LEARNED_SEED = 0, 1
_DIFFERENT = 10_000_000  # hands to learn from
_POOL_SIZE = 1024
_FIRST = 48  # in the pool when the first sample is drawn
_VIEWS = 8  # so many times a hand is shown on average
_SHIFT_MM, _SCALE, _TURN_DEG, _TURNED_SHARE = 10.0, 0.06, 180.0, 0.1


Rendered = TypeVar("Rendered")


class RenderedHands(DepthHands):
    """Endless rendered hands (hand_21, nyu_14 or icvl_16) for training, and `held_out` ones for
    evaluation."""

    def __init__(self, skeleton: Skeleton, held_out: int = 200) -> None:
        render = partial(render_hand_sample, skeleton, _MEASURED_SEED, held_out=HELD_OUT)
        super().__init__(skeleton, [render(number) for number in range(held_out)])

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """Return the rows of the held-out set; for "", the numbers of training hands."""
        return super().rows(held_out) if held_out else np.arange(_DIFFERENT)

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Yield augmented crops and keypoints endlessly; each hand is used several times."""
        rng = np.random.default_rng(seed)
        render = partial(render_hand_sample, self.skeleton, _LEARNED_SEED)
        for hand in sample_pool(render, rows, rng, _POOL_SIZE, _VIEWS):
            yield *cut_hand_sample(hand, _sample_crop_change(rng)), 1.0


def sample_pool(
    render: Callable[[int], Rendered],
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    size: int,
    views: int,
) -> Iterator[Rendered]:
    """Yield random items of a pool endlessly; render a new one after every `views` draws."""
    pool: list[Rendered] = []
    while True:
        thing = render(int(rows[rng.integers(len(rows))]))
        if len(pool) < size:
            pool.append(thing)
        else:
            pool[rng.integers(size)] = thing
        for _ in range(views if len(pool) >= _FIRST else 0):
            yield pool[rng.integers(len(pool))]


def read_or_render_depth_hands(data: Path, skeleton: Skeleton) -> DepthHands:
    """Load a folder's hands, or rendered ones for `RENDERED`; errors as `read_depth_hands`."""
    no_folder = str(data) == RENDERED and not data.exists()
    return RenderedHands(skeleton) if no_folder else read_depth_hands(data, skeleton)


def render_hand_sample(skeleton: Skeleton, seed: int, number: int, held_out: str = "") -> DepthHand:
    """Render a hand with one of the sensors, chosen by number."""
    hand = render_hand(seed, number, SENSORS[number % len(SENSORS)])
    depth: Depth = hand.depth_mm.astype(np.float32)
    xyz_mm = hand.joints_mm(skeleton.name)
    u, v, d = hand.camera.to_pixels(xyz_mm.mean(0))
    cube = Cube(hand.camera, (u, v, d), SIDE_MM)
    return DepthHand(partial(np.asarray, depth), cube, xyz_mm, held_out)


def _sample_crop_change(rng: np.random.Generator) -> CropChange:
    """Draw a shift and scale like a detector's error; one in ten is rotated, too."""
    x, y, z = rng.normal(0, _SHIFT_MM, 3)
    turned = rng.random() < _TURNED_SHARE
    return CropChange(
        (x, y, z),
        float(np.clip(1 + rng.normal(0, _SCALE), 0.85, 1.15)),
        float(rng.uniform(-_TURN_DEG, _TURN_DEG)) if turned else 0.0,
    )
