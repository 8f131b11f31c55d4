"""Errors of predicted keypoints, and the rates and means that papers report.

Convention: a distance is NaN where the target is missing (it counts nowhere) and infinite where
only the predicted keypoint is (it counts as wrong). Shares are 0..1.
Legend: N poses, K keypoints; `distances` are (N, K), from `keypoint_distances`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Distances = NDArray[np.float64]
_DRAWS = 2000  # of the bootstrap


@dataclass(frozen=True, eq=False)
class Pck:
    """Shares of keypoints that are close enough to the target."""

    joints: Distances  # (K,) share of each keypoint; NaN where the target has none
    counts: NDArray[np.int64]  # (K,) number of true keypoints behind each share

    @property
    def mean(self) -> float:
        """Mean over the keypoints that the target has, each weighing the same; NaN without any."""
        return float(self.joints[self.counts > 0].mean()) if self.counts.any() else float("nan")

    @property
    def overall_rate(self) -> float:
        """Return the rate over all keypoints of all poses, as MPII reports it; NaN without any."""
        total = self.counts.sum()
        return float(np.nansum(self.joints * self.counts) / total) if total else float("nan")


def keypoint_distances(predicted: ArrayLike, target: ArrayLike, size: ArrayLike = 1.0) -> Distances:
    """Compute (N, K) distances between predicted and true keypoints, both (N, K, 2 or 3), divided
    by each pose's size; NaN if the target is missing, infinite if only the prediction is. Raise
    ValueError if the shapes differ, or a size is not above 0."""
    ours, theirs = np.asarray(predicted, np.float64), np.asarray(target, np.float64)
    if ours.shape != theirs.shape or ours.ndim != 3:
        raise ValueError(
            f"found and target must both be (N, K, 2), got {ours.shape}, {theirs.shape}"
        )
    unit = np.broadcast_to(np.asarray(size, np.float64), (len(ours),))
    if not (unit > 0).all():
        raise ValueError(f"sizes must be above 0, got {unit[~(unit > 0)][0]}")
    distances = np.linalg.norm(ours - theirs, axis=-1) / unit[:, None]
    known = np.isfinite(theirs).all(axis=-1)
    return np.where(known, np.nan_to_num(distances, nan=np.inf, posinf=np.inf), np.nan)


def pck(distances: Distances, limit: float) -> Pck:
    """Compute PCK: for each keypoint, the fraction of poses with a distance of at most `limit` (0.2
    of the torso, or for PCKh 0.5 of the head), and the number of poses that have it."""
    known = ~np.isnan(distances)
    return Pck(_average_where(known, distances <= limit, axis=0), known.sum(axis=0))


def pck_interval(
    distances: Distances, limit: float, rng: np.random.Generator, pictures: ArrayLike | None = None
) -> tuple[float, float]:
    """Compute the 95 % confidence interval of `pck(…).overall_rate` by a bootstrap over pictures,
    since errors in the same picture are correlated.

    Args:
        distances: (N, K); or (S, N, K) of several nets on the same poses, whose rates are pooled.
        pictures: (N,) which picture each pose is in; None: each in another.
    """
    nets = distances.reshape(-1, *distances.shape[-2:])
    poses = np.arange(nets.shape[1]) if pictures is None else np.asarray(pictures)
    which = np.unique(poses, return_inverse=True)[1]
    correct, counts = (  # of each picture's keypoints
        np.bincount(which, values.sum(axis=(0, 2))) for values in (nets <= limit, ~np.isnan(nets))
    )
    drawn = rng.integers(0, len(correct), (_DRAWS, len(correct)))
    shares = correct[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def _average_where(known: NDArray[np.bool_], values: NDArray[Any], axis: int) -> Distances:
    """Return the means of the known values along an axis; NaN if none is known."""
    counts = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def epe(distances: Distances) -> float:
    """End-point error: the mean distance of the keypoints that both have; NaN without any."""
    both = distances[np.isfinite(distances)]
    return float(both.mean()) if len(both) else float("nan")


def mean_error_by_keypoint(distances: Distances) -> Distances:
    """Compute each keypoint's mean distance, (K,), over poses where both have it; else NaN."""
    return _average_where(np.isfinite(distances), distances, axis=0)


def success_rates(distances: Distances, limits: ArrayLike) -> Distances:
    """Compute the success curve, (L,): for each of (L,) limits, the fraction of poses with all
    distances within it, ignoring poses without a target."""
    known = ~np.isnan(distances)
    worst = np.where(known, distances, -np.inf).max(axis=1)[known.any(axis=1)]
    within = worst[:, None] <= np.asarray(limits, np.float64)
    return within.mean(axis=0) if len(within) else np.full(within.shape[1], np.nan)


def summarize_distances(distances: Distances) -> dict[str, float | None]:
    """Return "pck@0.1", "pck@0.2" and "mean_error" over all keypoints of all poses, rounded to four
    digits; None if the targets have no keypoints."""
    shares = {f"pck@{limit}": pck(distances, limit).overall_rate for limit in (0.1, 0.2)}
    figures = shares | {"mean_error": epe(distances)}
    return {name: None if np.isnan(v) else round(v, 4) for name, v in figures.items()}


def torso_lengths(target: ArrayLike, left_shoulder: int, right_hip: int) -> Distances:
    """Compute the distance from left shoulder to right hip, LSP's normaliser, of each true pose (N,
    K, 2); the keypoints are given by index."""
    joints = np.asarray(target, np.float64)
    return np.linalg.norm(joints[:, left_shoulder] - joints[:, right_hip], axis=-1)


def oks(predicted: ArrayLike, target: ArrayLike, area: ArrayLike, sigmas: ArrayLike) -> Distances:
    """Compute each pose's object keypoint similarity with its target, (N,) 0..1, as COCO does: the
    mean over the target's keypoints, or NaN if it has none.

    Args:
        predicted, target: (N, K, 2) pixels, NaN where missing; what only the target has counts 0.
        area: (N,) of the target, square pixels, or one number for all.
        sigmas: (K,), `Skeleton.oks_sigmas`.
    """
    distances = keypoint_distances(predicted, target)
    variances = (2 * np.asarray(sigmas, np.float64)) ** 2
    size = np.broadcast_to(np.asarray(area, np.float64), (len(distances),))[:, None] + np.spacing(1)
    similar = np.exp(-(distances**2) / (2 * variances * size))
    known = ~np.isnan(distances)
    return _average_where(known, similar, axis=1)


def oks_nms(
    keypoints: ArrayLike, scores: ArrayLike, areas: ArrayLike, sigmas: ArrayLike, limit: float = 0.9
) -> list[int]:
    """Drop poses (N, K, 2) of one picture that are too similar (OKS above `limit`) to a pose with a
    higher score; return the indices of the remaining poses, best first."""
    poses = np.asarray(keypoints, np.float64)
    sizes = np.asarray(areas, np.float64)
    waiting = [int(i) for i in np.argsort(-np.asarray(scores, np.float64), kind="stable")]
    kept: list[int] = []
    while waiting:
        best, *rest = waiting
        kept.append(best)
        same = np.broadcast_to(poses[best], (len(rest), *poses.shape[1:]))
        alike = oks(poses[rest], same, (sizes[best] + sizes[rest]) / 2, sigmas)
        waiting = [i for i, value in zip(rest, alike, strict=True) if not value > limit]
    return kept
