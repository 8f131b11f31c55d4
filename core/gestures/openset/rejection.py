"""The rejection score of a gesture model, 0 to 1: how far a hand lies out of its distribution; and
the threshold above which the answer is "no gesture".

Convention: N samples, F standardised features, C gestures. benchmarks/open_set.py compares this
score with others.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from core.gestures.classifier.augmentation import Augmentation, Symmetries, augment
from core.gestures.classifier.fitting import AveragedAdamW
from core.gestures.classifier.nets import GestureNet, OpenSetNet, RejectionHead, run_net
from core.gestures.data import GestureData
from core.gestures.modelfile.metadata import Rejection
from core.gestures.openset.outliers import centre_and_fill, make_outliers
from core.pose.skeletons.table import skeleton_named
from core.training.background import Stop

TARGET = 0.96  # true-accept rate on held-out samples, each gesture weighing the same
_ENOUGH = 100  # held-out samples; their threshold needs no upper bound
# Fixed before a project's own samples are seen, on other data: with 0.08 the worst of five folds of
# the starter's people had a true-accept rate of 95 %; the other bounds did well on one person's
# hands with ten training samples a gesture.
_THRESHOLD_RANGE = {"with none": (0.08, 0.2), "without none": (0.2, 0.5)}
_MANY_PEOPLE = 6  # held-out people whose threshold needs no bounds
_MAX_EXAMPLES, _MIN_EXAMPLES, _PER_SAMPLE = 8000, 1500, 30  # of gestures, and of unknown hands
_EPOCHS, _BATCH, _RATE, _DECAY = 12, 256, 2e-3, 1e-2
_SMOOTHING = 0.02

_SPLIT_TEXTS = {
    "person": "of other people than those it was trained on",
    "session": "of other sessions of the same people",
    "burst": "of other recordings of the same session: optimistic",
    "tail": "from the last fifth of each recording: very optimistic",
}


def find_none_index(data: GestureData) -> int | None:
    """Return the index of `none` among the gestures; None if it isn't one of them."""
    return next((i for i, gesture in enumerate(data.gestures) if gesture.is_none), None)


def fit_rejection(
    net: GestureNet,
    data: GestureData,
    augmentation: Augmentation,
    seed: int = 0,
    stop: Stop | None = None,
    *,
    allow_early_stop: bool = True,
) -> OpenSetNet:
    """Fit a rejection head to a fitted net, which stays unchanged, on the net's own training
    samples and on unknown hands.

    Half of the unknown hands are samples of `none`, if there are any; the others are synthetic.

    Args:
        allow_early_stop: if stopped, return early with an unusable head.
    """
    generator = torch.Generator().manual_seed(seed)
    n = int(np.clip(_PER_SAMPLE * len(data), _MIN_EXAMPLES, _MAX_EXAMPLES))
    gestures, unknown = _make_examples(data, n, augmentation, generator)
    keypoints = torch.cat([gestures, unknown])
    unmirrored = torch.zeros(len(keypoints), dtype=torch.bool)
    x = net.standardise(net.features(keypoints, unmirrored, torch))
    y = torch.cat([torch.zeros(len(gestures)), torch.ones(len(unknown))])
    head = RejectionHead(x.shape[1], find_none_index(data), generator)
    optimizer = AveragedAdamW(head, _RATE, _DECAY)
    y = y * (1 - 2 * _SMOOTHING) + _SMOOTHING
    stop = stop or Stop()
    for _ in range(_EPOCHS):
        if allow_early_stop and stop.is_set():
            break
        for rows in torch.randperm(len(y), generator=generator).split(_BATCH):
            stop.check()
            log_odds = head.log_odds(x[rows], generator)
            optimizer.step(binary_cross_entropy_with_logits(log_odds, y[rows]))
    return OpenSetNet(net, optimizer.copy_average())


