"""Which samples may be labelled wrongly: what their neighbours are, what a model says of them.

Convention: a label-noise score is 0 (none) to 1, NaN where nothing is known. N samples, F features,
C gestures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.loading import load_before_scipy

NEIGHBOURS = 15
_REFERENCES = 8_000  # samples that may be somebody's neighbour
_OF_A_RECORDING = 15  # of them from one recording, so that a long one doesn't answer for all
_ROWS = 2_000  # looked up at once

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NoiseScores:
    """How likely each label is an error.

    Attributes:
        share: (N,) the label-noise score, NaN where nothing is known.
        other: (N,) the gesture that it looks like instead; the own one where none is likelier.
    """

    share: Floats
    other: Ints


def noise_by_neighbours(
    features: Floats,
    labels: Ints,
    recordings: Ints,
    *,
    seed: int = 0,
    progress: Callable[[float], Any] = lambda share: None,
) -> NoiseScores:
    """The share of a sample's nearest neighbours that have another label.

    Neighbours are looked for in other recordings, because a recording's frames are near copies of
    each other, label included. Where a gesture has one recording only, that one counts, too.

    Args:
        features: (N, F).
        labels: (N,) any integers.
        recordings: (N,) which recording a sample is of.
        progress: called with the share that is done.
    """
    n = len(labels)
    share, other = np.full(n, np.nan, np.float32), labels.copy()
    chosen = references(labels, recordings, np.random.default_rng(seed))
    if n < 2 or len(chosen) < 2:
        return NoiseScores(share, other)
    load_before_scipy()
    from sklearn.neighbors import NearestNeighbors

    asked = min(len(chosen), NEIGHBOURS + _OF_A_RECORDING + 1)
    found = NearestNeighbors(n_neighbors=asked, algorithm="brute").fit(features[chosen])
    alone = _alone(labels, recordings)
    for begin in range(0, n, _ROWS):
        rows = np.arange(begin, min(begin + _ROWS, n))
        near = chosen[found.kneighbors(features[rows], return_distance=False)]
        own = np.where(
            alone[rows, None], near == rows[:, None], recordings[near] == recordings[rows, None]
        )
        share[rows], other[rows] = _vote(labels[near], ~own, labels[rows])
        progress((begin + len(rows)) / n)
    return NoiseScores(share, other)


def references(labels: Ints, recordings: Ints, rng: np.random.Generator) -> Ints:
    """Rows that may be neighbours: of every gesture in a recording as many, at most 15, fewer where
    there are many recordings."""
    shuffled = rng.permutation(len(labels))
    order = shuffled[np.lexsort((labels[shuffled], recordings[shuffled]))]
    starts = np.flatnonzero(
        np.r_[True, (np.diff(recordings[order]) != 0) | (np.diff(labels[order]) != 0)][: len(order)]
    )
    ranks = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    allowed = order[ranks < min(_OF_A_RECORDING, max(1, _REFERENCES // max(1, len(starts))))]
    if len(allowed) > _REFERENCES:
        allowed = rng.choice(allowed, _REFERENCES, replace=False)
    return np.sort(allowed)


def _alone(labels: Ints, recordings: Ints) -> NDArray[np.bool_]:
    """(N,) whether a sample's gesture has a single recording."""
    pairs = np.unique(np.stack([labels, recordings], 1), axis=0)
    gestures, recordings = np.unique(pairs[:, 0], return_counts=True)
    return np.isin(labels, gestures[recordings == 1])


def _vote(near: Ints, counts: NDArray[np.bool_], own: Ints) -> tuple[Floats, Ints]:
    """Of the first neighbours that count: the share of other labels, and the most frequent."""
    counts = counts & (np.cumsum(counts, axis=1) <= NEIGHBOURS)
    gestures = np.unique(near)
    votes = np.stack([((near == g) & counts).sum(axis=1) for g in gestures], axis=1)
    voters = votes.sum(axis=1)
    agreeing = ((near == own[:, None]) & counts).sum(axis=1)
    share = np.full(len(own), np.nan, np.float32)
    np.divide(voters - agreeing, voters, out=share, where=voters > 0)
    likeliest = gestures[votes.argmax(axis=1)]
    return share, np.where(2 * agreeing >= voters, own, likeliest)


def noise_by_model(probabilities: Floats, labels: Ints) -> NoiseScores:
    """How much probability a model gives to other gestures.

    Args:
        probabilities: (N, C).
        labels: (N,) index into C; −1 where the model does not know the gesture.
    """
    known = labels >= 0
    own = probabilities[np.arange(len(labels)), np.where(known, labels, 0)]
    share = np.where(known, 1 - own, np.nan).astype(np.float32)
    return NoiseScores(share, np.where(known, probabilities.argmax(axis=1), labels))
