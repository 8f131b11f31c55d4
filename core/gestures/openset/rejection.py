"""How far a hand lies out of a gesture model's distribution: a score beside the probabilities, and
the threshold above which the answer is "no gesture".

Convention: N samples, F standardised features, C gestures; a score of 0 to 1, larger = farther out
of distribution. benchmarks/open_set.py measures it against the other scores.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from core.gestures.classifier.augmentation import Augmentation, Meaning, augment
from core.gestures.classifier.averaged_adamw import AveragedAdamW
from core.gestures.classifier.nets import GestureNet, OpenSetNet, RejectionHead
from core.gestures.data import GestureData
from core.gestures.labels import NONE
from core.gestures.openset.outliers import complete, synthetic_outliers
from core.pose.skeletons.table import skeleton_named
from core.training.background import Stop

TARGET = 0.96  # of the gestures' held-out samples shall pass, each gesture counting alike
_ENOUGH = 100  # held-out samples that a threshold is taken from as it is
# Fixed before a project's own samples are seen. They come from other data: with 0.08 the worst of
# five folds of the starter's people had a true-accept rate of 95 %; the others did well on the
# hands of one person of whom ten samples a gesture were learned.
_THRESHOLD_RANGE = {"with none": (0.08, 0.2), "without none": (0.2, 0.5)}
_MANY_PEOPLE = 6  # held out; so many choose a threshold for other people without these bounds
_MOST, _LEAST, _PER_SAMPLE = 8000, 1500, 30  # gestures and as many unknown hands to learn from
_EPOCHS, _BATCH, _RATE, _DECAY = 12, 256, 2e-3, 1e-2
_SMOOTHING = 0.02

_OF = {
    "person": "of other people than those it was trained on",
    "session": "of other sessions of the same people",
    "burst": "of other recordings of the same session: optimistic",
    "tail": "from the last fifth of each recording: very optimistic",
}


@dataclass(frozen=True)
class Rejection:
    """How a model turns unknown hands away, as its metadata say it.

    Attributes:
        threshold: a hand with a larger score gets no gesture.
        true_accept: share of the gestures' samples that got a gesture by a threshold that was
            chosen without them.
        false_accept: share of the unknown hands that got one; None where there were none.
        measured_on: which hands these were.
        gestures, foreign: how many.
        score: what the score was learned from.
    """

    threshold: float
    true_accept: float
    false_accept: float | None
    measured_on: str
    gestures: int
    foreign: int
    score: str = "made-up hands + none"

    def to_json(self) -> dict[str, Any]:
        """For metadata.json."""
        return asdict(self)


def none_of(data: GestureData) -> int | None:
    """The index of `none` among the gestures."""
    return next((i for i, gesture in enumerate(data.gestures) if gesture == NONE), None)


def fit_rejection(
    net: GestureNet,
    data: GestureData,
    augmentation: Augmentation,
    seed: int = 0,
    stop: Stop | None = None,
    *,
    unless_stopped: bool = True,
) -> OpenSetNet:
    """Learn what is unknown to a fitted net, from the samples that it was trained on.

    Half of the unknown hands are the samples of `none` where there are any; the others are made
    up. The net itself stays as it is.

    Args:
        unless_stopped: end early when it is stopped, with too little learned to be used.
    """
    generator = torch.Generator().manual_seed(seed)
    n = int(np.clip(_PER_SAMPLE * len(data), _LEAST, _MOST))
    gestures, foreign = _examples(data, n, augmentation, generator)
    keypoints = torch.cat([gestures, foreign])
    unmirrored = torch.zeros(len(keypoints), dtype=torch.bool)
    x = net.standardised(net.features(keypoints, unmirrored, torch))
    y = torch.cat([torch.zeros(len(gestures)), torch.ones(len(foreign))])
    head = RejectionHead(x.shape[1], none_of(data), generator)
    optimizer = AveragedAdamW(head, _RATE, _DECAY)
    y = y * (1 - 2 * _SMOOTHING) + _SMOOTHING
    stop = stop or Stop()
    for _ in range(_EPOCHS):
        if unless_stopped and stop.is_set():
            break
        for rows in torch.randperm(len(y), generator=generator).split(_BATCH):
            stop.check()
            odds = head.log_odds(x[rows], generator)
            optimizer.step(binary_cross_entropy_with_logits(odds, y[rows]))
    return OpenSetNet(net, optimizer.copy_average())


def _examples(
    data: GestureData, n: int, how: Augmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """n hands of gestures, each gesture as often as the others, and up to n unknown ones."""
    hands, labels = torch.from_numpy(complete(data)), torch.from_numpy(data.labels)
    meaning, none = Meaning.of(data.gestures), none_of(data)
    skeleton = skeleton_named(data.skeleton)
    weights = (1 / torch.bincount(labels))[labels]
    nothing = labels == (-1 if none is None else none)

    def drawn(weights: torch.Tensor, count: int) -> torch.Tensor:
        rows = torch.multinomial(weights, count, replacement=True, generator=generator)
        return augment(hands[rows], labels[rows], how, meaning, generator, skeleton)[0]

    gestures = drawn(torch.where(nothing, torch.zeros(()), weights), n)
    real = drawn(nothing.float(), n // 2) if nothing.any() else hands[:0]
    seed = int(torch.randint(2**31, (), generator=generator))
    made = torch.from_numpy(synthetic_outliers(data, n - len(real), np.random.default_rng(seed)))
    flipped = torch.rand(len(made), generator=generator) < 0.5
    made[..., 0] *= torch.where(flipped, -1.0, 1.0)[:, None]
    return gestures, torch.cat([real, made])


# -------------------------------------------------------------------------------------- measuring


def open_set_answers(
    net: OpenSetNet, data: GestureData
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, C) probabilities and (N,) rejection of the samples."""
    with torch.no_grad():
        found = net(torch.from_numpy(data.keypoints), torch.from_numpy(data.mirrored_view))
    return found[0].numpy(), found[1].numpy()


