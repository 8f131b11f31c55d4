"""Keypoints → features, once for numpy, torch and the exported graph, made from the skeleton.

Convention: the direction of a pose is kept (👍 and 👎 differ by nothing else); position and scale
are removed. Directions mean what the viewer saw: where `mirrored_view` is true, x is flipped once
and left and right keypoints change places. N samples, K keypoints, F features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from core.errors import SkeletonError
from core.pose.canonical_frame import (
    EPS,
    canonical_frame,
    canonical_frame_3d,
    root_position,
    squared_length,
    to_unit_length,
)
from core.pose.skeletons.table import Skeleton


@dataclass(frozen=True)
class FeatureSet:
    """The features of one skeleton: `feature_set("hand_21")(keypoints, mirrored_view)`.

    Attributes:
        skeleton: whose keypoints.
        version: changes with the numbers that come out; a model names the one it was trained on.
        axes: D of a keypoint.
    """

    axes: ClassVar[int] = 2

    skeleton: Skeleton
    version: int

    @cached_property
    def count(self) -> int:
        """Number of features F."""
        return 2 * (2 * len(self._moving) + len(self.skeleton.edges)) + 2 + len(self._spans)

    @cached_property
    def _moving(self) -> list[int]:
        """The keypoints that say something once the root is the origin."""
        still = self.skeleton.root if len(self.skeleton.root) == 1 else ()
        return [j for j in range(self.skeleton.size) if j not in still]

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """Every two tips, and every tip with every group's base: few gathers make a small graph."""
        groups = [*self.skeleton.groups.values()]
        tips, bases = [group[-1] for group in groups], [group[0] for group in groups]
        return [(a, b) for i, a in enumerate(tips) for b in (*tips[i + 1 :], *bases)]

    def __call__(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """(N, F) features: direction-keeping coordinates and edges, then the pose's own shape.

        Args:
            keypoints: (N, K, D) in any unit with one scale for all axes; NaN where missing.
            mirrored_view: (N,) bool.
            xp: the array library of the arguments, numpy or torch.

        Returns:
            (N, F) float32, finite whatever comes in: a hand's missing keypoints count as the
            root's, a body's as `BodyFeatures` says.

        Raises:
            SkeletonError: keypoints of another skeleton.
        """
        if len(keypoints.shape) != 3 or keypoints.shape[2] != self.axes:
            raise SkeletonError(
                f"these keypoints are {tuple(keypoints.shape)}, the features of a still pose are "
                f"made of (N, {self.skeleton.size}, {self.axes}): single frames, "
                f"{' and '.join('xyz'[: self.axes])}"
            )
        self.skeleton.check(keypoints.shape[1])
        return self.features_of(self.as_seen(keypoints, mirrored_view, xp), xp)

    def features_of(self, seen: Any, xp: Any = np) -> Any:
        """Of (N, K, 2) keypoints as the viewer saw them."""
        from_root = self._relative(seen, xp)
        own, heading, _ = canonical_frame(from_root, self.skeleton, xp)
        moving = _at(from_root, self._moving), _at(own, self._moving)
        parts = [flat(moving[0]), flat(self._directions(from_root, xp)), flat(moving[1])]
        return xp.concatenate([*parts, heading, self._lengths(own, xp)], 1)

    def _directions(self, from_root: Any, xp: Any) -> Any:
        """(N, edges, D) of length 1."""
        ends, starts = zip(*((to, start) for start, to in self.skeleton.edges), strict=True)
        return to_unit_length(_at(from_root, ends) - _at(from_root, starts), xp)

    def _lengths(self, own: Any, xp: Any) -> Any:
        """(N, spans)."""
        a, b = zip(*self._spans, strict=True)
        return xp.sqrt(squared_length(own[:, [*a]] - own[:, [*b]]) + EPS)

    def as_seen(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """(N, K, D) keypoints, or (N, T, K, D) of clips, as the viewer saw them, mirrored poses as
        in a mirror."""
        rest = (keypoints[..., axis] for axis in range(1, self.axes))
        as_mirrored = xp.stack([-keypoints[..., 0], *rest], -1)
        if self.skeleton.mirror_pairs:
            as_mirrored = as_mirrored[..., self.skeleton.mirrored, :]
        each = (slice(None), *[None] * (len(keypoints.shape) - 1))
        return xp.where(mirrored_view[each], as_mirrored, keypoints)

    def from_root(self, points: Any) -> Any:
        """(N, K, D) keypoints with the root as origin; missing where they or the root are."""
        return points - root_position(points, self.skeleton.root)

    def _relative(self, points: Any, xp: Any) -> Any:
        """Keypoints from the root in units of the pose's scale; missing ones at the root."""
        shifted = finite(self.from_root(points), xp)
        lengths = shifted
        if self.skeleton.scale:
            a, b = zip(*self.skeleton.scale, strict=True)
            lengths = finite(points[:, [*a]] - points[:, [*b]], xp)
        reach = xp.sqrt(xp.amax(squared_length(lengths), 1))
        # a pose smaller than this is none; the bound only keeps the division finite
        return shifted / xp.where(reach > EPS, reach, xp.ones_like(reach))[:, None, None]


def _at(points: Any, joints: Sequence[int]) -> Any:
    """The keypoints of these indices: a slice where they follow each other, which costs less."""
    first, last = joints[0], joints[-1]
    if [*joints] == list(range(first, last + 1)):
        return points[:, first : last + 1]
    return points[:, [*joints]]


def finite(values: Any, xp: Any) -> Any:
    """Zero where missing."""
    return xp.where(xp.isfinite(values), values, xp.zeros_like(values))


def flat(points: Any) -> Any:
    """(N, M, D) → (N, M D)."""
    return points.reshape(-1, points.shape[1] * points.shape[2])


@dataclass(frozen=True)
class SpaceFeatures(FeatureSet):
    """The features of a hand in space.

    How it is turned is kept, as the directions of its bones and of its palm's two axes; position
    and scale are removed. Its own shape comes beside, the same however it is turned, and of left
    and right hands.
    """

    axes = 3

    @cached_property
    def count(self) -> int:
        """Number of features F."""
        return 3 * (len(self._moving) + len(self.skeleton.edges) + 2) + len(self._spans)

    def features_of(self, seen: Any, xp: Any = np) -> Any:
        """Of (N, K, 3) keypoints as the viewer saw them."""
        from_root = self._relative(seen, xp)
        frame = canonical_frame_3d(from_root, self.skeleton, xp)
        parts = [flat(self._directions(from_root, xp)), flat(_at(frame.own, self._moving))]
        return xp.concatenate([*parts, frame.across, frame.along, self._lengths(frame.own, xp)], 1)
