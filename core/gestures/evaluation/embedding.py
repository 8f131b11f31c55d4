"""2-D maps of the samples' features: near points are hands that look similar. N samples, F
features."""

import numpy as np
from numpy.typing import NDArray

from core.gestures.evaluation.label_noise import Floats, Ints
from core.gestures.loading import import_torch_first

POINTS = 5_000  # of a map at most
_COMPONENTS = 30  # that t-SNE gets; the rest is noise
_PERPLEXITY = 30.0


def sample_evenly(groups: Ints, limit: int = POINTS) -> Ints:
    """Draw at most `limit` rows without replacement: all of small groups, equally many of larger
    ones. Return them in ascending order. `groups` are any (N,) integers."""
    if len(groups) <= limit:
        return np.arange(len(groups))
    rng = np.random.default_rng(0)
    names, counts = np.unique(groups, return_counts=True)
    space, chosen = limit, []
    for left, i in zip(range(len(names), 0, -1), np.argsort(counts, kind="stable"), strict=True):
        rows = np.flatnonzero(groups == names[i])
        part = min(len(rows), space // left)
        chosen.append(rng.choice(rows, part, replace=False))
        space -= part
    return np.sort(np.concatenate(chosen))


def embed_by_pca(features: Floats) -> tuple[Floats, float]:
    """Project the features on two principal components, all zeros for identical samples; return the
    (N, 2) points, in which only distances are meaningful, and the fraction of the features'
    variance that they explain."""
    if _are_identical(features):
        return np.zeros((len(features), 2), np.float32), 1.0
    points, explained = _project_on_components(features, 2)
    return points, float(explained.sum())


def embed_by_tsne(features: Floats) -> tuple[Floats, float]:
    """Embed features in 2-D by t-SNE (van der Maaten and Hinton 2008) after PCA: only nearby points
    are comparable. Use PCA for fewer than 4 or identical samples. 5,000 points take about a minute.
    Return the points as `embed_by_pca`, but NaN for the fraction."""
    if len(features) < 4 or _are_identical(features):
        return embed_by_pca(features)
    import_torch_first()
    from sklearn.manifold import TSNE

    few, _ = _project_on_components(features, _COMPONENTS)
    perplexity = min(_PERPLEXITY, (len(few) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(few)
    return found.astype(np.float32), float("nan")


def _are_identical(features: Floats) -> bool:
    return len(features) < 2 or not np.ptp(features, axis=0).any()


def _project_on_components(features: Floats, count: int) -> tuple[Floats, NDArray[np.float64]]:
    """Project the features on up to `count` principal components; return the (N, ≤ count) points
    and each component's fraction of the variance."""
    import_torch_first()
    from sklearn.decomposition import PCA

    model = PCA(min(count, *features.shape), svd_solver="full")
    points = model.fit_transform(features.astype(np.float64))
    return points.astype(np.float32), model.explained_variance_ratio_
