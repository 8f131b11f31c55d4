"""A rendered moving hand: a depth recording with true keypoints, rendered frame by frame when read,
so that depth can be tried without a camera or file.
"""

from functools import cached_property

import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.frames import DepthFrame, DepthRecording
from core.lab.renderer.hand import HandShape, sample_hand_shape
from core.lab.renderer.noise import NOISES, add_sensor_noise
from core.lab.renderer.poses import sample_finger_angles
from core.lab.renderer.render import keypoint_weights
from core.lab.renderer.scenes import HandPlacement, build_scene, make_raised_rotation
from core.lab.renderer.solids import render_depth

CAMERA = Camera("rendered", 294.0, 293.5, 160.0, 120.0, 320, 240)  # half of NYU's
_RATE_HZ, _HELD_FRAMES = 15.0, 18  # from one way of holding the hand to the next
_PALM_MM, _SWAY_MM = np.array([-10.0, 0.0, 640.0]), np.array([70.0, 35.0, 50.0])
_TURN_RAD = np.radians((22.0, 18.0, 38.0))  # roll, pitch, yaw
_SWAYS, _TURNS = (1.0, 2.0, 1.0), (2.0, 3.0, 1.0)  # times a film
_ARM_RAD = (-0.1, 0.1)
_SEED = 9  # of the person, the poses and what is round the hand


class RenderedFilm(DepthRecording):
    """A rendered hand that opens, closes and rotates in front of a camera, endlessly; the last of
    `count` frames leads to the first."""

    def __init__(self, skeleton: str = "hand_21", count: int = 90) -> None:
        super().__init__("Rendered hand", CAMERA, count)
        self.skeleton = skeleton

    def _read_frame(self, index: int) -> DepthFrame:
        """Render the depth frame at this index with sensor noise and true keypoints."""
        scene = build_scene(np.random.default_rng([_SEED, 1]), self._place_hand(index), _PALM_MM)
        noise = np.random.default_rng([_SEED, 2, index])
        seen = render_depth(scene.solids, scene.planes, self.camera)
        depth = add_sensor_noise(seen, self.camera, NOISES["primesense"], noise).astype(np.float32)
        truth = keypoint_weights(self.skeleton) @ scene.joints_mm
        time_s = index / _RATE_HZ
        return DepthFrame(depth, self.camera, time_s, index, None, truth, self.skeleton)

    @cached_property
    def _key_poses(self) -> tuple[HandShape, list[Points]]:
        """Return the hand's shape and the random joint angles that the film interpolates."""
        rng = np.random.default_rng(_SEED)
        shape = sample_hand_shape(rng)
        ways = max(1, round(self.count / _HELD_FRAMES))
        return shape, [sample_finger_angles(rng, shape) for _ in range(ways)]

    def _place_hand(self, index: int) -> HandPlacement:
        """Return the hand's interpolated angles, rotation and position at a frame."""
        shape, ways = self._key_poses
        share = index / self.count
        last, part = divmod(share * len(ways), 1)
        eased = part * part * (3 - 2 * part)
        start, end = ways[int(last) % len(ways)], ways[(int(last) + 1) % len(ways)]
        angles = start + eased * (end - start)
        roll, pitch, yaw = (float(v) for v in _TURN_RAD * _compute_sines(_TURNS, share))
        palm = _PALM_MM + _SWAY_MM * _compute_sines(_SWAYS, share)
        return HandPlacement(
            shape, angles, False, make_raised_rotation(roll, pitch, yaw), palm, _ARM_RAD
        )


def _compute_sines(times: tuple[float, ...], phase: float) -> Points:
    return np.sin(2 * np.pi * np.array(times) * phase)
