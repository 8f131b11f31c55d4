"""Rotation-normalised pose coordinates, for numpy and torch.

Convention: `from_root` are (N, K, D) keypoints with the skeleton's root at the origin, y down and z
away; D is 2, or 3 where it says "in space". N poses, K keypoints.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np

from core.pose.skeletons.table import Skeleton

EPS = 1e-6


class CanonicalFrame(NamedTuple):
    """Poses rotated so that their headings agree."""

    # (N, K, 2) the keypoints as (across, along): the heading points along; of a hand, the thumb's
    # side lies at positive across, so that left and right hands look alike
    own: Any
    heading: Any  # (N, 2) where the pose points, of length 1
    flipped: Any  # (N,) bool, true where it took a mirror to bring the thumb's side there


def canonical_frame(from_root: Any, skeleton: Skeleton, xp: Any = np) -> CanonicalFrame:
    """Rotate 2-D poses to a common heading, and mirror hands that have the thumb on the other side;
    sizes don't change. A pose of length 0 has heading 0.

    Args:
        from_root: large beside a thousandth: the heading of a smaller pose is too short.
        xp: the array library of the argument, numpy or torch.
    """
    heading = to_unit_length(_heading_sum(from_root, skeleton), xp)
    hx, hy = heading[:, None, 0], heading[:, None, 1]
    along = from_root[..., 0] * hx + from_root[..., 1] * hy
    across = from_root[..., 1] * hx - from_root[..., 0] * hy
    if skeleton.sides is None:
        flipped = heading[:, 0] != heading[:, 0]
    else:
        near, far = skeleton.sides
        flipped = across[:, near] - across[:, far] < 0
        across = xp.where(flipped[:, None], -across, across)
    return CanonicalFrame(xp.stack([across, along], -1), heading, flipped)


class CanonicalFrame3d(NamedTuple):
    """3-D poses rotated so that their palms agree."""

    # (N, K, 3) the keypoints as (across, along, in), as above; what the fingertips bend to is in
    own: Any
    across: Any  # (N, 3) these axes, of length 1
    along: Any
    inwards: Any


def canonical_frame_3d(from_root: Any, skeleton: Skeleton, xp: Any = np) -> CanonicalFrame3d:
    """Rotate 3-D hands to a common heading and palm direction, and mirror left hands; sizes, which
    should be much larger than 0.001, don't change."""
    assert skeleton.sides is not None
    near, far = skeleton.sides
    along = to_unit_length(_heading_sum(from_root, skeleton), xp)
    side = from_root[:, near] - from_root[:, far]
    across = to_unit_length(side - along * _dot_product(side, along)[:, None], xp)
    inwards = _cross_product(along, across, xp)
    tips = reduce(add, (from_root[:, group[-1]] for group in skeleton.groups.values()))
    away = _dot_product(tips, inwards)[:, None] < 0
    inwards = xp.where(away, -inwards, inwards)
    axes = across, along, inwards
    own = xp.stack([_dot_product(from_root, axis[:, None]) for axis in axes], -1)
    return CanonicalFrame3d(own, *axes)


def heading_length(from_root: Any, skeleton: Skeleton, xp: Any = np) -> Any:
    """Return (N,) distances from the root to the mean of the heading's keypoints."""
    return xp.sqrt(squared_length(_heading_sum(from_root, skeleton))) / len(skeleton.heading)


def root_position(points: Any, joints: Sequence[int]) -> Any:
    """Return the (N, 1, D) mean of these keypoints."""
    total = reduce(add, (points[:, joint : joint + 1] for joint in joints))
    return total if len(joints) == 1 else total / len(joints)


def squared_length(vectors: Any) -> Any:
    """Return (...) squared lengths of (..., D) vectors."""
    return _dot_product(vectors, vectors)


def to_unit_length(vectors: Any, xp: Any = np) -> Any:
    """Scale (..., D) vectors to length 1; those far below 0.001 stay short, and 0 stays 0."""
    return vectors / xp.sqrt(squared_length(vectors) + EPS)[..., None]


def _heading_sum(from_root: Any, skeleton: Skeleton) -> Any:
    """(N, D) the sum of the heading's keypoints."""
    return reduce(add, (from_root[:, joint] for joint in skeleton.heading))


def _dot_product(a: Any, b: Any) -> Any:
    """(...) of (..., D) vectors."""
    return reduce(add, (a[..., i] * b[..., i] for i in range(a.shape[-1])))


def _cross_product(a: Any, b: Any, xp: Any) -> Any:
    """(N, 3) of (N, 3) vectors."""
    turns = ((1, 2), (2, 0), (0, 1))
    return xp.stack([a[:, i] * b[:, j] - a[:, j] * b[:, i] for i, j in turns], -1)
