"""Whole depth frames with a hand, rendered on demand, to train a net that finds the hand.

Convention: a frame is (H, W, 1) float32 mm at the net's size, 0 without a measurement; its
keypoint is (1, 3): u, v of the palm (mean of wrist and knuckles) in pixels, and its depth in 100
mm, NaN where no palm is seen. Errors are in 500 mm at the palm: PCK@0.1: within 50 mm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.datasets.training_data import Sample, TrainingData
from core.depth.cameras import CAMERAS, Camera, Points
from core.depth.cubes import Depth
from core.lab.renderer.noise import NOISES, add_sensor_noise
from core.lab.renderer.render import RenderSettings
from core.lab.renderer.rendered_hands import sample_pool
from core.lab.renderer.scenes import sample_scene
from core.lab.renderer.solids import render_depth
from core.pose.skeletons.hands import KNUCKLES, WRIST
from core.pose.types import Floats

HELD_OUT = "rendered"
UNIT_MM = 100.0  # of depth
_ERROR_MM = 500.0
_PALM = [WRIST, *KNUCKLES]
_WIDE_PX = 160
# by turns; the third has the focal length of many a stereo or time-of-flight camera
SENSORS = (
    RenderSettings(reach_mm=(420.0, 1300.0)),
    RenderSettings(CAMERAS["hands17"], NOISES["coded_light"], (260.0, 900.0)),
    RenderSettings(CAMERAS["hands17"], NOISES["primesense"], (410.0, 1300.0)),
    RenderSettings(CAMERAS["icvl"], NOISES["coded_light"], (260.0, 700.0)),
)
_MEASURED_SEED, _LEARNED_SEED = 0, 1
_DIFFERENT = 10_000_000  # scenes to learn from
_POOL_SIZE = 1536
_VIEWS = 3  # so many times a scene is shown on average
_EMPTY_SHARE = 0.12  # of scenes have the palm outside the picture
_ZOOM, _MOVE = 0.15, 0.12  # of the picture, how it is enlarged and moved
_CUT_SHARE, _CUT_MM = 0.3, (120.0, 900.0)  # of frames that end so far behind the palm


@dataclass(frozen=True, eq=False)
class PalmScene:
    """A rendered depth frame (H, W), its camera, and its palm's x, y, z."""

    depth_mm: Depth
    camera: Camera
    palm_mm: Points

    @property
    def palm_uvd(self) -> Floats:
        """Return the palm centre's u, v, d (pixels, mm); NaN if it is outside the picture."""
        uvd = self.camera.to_pixels(self.palm_mm)
        inside = _is_inside_picture(uvd, self.camera.width, self.camera.height)
        return np.where(inside, uvd, np.nan).astype(np.float32)


class RenderedScenes(TrainingData):
    """Endless rendered scenes for training, and `held_out` ones for evaluation."""

    item_name = "scenes"

    def __init__(self, held_out: int = 300) -> None:
        super().__init__([HELD_OUT] * held_out)

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """Return the numbers of the held-out scenes; for "", of the training scenes."""
        return super().rows(held_out) if held_out else np.arange(_DIFFERENT)

    def scene(self, number: int) -> PalmScene:
        """Render a held-out scene."""
        return render_palm_scene(_MEASURED_SEED, number)

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Yield augmented frames and palm centres endlessly; each scene is used several times."""
        rng = np.random.default_rng(seed)
        render = partial(render_palm_scene, _LEARNED_SEED, empty_fraction=_EMPTY_SHARE)
        for scene in sample_pool(render, rows, rng, _POOL_SIZE, _VIEWS):
            yield *_augment_scene(scene, rng), 1.0

    def load_evaluation_sample(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """Return a held-out scene, its palm centre, and the length of 500 mm there in px."""
        scene = self.scene(int(row))
        depth, keypoint = _to_sample(scene.depth_mm, scene.palm_uvd)
        return depth, keypoint, float(_ERROR_MM * scene.camera.fx / scene.palm_uvd[2])


def render_palm_scene(seed: int, number: int, *, empty_fraction: float = 0.0) -> PalmScene:
    """Render a frame 160 px wide; in `empty_fraction` of them the hand is out of view."""
    settings = SENSORS[number % len(SENSORS)]
    rng = np.random.default_rng([seed, number])
    camera = shrink_camera(settings.camera)
    scene = sample_scene(rng, camera, settings.reach_mm)
    if rng.random() < empty_fraction:
        aside = camera.width * rng.choice((-1.0, 1.0)) * rng.uniform(0.9, 1.1)
        camera = replace(camera, u0=camera.u0 + aside)
    depth = add_sensor_noise(
        render_depth(scene.solids, scene.planes, camera), camera, settings.noise, rng
    )
    return PalmScene(depth.astype(np.float32), camera, scene.joints_mm[_PALM].mean(0))


def shrink_camera(camera: Camera) -> Camera:
    """Return the camera scaled to a picture 160 px wide, with the same view."""
    scale = _WIDE_PX / camera.width
    fx, fy = camera.fx * scale, camera.fy * scale
    u0, v0 = ((middle + 0.5) * scale - 0.5 for middle in (camera.u0, camera.v0))
    return Camera(camera.name, fx, fy, u0, v0, _WIDE_PX, round(camera.height * scale))


def _augment_scene(scene: PalmScene, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Zoom, shift, mirror and cut a scene randomly; return its depth and palm centre."""
    height, width = scene.depth_mm.shape
    size = np.array([width, height])
    scale = float(np.exp(rng.uniform(-_ZOOM, _ZOOM)))
    u0, v0 = size * ((1 - scale) / 2 + rng.uniform(-_MOVE, _MOVE, 2))
    columns = np.floor((np.arange(width) + 0.5 - u0) / scale).astype(int)
    rows = np.floor((np.arange(height) + 0.5 - v0) / scale).astype(int)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    taken = scene.depth_mm[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    if rng.random() < _CUT_SHARE:
        inside &= taken < scene.palm_mm[2] + rng.uniform(*_CUT_MM)
    depth, uvd = np.where(inside, taken, 0), scene.palm_uvd
    uvd[:2] = (uvd[:2] + 0.5) * scale + (u0, v0) - 0.5
    if rng.random() < 0.5:
        depth, uvd[0] = depth[:, ::-1], width - 1 - uvd[0]
    return _to_sample(depth, uvd if _is_inside_picture(uvd, width, height) else uvd * np.nan)


def _is_inside_picture(uvd: Points | Floats, width: int, height: int) -> bool:
    return bool((uvd[:2] >= -0.5).all() and uvd[0] < width - 0.5 and uvd[1] < height - 0.5)


def _to_sample(depth_mm: Depth, uvd: Floats) -> tuple[Floats, Floats]:
    """Convert a scene to a training sample."""
    keypoint = (uvd / np.array([1, 1, UNIT_MM])).astype(np.float32)[None]
    return depth_mm.astype(np.float32)[..., None], keypoint
