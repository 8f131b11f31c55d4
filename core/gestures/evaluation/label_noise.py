"""Samples that may be labelled wrongly, by their neighbours' labels and by a model's answers.

Convention: a label-noise score is 0 (no doubt) to 1, NaN where unknown. N samples, F features,
C gestures.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.gestures.loading import import_torch_first
from core.progress import Progress, ignore_progress

_NEIGHBOURS = 15
_MAX_REFERENCES = 8_000  # samples that neighbours are searched in
_PER_RECORDING = 15  # of them per gesture and recording, so that a long one doesn't dominate
_MAX_ROWS = 2_000  # looked up at once

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NoiseScores:
    """How likely each label is an error."""

    score: Floats  # (N,) 0 to 1, NaN where unknown
    other: Ints  # (N,) the more likely gesture; the sample's own where none is more likely


def score_by_neighbours(
    features: Floats, labels: Ints, recordings: Ints, progress: Progress = ignore_progress
) -> NoiseScores:
    """Score each sample by the fraction of its nearest neighbours that have another label, from (N,
    F) features, (N,) labels and (N,) recordings.

    Neighbours are searched in other recordings, because a recording's frames are near copies of
    each other, label included. If a gesture has only one recording, it is searched, too.
    """
    n = len(labels)
    score, other = np.full(n, np.nan, np.float32), labels.copy()
    chosen = draw_references(labels, recordings, np.random.default_rng(0))
    if n < 2 or len(chosen) < 2:
        return NoiseScores(score, other)
    import_torch_first()
    from sklearn.neighbors import NearestNeighbors

    count = min(len(chosen), _NEIGHBOURS + _PER_RECORDING + 1)
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(features[chosen])
    single = (pd.Series(recordings).groupby(labels).transform("nunique") == 1).to_numpy()
    for begin in range(0, n, _MAX_ROWS):
        rows = np.arange(begin, min(begin + _MAX_ROWS, n))
        near = chosen[search.kneighbors(features[rows], return_distance=False)]
        excluded = np.where(
            single[rows, None], near == rows[:, None], recordings[near] == recordings[rows, None]
        )
        score[rows], other[rows] = _vote_by_neighbours(labels[near], ~excluded, labels[rows])
        progress(begin + len(rows), n, "")
    return NoiseScores(score, other)


def draw_references(labels: Ints, recordings: Ints, rng: np.random.Generator) -> Ints:
    """Draw the rows in which neighbours are searched: at most 15 of each gesture in each recording,
    fewer if there are many recordings. Return them in ascending order."""
    shuffled = rng.permutation(len(labels))
    groups = pd.Series(labels[shuffled]).groupby([recordings[shuffled], labels[shuffled]])
    most = min(_PER_RECORDING, max(1, _MAX_REFERENCES // max(1, groups.ngroups)))
    allowed = shuffled[groups.cumcount() < most]
    return np.sort(allowed[:_MAX_REFERENCES])


def _vote_by_neighbours(
    neighbour_labels: Ints, is_allowed: NDArray[np.bool_], labels: Ints
) -> tuple[Floats, Ints]:
    """Return, for each row, the fraction of its first _NEIGHBOURS allowed neighbours with another
    label (NaN if it has no neighbours), and the suggested label: the majority's, or its own."""
    is_allowed = is_allowed & (np.cumsum(is_allowed, axis=1) <= _NEIGHBOURS)
    gestures = np.unique(neighbour_labels)
    votes = np.stack([((neighbour_labels == g) & is_allowed).sum(axis=1) for g in gestures], axis=1)
    voters = votes.sum(axis=1)
    agreeing = ((neighbour_labels == labels[:, None]) & is_allowed).sum(axis=1)
    score = np.full(len(labels), np.nan, np.float32)
    np.divide(voters - agreeing, voters, out=score, where=voters > 0)
    likeliest = gestures[votes.argmax(axis=1)]
    return score, np.where(2 * agreeing >= voters, labels, likeliest)


def score_by_model(probabilities: Floats, labels: Ints) -> NoiseScores:
    """Score each sample by the probability that a model assigns to other gestures, from its (N, C)
    probabilities and (N,) labels. NaN for label −1, a gesture unknown to the model."""
    known = labels >= 0
    own = probabilities[np.arange(len(labels)), np.where(known, labels, 0)]
    score = np.where(known, 1 - own, np.nan).astype(np.float32)
    return NoiseScores(score, np.where(known, probabilities.argmax(axis=1), labels))
