"""BlazePose's region of interest: two alignment points, the circle round the person that they give,
and the rotated square that its second net sees (Bazarevsky et al. 2020).

Convention: picture pixels, y down; a rotation is in radians, 0 when the person stands upright and
positive clockwise as one sees it.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.pose.skeletons.table import BODY_33, Skeleton
from core.pose.types import Floats, Tracking, TurnedSquare

REGION_FACTOR = 1.25  # the square's side in units of the circle's diameter


@dataclass(frozen=True)
class Alignment:
    """BlazePose's two alignment points: the centre between the hips, and the top, where the line
    from the hips to the shoulders meets the circle round the whole person."""

    centre: tuple[float, float]
    top: tuple[float, float]

    @property
    def radius(self) -> float:
        """Of the circle, px."""
        return math.dist(self.centre, self.top)

    @property
    def rotation(self) -> float:
        """How far the person leans, −π..π."""
        across, down = self.top[0] - self.centre[0], self.top[1] - self.centre[1]
        return math.atan2(across, -down)

    @property
    def region(self) -> TurnedSquare:
        """The square that the second net sees."""
        x, y = self.centre
        return TurnedSquare(x, y, 2 * REGION_FACTOR * self.radius, self.rotation)


def estimate_alignment(keypoints: Floats, skeleton: Skeleton = BODY_33) -> Alignment | None:
    """Compute BlazePose's alignment points from a body's (K, 2) keypoints: the midpoint of the
    hips, and the top of the circle around the person. Return None if hips or shoulders are missing
    or coincide."""
    hips, shoulders = (
        keypoints[[skeleton.index(f"left_{joint}"), skeleton.index(f"right_{joint}")]].mean(0)
        for joint in ("hip", "shoulder")
    )
    length = np.linalg.norm(shoulders - hips)
    if not np.isfinite(length) or length == 0:
        return None
    radius = np.fmax.reduce(np.hypot(*(keypoints - hips).T))  # ignores missing keypoints
    (x, y), (u, v) = hips.tolist(), (hips + (shoulders - hips) * (radius / length)).tolist()
    return Alignment((x, y), (u, v))


class TrackerSteps:
    """Infers which steps the vendor's tracker took: its detector runs while too few people are
    tracked; those are searched in the square that their last keypoints give."""

    def __init__(self, num_poses: int) -> None:
        self._num_poses = num_poses
        self._followed: tuple[TurnedSquare, ...] = ()

    def next(self, keypoints: list[Floats]) -> Tracking:
        """Return whether the detector ran on this frame and which squares were searched; store the
        squares around these keypoints for the next frame."""
        tracking = Tracking(len(self._followed) < self._num_poses, self._followed)
        found = filter(None, (estimate_alignment(one) for one in keypoints))
        self._followed = tuple(one.region for one in found)
        return tracking