def _make_examples(
    data: GestureData, n: int, options: Augmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Make n augmented hands of gestures, balanced by gesture, and up to n unknown hands."""
    hands, labels = torch.from_numpy(centre_and_fill(data)), torch.from_numpy(data.labels)
    symmetries, none = Symmetries.from_gestures(data.gestures), find_none_index(data)
    weights = (1 / torch.bincount(labels))[labels]
    is_none = labels == (-1 if none is None else none)

    def sample(weights: torch.Tensor, count: int) -> torch.Tensor:
        rows = torch.multinomial(weights, count, replacement=True, generator=generator)
        return augment(hands[rows], labels[rows], options, symmetries, generator, data.feature_set)[
            0
        ]

    gestures = sample(torch.where(is_none, torch.zeros(()), weights), n)
    real = sample(is_none.float(), n // 2) if is_none.any() else hands[:0]
    seed = int(torch.randint(2**31, (), generator=generator))
    rng = np.random.default_rng(seed)
    synthetic = torch.from_numpy(make_outliers(data, n - len(real), rng))
    flipped = torch.rand(len(synthetic), generator=generator) < 0.5
    synthetic[..., 0] *= torch.where(flipped, -1.0, 1.0)[:, None]
    return gestures, torch.cat([real, synthetic])


def choose_threshold(scores: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """Return the smallest threshold that accepts a fraction TARGET of the samples, with equal
    weight for each gesture."""
    weight = 1 / np.bincount(labels)[labels]
    return float(np.quantile(scores, TARGET - 1e-9, weights=weight, method="inverted_cdf"))


def bound_threshold(threshold: float, samples: int, *, none: bool) -> float:
    """Limit a threshold chosen on few people's samples to a fixed range.

    Known people's samples all score low, and so do the few new people's that a split holds out:
    a threshold below the lower bound rejects other people's hands. The upper bound applies to few
    samples, because their largest score is unreliable.
    """
    low, high = _THRESHOLD_RANGE["with none" if none else "without none"]
    return max(low, threshold if samples >= _ENOUGH else min(threshold, high))


def cross_fit_thresholds(
    scores: NDArray[Any], labels: NDArray[np.int64], folds: NDArray[Any]
) -> Iterator[tuple[Any, float, int]]:
    """Yield each fold, the threshold chosen on the other folds, and their number of samples; both
    numbers are 0 if there is only one fold."""
    for fold in np.unique(folds):
        others = folds != fold
        chosen = choose_threshold(scores[others], labels[others]) if others.any() else 0.0
        yield fold, chosen, int(others.sum())


def measure_rejection(net: OpenSetNet, data: GestureData, kind: str) -> Rejection:
    """Choose the threshold on held-out samples of all classes, and measure true and false accepts.

    No gesture sample is judged by a threshold that it helped to choose: the samples of each person
    (or session, or half) are judged by the threshold chosen on the others. Unknown hands choose no
    threshold, so the final one judges them. Fixed bounds apply unless many people are held out.

    Args:
        kind: what separated the held-out samples, see `Split.kind`.
    """
    probabilities, rejection = run_net(net, data)
    none, titles = find_none_index(data), skeleton_named(data.skeleton).titles
    none_label = -1 if none is None else none
    is_gesture, named = data.labels != none_label, probabilities.argmax(1) != none_label
    shown, scores, count = data.take(is_gesture), rejection[is_gesture], int(is_gesture.sum())
    many = kind == "person" and len(np.unique(shown.persons)) >= _MANY_PEOPLE

    def bound(threshold: float, samples: int) -> float:
        return threshold if many else bound_threshold(threshold, samples, none=none is not None)

    threshold = bound(choose_threshold(scores, shown.labels), count)
    own = np.empty(count)  # the threshold by which each sample is judged
    folds, fold_name = _choose_folds(shown)
    for fold, chosen, others in cross_fit_thresholds(scores, shown.labels, folds):
        own[folds == fold] = bound(chosen, others)
    accepted = named[is_gesture] & (scores <= own)
    if none is not None:
        unknown = ((rejection <= threshold) & named)[~is_gesture]
        text = f"{count} gesture samples and {len(unknown)} of none {_SPLIT_TEXTS[kind]}"
    else:
        outliers = make_outliers(data, 1000, np.random.default_rng(0))
        with torch.no_grad():
            scored = net(torch.from_numpy(outliers), torch.zeros(len(outliers), dtype=torch.bool))
        unknown = scored[1].numpy() <= threshold
        text = (
            f"{count} gesture samples {_SPLIT_TEXTS[kind]}; {len(unknown)} "
            f"{titles} made of two of them stood for unknown ones"
        )
    text += f"; each {fold_name} by the threshold that the others chose"
    text += "" if many else ", within bounds that were fixed beforehand"
    return Rejection(
        threshold=threshold,
        true_accept=float(accepted.mean()),
        false_accept=float(unknown.mean()) if len(unknown) else None,
        measured_on=text,
        gestures=count,
        foreign=len(unknown),
        score=f"made-up {titles}" if none is None else f"made-up {titles} + none",
    )


def _choose_folds(data: GestureData) -> tuple[NDArray[Any], str]:
    """Return the (N,) fold of each sample and the folds' name: persons if there are several and all
    are known, else sessions, else the halves of each gesture's samples."""
    for groups, name in ((data.persons, "person"), (data.sessions, "session")):
        if len(np.unique(groups)) > 1 and (name != "person" or data.has_known_person.all()):
            return groups, name
    second = np.zeros(len(data), bool)
    for label in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == label)
        second[rows[len(rows) // 2 :]] = True
    return second, "half of a gesture's samples"
