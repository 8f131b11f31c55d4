"""Windows of keypoints → features of each of their frames, once for numpy, torch and the exported
graph, made from the skeleton.

Convention: position and scale are removed, the screen's directions are kept. A path is measured in
units of its own reach; only whether there is one is told by the pose's size, or, of a single
keypoint, which has no size, by the unit that it came in. N windows, T frames, K keypoints, D axes,
F features.
"""

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np

from core.errors import SkeletonError
from core.gestures.features.feature_set import FeatureSet, SpaceFeatures, finite
from core.pose.canonical_frame import EPS, squared_length
from core.pose.skeletons.table import SKELETONS, Skeleton

_LEAST_REACH = 0.01  # of a path: less is a hand that trembles
MOVES = 0.15  # a path that reaches farther is one, however far
_SLOW = 0.002  # a step of this length has half a direction
_QUICK = 4.0  # what steps are multiplied by, to be of the size of places


@dataclass(frozen=True)
class MotionFeatures:
    """The features of one skeleton's windows: of the path of its root and of its traced keypoint,
    and of the shape that it has on the way.

    Attributes:
        skeleton: whose keypoints.
        axes: D of a keypoint.
        version: changes with the numbers that come out; a model names the one it was trained on.
    """

    skeleton: Skeleton
    axes: int = 2
    version: int = 1

    @cached_property
    def _still(self) -> FeatureSet:
        return (SpaceFeatures if self.axes == 3 else FeatureSet)(self.skeleton, 0)

    @cached_property
    def _shape(self) -> list[int]:
        """The keypoints that say something once the root is the origin."""
        still = self.skeleton.root if len(self.skeleton.root) == 1 else ()
        return [j for j in range(self.skeleton.size) if j not in still]

    @cached_property
    def count(self) -> int:
        """Number of features F of a frame."""
        paths = 2 if self._shape else 1
        return paths * (4 * self.axes + 2) + 2 * self.axes * len(self._shape)

    @cached_property
    def compared(self) -> list[slice]:
        """What two windows are compared by, frame by frame: where each path is, the directions of
        its steps, and the shape."""
        d, size = self.axes, 4 * self.axes + 2
        starts = range(0, (2 if self._shape else 1) * size, size)
        parts = [slice(start + at, start + at + d) for start in starts for at in (0, 3 * d)]
        if self._shape:
            begin = 2 * size
            parts.append(slice(begin, begin + d * len(self._shape)))
        return parts

    def __call__(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """(N, T, F) features, finite whatever comes in.

        Args:
            keypoints: (N, T, K, D) in any unit with one scale for all axes; NaN where missing.
            mirrored_view: (N,) bool.
            xp: the array library of the arguments, numpy or torch.

        Raises:
            SkeletonError: keypoints of another skeleton.
        """
        if len(keypoints.shape) != 4 or keypoints.shape[3] != self.axes:
            raise SkeletonError(
                f"these keypoints are {tuple(keypoints.shape)}, the features of a moving gesture "
                f"are made of (N, frames, {self.skeleton.size}, {self.axes})"
            )
        self.skeleton.check(keypoints.shape[2])
        return self.features_of(self.as_seen(keypoints, mirrored_view, xp), xp)

    def as_seen(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """(N, T, K, D) keypoints as the viewer saw them, mirrored ones as in a mirror."""
        return self._still.as_seen(keypoints, mirrored_view, xp)

    def features_of(self, seen: Any, xp: Any = np) -> Any:
        """Of (N, T, K, D) keypoints as the viewer saw them."""
        ways, shape = self._ways(seen, xp)
        paths = [_path(way, xp) for way in ways]
        if not self._shape:
            return paths[0]
        shape = shape[:, :, self._shape]
        shape = shape.reshape(-1, shape.shape[1], shape.shape[2] * shape.shape[3])
        return xp.concatenate([*paths, shape, _steps(shape, xp) * _QUICK], 2)

    def reach(self, keypoints: Any, xp: Any = np) -> Any:
        """(N,) of (N, T, K, D): how far the longer path goes from its middle, in sizes of the
        pose."""
        ways, _ = self._ways(keypoints, xp)
        return xp.amax(xp.stack([_reach(way, xp) for way in ways], -1), 1)

    def _ways(self, points: Any, xp: Any) -> tuple[list[Any], Any]:
        """(N, T, D) the root's way and that of the traced keypoint, and (N, T, K, D) the keypoints
        from the root, in sizes of the pose; of a single keypoint its way as it came."""
        root = self._root(points, xp)
        if not self._shape:
            return [root[:, :, 0]], None
        from_root = finite(points - root, xp)
        lengths = xp.sqrt(xp.amax(squared_length(from_root), 2) + EPS)
        size = xp.mean(lengths, 1)[:, None, None]
        traced = (root[:, :, 0] + from_root[:, :, self.skeleton.traced]) / size
        return [root[:, :, 0] / size, traced], from_root / size[..., None]

    def _root(self, seen: Any, xp: Any) -> Any:
        """(N, T, 1, D) the mean of the root's keypoints that are seen; 0 where none is."""
        joints = [seen[:, :, joint : joint + 1] for joint in self.skeleton.root]
        ones = [xp.where(xp.isfinite(j), xp.ones_like(j), xp.zeros_like(j)) for j in joints]
        total = reduce(add, (finite(joint, xp) for joint in joints))
        count = reduce(add, ones)
        return total / xp.where(count > 0.5, count, xp.ones_like(count))


def _path(points: Any, xp: Any) -> Any:
    """(N, T, 4 D + 2) of a point's (N, T, D) way: where it is from the way's middle and from its
    beginning, its steps, their directions, how quick it is and how far it reaches."""
    from_middle = points - xp.mean(points, 1)[:, None]
    reach = _reach(points, xp)[:, None, None]
    # how far somebody reaches says who it is, not what it means; but whether anything moves does
    told = xp.where(reach < MOVES, reach, xp.ones_like(reach) * MOVES)
    steps = _steps(points, xp)
    speed = xp.sqrt(squared_length(steps) + EPS**2)[..., None]
    parts = [
        from_middle / reach,
        (points - points[:, 0:1]) / reach,
        steps / reach * _QUICK,
        steps / (speed + _SLOW),
        xp.log(speed / reach + _SLOW) + 4.0,
        xp.log(told) + 3.0 + speed * 0.0,
    ]
    return xp.concatenate(parts, 2)


def _reach(points: Any, xp: Any) -> Any:
    """(N,) of (N, T, D): the farthest from their middle."""
    from_middle = points - xp.mean(points, 1)[:, None]
    return xp.sqrt(xp.amax(squared_length(from_middle), 1) + _LEAST_REACH**2)


def _steps(points: Any, xp: Any) -> Any:
    """(N, T, M) from each frame to the next; the first counts twice."""
    steps = points[:, 1 : points.shape[1]] - points[:, 0 : points.shape[1] - 1]
    return xp.concatenate([steps[:, 0:1], steps], 1)


MOTION_FEATURES = {
    (name, axes): MotionFeatures(one, axes)
    for name, one in SKELETONS.items()
    for axes in ((2, 3) if one.is_hand else (2,))
}


def motion_features(skeleton: str, axes: int = 2) -> MotionFeatures:
    """The features of moving gestures of the skeleton of that name.

    Raises:
        SkeletonError: there are none for it.
    """
    if (skeleton, axes) not in MOTION_FEATURES:
        raise SkeletonError(
            f"no features of moving gestures are known for “{skeleton}”, {axes} axes"
        )
    return MOTION_FEATURES[skeleton, axes]