def choose_threshold(rejection: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """The smallest threshold that lets TARGET of the gestures' samples pass, each gesture counting
    alike."""
    weight = 1 / np.bincount(labels)[labels]
    order = np.argsort(rejection)
    passed = np.cumsum(weight[order]) / weight.sum()
    enough = int(np.searchsorted(passed, TARGET - 1e-9))
    return float(rejection[order[min(enough, len(order) - 1)]])


def bounded(threshold: float, count: int, *, none: bool) -> float:
    """Bound a threshold that the samples of few people chose, so many samples.

    Known people's samples all score low, and so do those of the few new ones that a split holds
    out: under the lower bound, other people's hands were rejected. The largest score of a handful
    of samples says little.
    """
    low, high = _THRESHOLD_RANGE["with none" if none else "without none"]
    return max(low, threshold if count >= _ENOUGH else min(threshold, high))


def thresholds_of_others(
    rejection: NDArray[Any], labels: NDArray[np.int64], folds: NDArray[Any]
) -> Iterator[tuple[Any, float, int]]:
    """Each fold, the threshold that the samples of the other folds choose, and how many they are;
    0 where there are none."""
    for fold in np.unique(folds):
        others = folds != fold
        chosen = choose_threshold(rejection[others], labels[others]) if others.any() else 0.0
        yield fold, chosen, int(others.sum())


def measure_rejection(net: OpenSetNet, data: GestureData, kind: str, seed: int = 0) -> Rejection:
    """Choose the threshold on samples that the net did not learn from, and say what comes of it.

    No gesture sample is judged by a threshold that it helped to choose: each person's (or
    session's, or half's) by what the others would have chosen. The unknown hands choose none, so
    they are judged by the threshold itself. Bounds that are fixed beforehand hold unless many
    people are held out.

    Args:
        data: the held-out samples, of all classes.
        kind: what kept them apart, as `Split.kind` says it.
    """
    probabilities, rejection = open_set_answers(net, data)
    none, made = none_of(data), f"made-up {skeleton_named(data.skeleton).titles}"
    nothing = -1 if none is None else none
    gesture, named = data.labels != nothing, probabilities.argmax(1) != nothing
    shown, scores, count = data.take(gesture), rejection[gesture], int(gesture.sum())
    many = kind == "person" and len(np.unique(shown.persons)) >= _MANY_PEOPLE

    def limit(chosen: float, samples: int) -> float:
        return chosen if many else bounded(chosen, samples, none=none is not None)

    threshold = limit(choose_threshold(scores, shown.labels), count)
    own = np.empty(count)  # the threshold by which each sample is judged
    folds, apart = _folds(shown)
    for fold, chosen, others in thresholds_of_others(scores, shown.labels, folds):
        own[folds == fold] = limit(chosen, others)
    let_through = named[gesture] & (scores <= own)
    if none is not None:
        foreign = ((rejection <= threshold) & named)[~gesture]
        text = f"{count} gesture samples and {len(foreign)} of none {_OF[kind]}"
    else:
        foreign = _accepted_outliers(net, data, threshold, seed)
        text = (
            f"{count} gesture samples {_OF[kind]}; {len(foreign)} "
            f"{skeleton_named(data.skeleton).titles} made of two of them "
            "stood for unknown ones"
        )
    text += f"; each {apart} by the threshold that the others chose"
    text += "" if many else ", within bounds that were fixed beforehand"
    return Rejection(
        threshold,
        float(let_through.mean()),
        float(foreign.mean()) if len(foreign) else None,
        text,
        count,
        len(foreign),
        made if none is None else f"{made} + none",
    )


def _folds(data: GestureData) -> tuple[NDArray[Any], str]:
    """(N,) which samples are judged together, and their name: a person's where there are several
    persons and all are known, else a session's, else the halves of each gesture's."""
    for groups, name in ((data.persons, "person"), (data.sessions, "session")):
        if len(np.unique(groups)) > 1 and (name != "person" or data.of_known.all()):
            return groups, name
    second = np.zeros(len(data), bool)
    for label in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == label)
        second[rows[len(rows) // 2 :]] = True
    return second, "half of a gesture's samples"


def _accepted_outliers(
    net: OpenSetNet, data: GestureData, threshold: float, seed: int
) -> NDArray[np.bool_]:
    made = synthetic_outliers(data, 1000, np.random.default_rng(seed))
    with torch.no_grad():
        _, rejection = net(torch.from_numpy(made), torch.zeros(len(made), dtype=torch.bool))
    return np.asarray(rejection.numpy() <= threshold)
