"""A flat map of the samples' features: near points are hands that look alike. N samples, F
features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.gestures.evaluation.label_noise import Floats, Ints
from core.gestures.loading import load_before_scipy

POINTS = 5_000  # drawn at most
_KEPT = 30  # directions that t-SNE looks at; the rest is noise
_PERPLEXITY = 30.0


@dataclass(frozen=True, eq=False)
class Flat:
    """Points of a map.

    Attributes:
        points: (N, 2) float32; only the distances mean something.
        explained: the share of the features' variance that the map shows; NaN for t-SNE.
    """

    points: Floats
    explained: float = float("nan")


def pick_evenly(groups: Ints, limit: int = POINTS, seed: int = 0) -> Ints:
    """At most `limit` rows in ascending order, of every group its share, small groups whole first:
    no group gets fewer than an equal part while a larger one gets more.

    Args:
        groups: (N,) any integers.
    """
    if len(groups) <= limit:
        return np.arange(len(groups))
    rng = np.random.default_rng(seed)
    names, counts = np.unique(groups, return_counts=True)
    space, chosen = limit, []
    for left, i in zip(range(len(names), 0, -1), np.argsort(counts, kind="stable"), strict=True):
        rows = np.flatnonzero(groups == names[i])
        part = min(len(rows), space // left)
        chosen.append(rng.choice(rows, part, replace=False))
        space -= part
    return np.sort(np.concatenate(chosen))


def pca(features: Floats) -> Flat:
    """The two directions in which the features differ most; the same data give the same map."""
    if _all_alike(features):
        return Flat(np.zeros((len(features), 2), np.float32), 1.0)
    points, shares = _projected(features, 2)
    return Flat(points, float(shares.sum()))


def tsne(features: Floats, seed: int = 0) -> Flat:
    """t-SNE (van der Maaten and Hinton 2008) from the PCA map on: neighbours stay neighbours, the
    distances between groups mean little. 5,000 points take about a minute."""
    if len(features) < 4 or _all_alike(features):
        return pca(features)
    load_before_scipy()
    from sklearn.manifold import TSNE

    few, _ = _projected(features, _KEPT)
    perplexity = min(_PERPLEXITY, (len(few) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(few)
    return Flat(found.astype(np.float32))


def _all_alike(features: Floats) -> bool:
    return len(features) < 2 or not np.ptp(features, axis=0).any()


def _projected(features: Floats, count: int) -> tuple[Floats, NDArray[np.float64]]:
    """(N, ≤ count) along the directions by falling variance, and each one's share of it."""
    load_before_scipy()
    from sklearn.decomposition import PCA

    directions = PCA(min(count, *features.shape), svd_solver="full")
    points = directions.fit_transform(features.astype(np.float64))
    return points.astype(np.float32), directions.explained_variance_ratio_
