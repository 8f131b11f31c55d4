"""Errors of predicted keypoints, and the rates and means that papers report.

Convention: a distance is NaN where the target is missing (it counts nowhere) and infinite where
only the predicted keypoint is (it counts as wrong). Shares are 0..1.
Legend: N poses, K keypoints.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Distances = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pck:
    """Shares of keypoints that are close enough to the target.

    Attributes:
        joints: (K,) share of each keypoint; NaN where the target has none.
        counts: (K,) number of true keypoints behind each share.
    """

    joints: Distances
    counts: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean over the keypoints that the target has, each weighing the same; NaN without any."""
        return float(self.joints[self.counts > 0].mean()) if self.counts.any() else float("nan")

    @property
    def weighted(self) -> float:
        """Return the rate over all keypoints of all poses, as MPII reports it; NaN without any."""
        if not self.counts.any():
            return float("nan")
        return float(np.nansum(self.joints * self.counts) / self.counts.sum())


def keypoint_distances(predicted: ArrayLike, target: ArrayLike, size: ArrayLike = 1.0) -> Distances:
    """Compute distances of predicted from true keypoints, (N, K), in units of each pose's size; NaN
    where the target is missing, infinite where only the prediction is.

    Args:
        predicted: (N, K, 2) pixels (or 3-D), NaN where missing.
        target: same shape, NaN where missing.
        size: (N,) what to divide by, in pixels, or one number for all.

    Raises:
        ValueError: the shapes differ, or a size is not above 0.
    """
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
    """Compute PCK, each keypoint's fraction of poses with a distance of at most `limit`, and how
    many poses have it.

    Args:
        distances: (N, K), from `keypoint_distances`.
        limit: in the same unit, e.g. 0.2 of the torso, 0.5 of the head (PCKh).
    """
    counts = (~np.isnan(distances)).sum(axis=0)
    correct = (distances <= limit).sum(axis=0)
    return Pck(np.where(counts > 0, correct / np.maximum(counts, 1), np.nan), counts)


def pck_interval(
    distances: Distances,
    limit: float,
    rng: np.random.Generator,
    pictures: ArrayLike | None = None,
    draws: int = 2000,
) -> tuple[float, float]:
    """Compute the 95 % confidence interval of `pck(…).weighted` by a bootstrap over pictures, since
    errors within a picture are correlated.

    Args:
        distances: (N, K), from `keypoint_distances`; or (S, N, K) of several nets on the same
            poses, whose rates are pooled.
        pictures: (N,) which picture each pose is in; None: each in another.
    """
    correct, counts = _count_correct_by_picture(distances, limit, pictures)
    drawn = rng.integers(0, len(correct), (draws, len(correct)))
    shares = correct[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def _count_correct_by_picture(
    distances: Distances, limit: float, pictures: ArrayLike | None = None
) -> tuple[Distances, Distances]:
    """Count each picture's correct keypoints and its true ones; without `pictures` each pose is a
    picture of its own."""
    whole = distances.reshape(-1, *distances.shape[-2:])
    correct, counts = (whole <= limit).sum(axis=(0, 2)), (~np.isnan(whole)).sum(axis=(0, 2))
    poses = np.arange(len(counts)) if pictures is None else np.asarray(pictures)
    which = np.unique(poses, return_inverse=True)[1]
    sums = [np.bincount(which, values).astype(np.float64) for values in (correct, counts)]
    return sums[0], sums[1]


def epe(distances: Distances) -> float:
    """End-point error: the mean distance of the keypoints that both have; NaN without any."""
    both = distances[np.isfinite(distances)]
    return float(both.mean()) if len(both) else float("nan")


def mean_error_by_keypoint(distances: Distances) -> Distances:
    """Compute each keypoint's mean distance, (K,), over poses where prediction and target have it;
    NaN without any."""
    both = np.isfinite(distances)
    counts = both.sum(axis=0)
    total = np.where(both, distances, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def success_rates(distances: Distances, limits: ArrayLike) -> Distances:
    """Compute the success curve, (L,): the fraction of poses whose largest distance is at most each
    limit, leaving out poses without a target.

    Args:
        distances: (N, K), from `keypoint_distances`.
        limits: (L,) in the same unit, e.g. 10 to 80 mm.
    """
    known = ~np.isnan(distances)
    worst = np.where(known, distances, -np.inf).max(axis=1)[known.any(axis=1)]
    within = worst[:, None] <= np.asarray(limits, np.float64)
    return within.mean(axis=0) if len(within) else np.full(within.shape[1], np.nan)


def summarize_distances(distances: Distances) -> dict[str, float | None]:
    """Return "pck@0.1", "pck@0.2" and "mean_error" over all keypoints of all poses, rounded to four
    digits; None where no target has a keypoint.

    Args:
        distances: (N, K), from `keypoint_distances`.
    """
    shares = {f"pck@{limit}": pck(distances, limit).weighted for limit in (0.1, 0.2)}
    figures = shares | {"mean_error": epe(distances)}
    return {name: None if np.isnan(v) else round(v, 4) for name, v in figures.items()}


def torso_lengths(target: ArrayLike, left_shoulder: int, right_hip: int) -> Distances:
    """Compute each true pose's distance from left shoulder to right hip, (N,) pixels: LSP's
    normaliser.

    Args:
        target: (N, K, 2) pixels.
        left_shoulder, right_hip: their places among the K keypoints.
    """
    joints = np.asarray(target, np.float64)
    return np.linalg.norm(joints[:, left_shoulder] - joints[:, right_hip], axis=-1)


def oks(predicted: ArrayLike, target: ArrayLike, area: ArrayLike, sigmas: ArrayLike) -> Distances:
    """Compute each pose's object keypoint similarity with its target, (N,) 0..1, as COCO does: the
    mean over the target's keypoints; NaN where it has none.

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
    counts = known.sum(axis=1)
    total = np.where(known, similar, 0.0).sum(axis=1)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def oks_nms(
    keypoints: ArrayLike,
    scores: ArrayLike,
    areas: ArrayLike,
    sigmas: ArrayLike,
    limit: float = 0.9,
) -> list[int]:
    """Drop poses of one picture that are too similar (OKS above `limit`) to a better one; return
    the others' indices, best first.

    Args:
        keypoints: (N, K, 2) pixels.
        scores, areas: (N,).
    """
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
