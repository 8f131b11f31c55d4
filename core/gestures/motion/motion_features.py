"""Windows of keypoints → features of each frame, the same code for numpy, torch and the exported
graph.

Convention: position and scale are removed, screen directions are kept. A path is measured in units
of its own reach; whether there is movement at all is judged by the pose's size, for a single
keypoint by the unit of its coordinates. N windows, T frames, K keypoints, D axes, F features; `xp`
is the array library: numpy, torch or a `Graph`.
"""

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np

from core.errors import SkeletonError
from core.gestures.features.feature_set import FeatureSet, zero_missing
from core.pose.canonical_frame import EPS, squared_length
from core.pose.skeletons.table import SKELETONS

_MIN_REACH = 0.01  # of a path; a smaller one is a trembling hand
MOVEMENT_REACH = 0.15  # pose sizes; a longer path has no more meaning
_MIN_SPEED = 0.002  # a step of this length has a direction of length 1/2
_STEP_GAIN = 4.0  # brings steps to the size of positions


@dataclass(frozen=True)
class MotionFeatures(FeatureSet):
    """The features of one skeleton's windows: the path of its root, the path of its traced
    keypoint, and its shape over time."""

    @cached_property
    def count(self) -> int:
        """Number of features F per frame."""
        windows = np.zeros((1, 2, self.skeleton.size, self.axes), np.float32)
        return int(self.compute(windows).shape[2])

    @cached_property
    def compared_slices(self) -> list[slice]:
        """Groups of features that `Templates` compares: for each path its positions and the
        directions of its steps, and the shape."""
        d, size = self.axes, 4 * self.axes + 2
        starts = range(0, (2 if self.non_root else 1) * size, size)
        parts = [slice(start + at, start + at + d) for start in starts for at in (0, 3 * d)]
        if self.non_root:
            parts.append(slice(2 * size, 2 * size + d * len(self.non_root)))
        return parts

    def __call__(self, keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
        """Compute (N, T, F) features, finite for any input, of (N, T, K, D) keypoints in any unit
        with the same scale on all axes, NaN where missing, and (N,) bool. Raise SkeletonError for
        keypoints of another skeleton."""
        if len(keypoints.shape) != 4 or keypoints.shape[3] != self.axes:
            raise SkeletonError(
                f"these keypoints are {tuple(keypoints.shape)}, the features of a moving gesture "
                f"are made of (N, frames, {self.skeleton.size}, {self.axes})"
            )
        self.skeleton.check(keypoints.shape[2])
        return self.compute(self.flip_mirrored(keypoints, mirrored_view, xp), xp)

    def compute(self, seen: Any, xp: Any = np) -> Any:
        """Compute (N, T, F) features of (N, T, K, D) keypoints as the viewer saw them, from the
        paths of the root and the traced keypoint, and from the shape."""
        paths, shape = self._split_paths_and_shape(seen, xp)
        path_features = [_describe_path(path, xp) for path in paths]
        if not self.non_root:
            return path_features[0]
        shape = shape[:, :, self.non_root]
        shape = shape.reshape(-1, shape.shape[1], shape.shape[2] * shape.shape[3])
        return xp.concatenate([*path_features, shape, _compute_steps(shape, xp) * _STEP_GAIN], 2)

    def measure_reach(self, keypoints: Any, xp: Any = np) -> Any:
        """Return the (N,) reach of the longer path from its centre, in pose sizes."""
        paths, _ = self._split_paths_and_shape(keypoints, xp)
        return xp.amax(xp.stack([_measure_path(path, xp) for path in paths], -1), 1)

    def _split_paths_and_shape(self, points: Any, xp: Any) -> tuple[list[Any], Any]:
        """Split windows into the (N, T, D) paths of root and traced keypoint and the (N, T, K, D)
        keypoints relative to the root, in pose sizes. A single keypoint is one path in its unit."""
        root = self._locate_root(points, xp)
        if not self.non_root:
            return [root[:, :, 0]], None
        from_root = zero_missing(points - root, xp)
        lengths = xp.sqrt(xp.amax(squared_length(from_root), 2) + EPS)
        size = xp.mean(lengths, 1)[:, None, None]
        traced = (root[:, :, 0] + from_root[:, :, self.skeleton.traced]) / size
        return [root[:, :, 0] / size, traced], from_root / size[..., None]

    def _locate_root(self, seen: Any, xp: Any) -> Any:
        """Return the (N, T, 1, D) mean of the root's visible keypoints; 0 if none is visible."""
        points = [seen[:, :, index : index + 1] for index in self.skeleton.root]
        visible = [xp.where(xp.isfinite(p), xp.ones_like(p), xp.zeros_like(p)) for p in points]
        total = reduce(add, (zero_missing(point, xp) for point in points))
        count = reduce(add, visible)
        return total / xp.where(count > 0.5, count, xp.ones_like(count))


def _describe_path(points: Any, xp: Any) -> Any:
    """Compute the (N, T, 4 D + 2) features of an (N, T, D) path: positions from its centre and its
    start, steps, their directions, speed, and reach up to MOVEMENT_REACH."""
    from_centre = points - xp.mean(points, 1)[:, None]
    reach = _measure_path(points, xp)[:, None, None]
    # a larger reach shows who performs, not what it means
    capped = xp.where(reach < MOVEMENT_REACH, reach, xp.ones_like(reach) * MOVEMENT_REACH)
    steps = _compute_steps(points, xp)
    speed = xp.sqrt(squared_length(steps) + EPS**2)[..., None]
    parts = [
        from_centre / reach,
        (points - points[:, 0:1]) / reach,
        steps / reach * _STEP_GAIN,
        steps / (speed + _MIN_SPEED),
        xp.log(speed / reach + _MIN_SPEED) + 4.0,
        xp.log(capped) + 3.0 + speed * 0.0,
    ]
    return xp.concatenate(parts, 2)


def _measure_path(points: Any, xp: Any) -> Any:
    """Return the (N,) distance of an (N, T, D) path's farthest point from its centre."""
    from_centre = points - xp.mean(points, 1)[:, None]
    return xp.sqrt(xp.amax(squared_length(from_centre), 1) + _MIN_REACH**2)


def _compute_steps(points: Any, xp: Any) -> Any:
    """Return the (N, T, M) differences between consecutive frames; the first is repeated."""
    steps = points[:, 1 : points.shape[1]] - points[:, 0 : points.shape[1] - 1]
    return xp.concatenate([steps[:, 0:1], steps], 1)


MOTION_FEATURES = {
    (name, axes): MotionFeatures(skeleton, 1, axes)
    for name, skeleton in SKELETONS.items()
    for axes in ((2, 3) if skeleton.is_hand else (2,))
}


def get_motion_features(skeleton: str, axes: int = 2) -> MotionFeatures:
    """Return the features of moving gestures for a skeleton, by its name, and 2 or 3 axes. Raise
    SkeletonError if the skeleton has none."""
    if found := MOTION_FEATURES.get((skeleton, axes)):
        return found
    raise SkeletonError(f"no features of moving gestures are known for “{skeleton}”, {axes} axes")
