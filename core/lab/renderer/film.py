"""A rendered hand that moves: a recording of depth with its truth, made frame by frame when it is
read, so that depth can be tried without a camera and without a file.
"""

from functools import cached_property

import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.frames import DepthFrame
from core.depth.io.recorded import Recorded
from core.lab.renderer.hand import Shape, draw_shape
from core.lab.renderer.noise import NOISES, measured
from core.lab.renderer.poses import draw_angles
from core.lab.renderer.render import mixture
from core.lab.renderer.scenes import Held, raised, scene_of
from core.lab.renderer.solids import cast

CAMERA = Camera("rendered", 294.0, 293.5, 160.0, 120.0, 320, 240)  # half of NYU's
_RATE_HZ, _HELD_FRAMES = 15.0, 18  # from one way of holding the hand to the next
_PALM_MM, _SWAY_MM = (-10.0, 0.0, 640.0), (70.0, 35.0, 50.0)
_TURN_RAD = np.radians((22.0, 18.0, 38.0))  # roll, pitch, yaw
_SWAYS, _TURNS = (1.0, 2.0, 1.0), (2.0, 3.0, 1.0)  # times a film
_ARM_RAD = (-0.1, 0.1)


class RenderedFilm(Recorded):
    """Somebody opens, closes and turns a hand before a camera, over and over.

    Args:
        skeleton: whose joints its truth is: one of `render.JOINTS`.
        seed: of the person, the hand's poses and what is round it.
        count: frames; the last leads to the first again.
    """

    def __init__(self, skeleton: str = "hand_21", seed: int = 9, count: int = 90) -> None:
        super().__init__("Rendered hand", CAMERA, count)
        self.skeleton, self._seed = skeleton, seed

    def _frame(self, index: int) -> DepthFrame:
        scene = scene_of(np.random.default_rng([self._seed, 1]), self._held(index), self._middle)
        noise = np.random.default_rng([self._seed, 2, index])
        seen = cast(scene.solids, scene.planes, self.camera)
        depth = measured(seen, self.camera, NOISES["primesense"], noise).astype(np.float32)
        truth = mixture(self.skeleton) @ scene.joints_mm
        time_s = index / _RATE_HZ
        return DepthFrame(depth, self.camera, time_s, index, None, truth, self.skeleton)

    @property
    def _middle(self) -> Points:
        return np.array(_PALM_MM)

    @cached_property
    def _drawn(self) -> tuple[Shape, list[Points]]:
        """The hand, and the angles that it goes through."""
        rng = np.random.default_rng(self._seed)
        shape = draw_shape(rng)
        ways = max(1, round(self.count / _HELD_FRAMES))
        return shape, [draw_angles(rng, shape) for _ in range(ways)]

    def _held(self, index: int) -> Held:
        shape, ways = self._drawn
        share = index / self.count
        last, part = divmod(share * len(ways), 1)
        eased = part * part * (3 - 2 * part)
        start, end = ways[int(last) % len(ways)], ways[(int(last) + 1) % len(ways)]
        angles = start + eased * (end - start)
        roll, pitch, yaw = (float(v) for v in _TURN_RAD * _waves(_TURNS, share))
        palm = self._middle + np.array(_SWAY_MM) * _waves(_SWAYS, share)
        return Held(shape, angles, False, raised(roll, pitch, yaw), palm, _ARM_RAD)


def _waves(times: tuple[float, ...], share: float) -> Points:
    return np.sin(2 * np.pi * np.array(times) * share)
