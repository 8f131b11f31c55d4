"""Keypoints → features, the same code for numpy, torch and the exported graph.

Convention: the direction of a pose is kept (👍 and 👎 differ only by it); position and scale are
removed. Where `mirrored_view` is true, x is flipped and left and right keypoints are swapped, so
that directions are those the viewer saw. N samples, K keypoints, F features; `xp` is the array
library: numpy, torch or a `Graph`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
    """The features of one skeleton: `get_feature_set("hand_21")(keypoints, mirrored_view)`."""

    skeleton: Skeleton
    version: int  # changes with the features; a model stores the one it was trained on
    axes: int = 2  # D of a keypoint

    @cached_property
    def count(self) -> int:
        """Number of features F."""
        pose = np.zeros((1, self.skeleton.size, self.axes), np.float32)
        return int(self.compute(pose).shape[1])

    @cached_property
    def non_root(self) -> list[int]:
        """Indices of all keypoints, except the root if it is a single keypoint."""
        root = self.skeleton.root if len(self.skeleton.root) == 1 else ()
        return [j for j in range(self.skeleton.size) if j not in root]

    @cached_property
    def _tip_pairs(self) -> list[tuple[int, int]]:
        """Index pairs of the distance features: tip to tip, and tip to base of each group."""
        groups = [*self.skeleton.groups.values()]
        tips, bases = [group[-1] for group in groups], [group[0] for group in groups]
        return [(a, b) for i, a in enumerate(tips) for b in (*tips[i + 1 :], *bases)]

    def __call__(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """Compute (N, F) float32 features, finite for any input, of (N, K, D) keypoints in any unit
        with the same scale on all axes, NaN where missing, and (N,) bool. Raise SkeletonError for
        keypoints of another skeleton.

        A hand's missing keypoints are moved to its root; for a body's, see `BodyFeatures`.
        """
        if len(keypoints.shape) != 3 or keypoints.shape[2] != self.axes:
            raise SkeletonError(
                f"these keypoints are {tuple(keypoints.shape)}, the features of a still pose are "
                f"made of (N, {self.skeleton.size}, {self.axes}): single frames, "
                f"{' and '.join('xyz'[: self.axes])}"
            )
        self.skeleton.check(keypoints.shape[1])
        return self.compute(self.flip_mirrored(keypoints, mirrored_view, xp), xp)

    def compute(self, seen: Any, xp: Any = np) -> Any:
        """Compute (N, F) features of (N, K, D) keypoints as the viewer saw them:
        coordinates, edge directions, coordinates in the pose's own frame, heading, distances."""
        from_root = self._normalise_pose(seen, xp)
        own, heading, _ = canonical_frame(from_root, self.skeleton, xp)
        moved = _select_keypoints(from_root, self.non_root)
        own_moved = _select_keypoints(own, self.non_root)
        moved, edges = flatten(moved), flatten(self._compute_edges(from_root, xp))
        parts = [moved, edges, flatten(own_moved), heading, self._measure_tips(own, xp)]
        return xp.concatenate(parts, 1)

    def _compute_edges(self, from_root: Any, xp: Any) -> Any:
        """Return the (N, edges, D) unit vector of each edge of the skeleton."""
        starts, ends = zip(*self.skeleton.edges, strict=True)
        return to_unit_length(
            _select_keypoints(from_root, ends) - _select_keypoints(from_root, starts), xp
        )

    def _measure_tips(self, own: Any, xp: Any) -> Any:
        """Return the (N, pairs) distances of `_tip_pairs`."""
        a, b = zip(*self._tip_pairs, strict=True)
        return xp.sqrt(squared_length(own[:, [*a]] - own[:, [*b]]) + EPS)

    def flip_mirrored(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """Flip x and swap left and right where `mirrored_view` is true, so that (N, K, D) or (N, T,
        K, D) keypoints are as the viewer saw them."""
        rest = (keypoints[..., axis] for axis in range(1, self.axes))
        flipped = xp.stack([-keypoints[..., 0], *rest], -1)
        if self.skeleton.mirror_pairs:
            flipped = flipped[..., self.skeleton.mirror_order, :]
        each = (slice(None), *[None] * (len(keypoints.shape) - 1))
        return xp.where(mirrored_view[each], flipped, keypoints)

    def centre_on_root(self, points: Any) -> Any:
        """Move (N, K, D) keypoints so that the root is the origin; NaN where either is missing."""
        return points - root_position(points, self.skeleton.root)

    def _normalise_pose(self, points: Any, xp: Any) -> Any:
        """Centre keypoints on the root and divide by the pose's size; missing ones become 0."""
        centred = zero_missing(self.centre_on_root(points), xp)
        lengths = centred
        if self.skeleton.scale:
            a, b = zip(*self.skeleton.scale, strict=True)
            lengths = zero_missing(points[:, [*a]] - points[:, [*b]], xp)
        reach = xp.sqrt(xp.amax(squared_length(lengths), 1))
        # the bound keeps the division finite if the pose is missing
        return centred / xp.where(reach > EPS, reach, xp.ones_like(reach))[:, None, None]


def _select_keypoints(points: Any, indices: Sequence[int]) -> Any:
    """Select keypoints by index; consecutive ones as a slice, which is cheaper in the graph."""
    first, last = indices[0], indices[-1]
    if [*indices] == list(range(first, last + 1)):
        return points[:, first : last + 1]
    return points[:, [*indices]]


def zero_missing(values: Any, xp: Any) -> Any:
    """Replace NaN and infinity by 0."""
    return xp.where(xp.isfinite(values), values, xp.zeros_like(values))


def flatten(points: Any) -> Any:
    """(N, M, D) → (N, M D)."""
    return points.reshape(-1, points.shape[1] * points.shape[2])


@dataclass(frozen=True)
class SpaceFeatures(FeatureSet):
    """The features of a 3-D hand.

    Its rotation is kept as the directions of its bones and of its palm's two axes; position and
    scale are removed. Its shape in its own frame is the same for every rotation and either hand.
    """

    axes: int = 3

    def compute(self, seen: Any, xp: Any = np) -> Any:
        """Compute (N, F) features of (N, K, 3) keypoints as the viewer saw them:
        edge directions, coordinates in the hand's own frame, palm axes, distances."""
        from_root = self._normalise_pose(seen, xp)
        frame = canonical_frame_3d(from_root, self.skeleton, xp)
        edges = flatten(self._compute_edges(from_root, xp))
        parts = [edges, flatten(_select_keypoints(frame.own, self.non_root))]
        distances = self._measure_tips(frame.own, xp)
        return xp.concatenate([*parts, frame.across, frame.along, distances], 1)
