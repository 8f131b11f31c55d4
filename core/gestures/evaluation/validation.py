"""Splits that keep neighbouring frames together, and the figures of what was held out. N samples,
C gestures."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.data import GestureData
from core.gestures.evaluation.intervals import share_of

SHARE = 0.2  # of the samples go to validation, about
_JUDGED = 0.5  # of the samples of gestures that move, at least
_LEVELS = (("person", "persons"), ("session", "sessions"), ("burst", "recordings"))


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to train on, rows to validate on, and what keeps them apart.

    Attributes:
        kind: "person", "session" or "burst": no such group is on both sides. "tail": every
            recording's last fifth validates, since there is but one recording of a gesture.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    kind: str


def split_by_groups(data: GestureData, seed: int = 0) -> Split:
    """Split by person, else session, else recording: the coarsest that leaves every gesture on both
    sides, else the tails of the recordings.

    Raises:
        TrainingError: fewer than two gestures, or a gesture with a single sample.
    """
    _check(data)
    for kind, groups in _levels(data):
        split = _grouped(data, kind, groups, seed)
        if split is not None:
            return split
    return _tails(data)


def split_motions(data: GestureData, seed: int = 0) -> Split:
    """As `split_by_groups`, of gestures that move: the coarsest that can judge at least half of the
    samples. What a single group shows trains and validates nothing, and no recording is ever on
    both sides, unless most gestures were recorded in one go.

    Raises:
        TrainingError: fewer than two gestures; or nothing can be held out but ends of recordings,
            and a gesture has a single sample.
    """
    _check_gestures(data)
    for kind, groups in _levels(data):
        pairs = np.unique(
            np.stack([np.unique(groups, return_inverse=True)[1], data.labels]), axis=1
        )
        several = np.bincount(pairs[1], minlength=len(data.gestures)) > 1
        if several[data.labels].mean() >= _JUDGED:
            return _judging(data, kind, groups, seed)
    _check(data)
    return _tails(data)


def _levels(data: GestureData) -> list[tuple[str, NDArray[Any]]]:
    """What samples can be held out by, the coarsest first; by person only where all are known, for
    an unknown one may be on the other side, too."""
    known = data.of_known.all()
    return [(kind, getattr(data, name)) for kind, name in _LEVELS if known or kind != "person"]


def _judging(data: GestureData, kind: str, groups: NDArray[Any], seed: int) -> Split:
    """The fold that judges most gestures, and of those the one nearest to SHARE."""
    from sklearn.model_selection import StratifiedGroupKFold  # slow to load

    count = min(5, len(np.unique(groups)), int(np.bincount(data.labels).max()))
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    found = []
    with warnings.catch_warnings():  # of gestures with fewer samples than folds
        warnings.simplefilter("ignore", UserWarning)
        pairs = [*folds.split(data.keypoints, data.labels, groups)]
    for train, rest in pairs:
        judged = rest[np.isin(data.labels[rest], data.labels[train])]
        off = abs(len(judged) / len(data) - SHARE)
        found.append((-len(np.unique(data.labels[judged])), off, train, judged))
    _, _, train, judged = min(found, key=lambda one: one[:2])
    return Split(train, judged, kind)


def _check(data: GestureData) -> None:
    _check_gestures(data)
    counts = np.bincount(data.labels, minlength=len(data.gestures))
    for gesture, count in zip(data.gestures, counts, strict=True):
        if count == 1:
            raise TrainingError(
                f"“{gesture.name}” has 1 sample, at least 2 are needed: record more"
            )


def _check_gestures(data: GestureData) -> None:
    present = len(np.unique(data.labels))
    if present < 2:
        raise TrainingError(
            f"samples of {present} gesture(s) came, at least 2 are needed: record another gesture"
        )


def _grouped(data: GestureData, kind: str, groups: NDArray[Any], seed: int) -> Split | None:
    """The fold nearest to SHARE among those with every gesture on both sides; None: there is
    none."""
    from sklearn.model_selection import StratifiedGroupKFold  # slow to load

    count = len(np.unique(groups))
    if count < 2:
        return None
    folds = StratifiedGroupKFold(min(5, count), shuffle=True, random_state=seed)
    best: tuple[float, Split] | None = None
    for train, validation in folds.split(data.keypoints, data.labels, groups):
        if set(data.labels[train]) != set(data.labels[validation]):
            continue
        off = abs(len(validation) / len(data) - SHARE)
        if best is None or off < best[0]:
            best = (off, Split(train, validation, kind))
    return best[1] if best else None


def _tails(data: GestureData) -> Split:
    """The last SHARE of each gesture's samples in each recording validates, in recorded order."""
    validation: list[int] = []
    for gesture in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == gesture)
        recordings = [
            rows[data.recordings[rows] == burst] for burst in np.unique(data.recordings[rows])
        ]
        tails = [list(b[len(b) - round(len(b) * SHARE) :]) for b in recordings]
        found = [int(row) for tail in tails for row in tail]
        validation += found or [int(rows[-1])]
    chosen = np.zeros(len(data), bool)
    chosen[validation] = True
    return Split(np.flatnonzero(~chosen), np.flatnonzero(chosen), "tail")


def splits_by_person(data: GestureData) -> Iterator[tuple[str, Split]]:
    """One split a person: that person validates, the others train."""
    for person in np.unique(data.persons):
        of_person = data.persons == person
        yield str(person), Split(np.flatnonzero(~of_person), np.flatnonzero(of_person), "person")


def confusion_matrix(
    target: NDArray[Any], predicted: NDArray[Any], classes: int
) -> NDArray[np.int64]:
    """(C, C) counts, rows the target, columns the prediction."""
    return np.bincount(target * classes + predicted, minlength=classes**2).reshape(classes, classes)


def figures(data: GestureData, predicted: NDArray[Any], kind: str) -> dict[str, Any]:
    """How accurate the answers on validation samples are, ready for JSON.

    Args:
        data: the samples that validate.
        predicted: (N,) the prediction, index into the gestures.
        kind: what the split held out (`Split.kind`): the intervals count those groups.

    Returns:
        n, accuracy, interval (95 %), groups and effective_n (see `intervals`), per_gesture (n,
        accuracy, interval) and confusion (C, C).
    """
    groups, unit = groups_of(data, kind)
    correct = data.labels == predicted
    whole = share_of(correct, groups, unit)
    per_gesture = {}
    for index, gesture in enumerate(data.gestures):
        rows = data.labels == index
        if rows.any():
            part = share_of(correct[rows], groups[rows], unit)
            per_gesture[gesture.name] = {
                "n": part.n,
                "accuracy": part.share,
                "interval": [part.low, part.high],
            }
    return {
        "n": whole.n,
        "accuracy": whole.share,
        "interval": [whole.low, whole.high],
        "groups": whole.groups,
        "effective_n": whole.effective_n,
        "per_gesture": per_gesture,
        "confusion": confusion_matrix(data.labels, predicted, len(data.gestures)).tolist(),
    }


def groups_of(data: GestureData, kind: str) -> tuple[NDArray[Any], str]:
    """(N,) the groups that a split of this kind held out, and what they are (`ALIKE`)."""
    unit = "burst" if kind == "tail" else kind
    return getattr(data, dict(_LEVELS)[unit]), unit
