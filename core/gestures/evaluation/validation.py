"""Splits that keep neighbouring frames together; figures of the held-out samples, and their
predictions in `validation.csv` of the run's folder. N samples, C gestures."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TrainingError
from core.files import write_whole
from core.gestures.data import GestureData
from core.gestures.evaluation.intervals import Accuracy, estimate_accuracy
from core.words import words

_HELD_OUT = 0.2  # fraction of the samples, about
_MIN_JUDGED = 0.5  # fraction of the samples of moving gestures whose gesture can be held out
_LEVELS = (("person", "persons"), ("session", "sessions"), ("burst", "recordings"))
FILE = "validation.csv"
_COLUMNS = ["sample_id", "truth", "said", "probability"]
_TYPES = {"sample_id": int, "target": str, "predicted": str, "probability": float}  # in tables


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to train on, rows to validate on, and what separates them."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    # "person", "session" or "burst": no such group is on both sides; "tail": the last fifth of each
    # recording validates, because a gesture has only one recording
    kind: str


def split_by_groups(data: GestureData, seed: int = 0) -> Split:
    """Hold out whole persons, sessions or recordings: the coarsest groups that leave every gesture
    on both sides. If there are none, hold out the end of each recording. Raise TrainingError for
    fewer than two gestures, or a gesture with a single sample."""
    _check_two_gestures(data)
    _check_two_samples_each(data)
    for kind, groups in _list_possible_groups(data):
        if len(np.unique(groups)) > 1:
            missing, split = _find_best_fold(data, kind, groups, seed)
            if missing == 0:
                return split
    return _split_tails(data)


def split_motions(data: GestureData, seed: int = 0) -> Split:
    """Hold out whole groups of moving gestures: the coarsest kind by which at least half of the
    samples can be tested, or else the end of each recording. Raise TrainingError for fewer than two
    gestures, or if the end is held out and a gesture has a single sample.

    Gestures with a single group are only trained on. A recording is never on both sides, unless
    most gestures have only one recording.
    """
    _check_two_gestures(data)
    for kind, groups in _list_possible_groups(data):
        is_shared = pd.Series(groups).groupby(data.labels).transform("nunique") > 1
        if is_shared.mean() >= _MIN_JUDGED:
            return _find_best_fold(data, kind, groups, seed)[1]
    _check_two_samples_each(data)
    return _split_tails(data)


def _list_possible_groups(data: GestureData) -> list[tuple[str, NDArray[Any]]]:
    """Return kind and (N,) groups of each level, coarsest first; persons only if all are known."""
    known = data.has_known_person.all()
    return [(kind, getattr(data, name)) for kind, name in _LEVELS if known or kind != "person"]


def _find_best_fold(
    data: GestureData, kind: str, groups: NDArray[Any], seed: int
) -> tuple[int, Split]:
    """Return how many gestures the best stratified fold of whole groups can't hold out, and its
    split. The best has most gestures on both sides and, if equal, a size nearest to _HELD_OUT."""
    from sklearn.model_selection import StratifiedGroupKFold  # slow to load

    count = min(5, len(np.unique(groups)), int(np.bincount(data.labels).max()))
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    found = []
    with warnings.catch_warnings():  # about gestures with fewer samples than folds
        warnings.simplefilter("ignore", UserWarning)
        for train, rest in folds.split(data.keypoints, data.labels, groups):
            judged = rest[np.isin(data.labels[rest], data.labels[train])]
            missing = len(np.unique(data.labels)) - len(np.unique(data.labels[judged]))
            off = abs(len(judged) / len(data) - _HELD_OUT)
            found.append((missing, off, Split(train, judged, kind)))
    missing, _, split = min(found, key=lambda fold: fold[:2])
    return missing, split


def _split_tails(data: GestureData) -> Split:
    """Hold out the last samples of each gesture in each recording: a fraction of _HELD_OUT, but at
    least one sample per gesture."""
    held_out = np.zeros(len(data), bool)
    for gesture in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == gesture)
        parts = [rows[data.recordings[rows] == one] for one in np.unique(data.recordings[rows])]
        tails = np.concatenate([p[len(p) - round(len(p) * _HELD_OUT) :] for p in parts])
        held_out[tails if len(tails) else rows[-1]] = True
    return Split(np.flatnonzero(~held_out), np.flatnonzero(held_out), "tail")


def _check_two_gestures(data: GestureData) -> None:
    """Raise TrainingError if fewer than two gestures have samples."""
    present = len(np.unique(data.labels))
    if present < 2:
        raise TrainingError(
            words(
                "samples of {n} gesture(s) came, at least 2 are needed: record another gesture",
                n=present,
            )
        )


def _check_two_samples_each(data: GestureData) -> None:
    """Raise TrainingError if a gesture has a single sample."""
    for label in np.flatnonzero(np.bincount(data.labels) == 1):
        name = data.gestures[label].name
        raise TrainingError(
            words("“{name}” has 1 sample, at least 2 are needed: record more", name=name)
        )


def compute_figures(data: GestureData, predicted: NDArray[Any], kind: str) -> dict[str, Any]:
    """Compute the figures of held-out samples from (N,) predicted labels, ready for JSON: n,
    accuracy, interval (95 %, by groups of this kind), groups and effective_n (see `intervals`),
    per_gesture (n, accuracy, interval) and confusion (C, C)."""
    groups, unit = get_split_groups(data, kind)
    correct = data.labels == predicted
    whole = estimate_accuracy(correct, groups, unit)
    classes = len(data.gestures)
    cells = np.bincount(data.labels * classes + predicted, minlength=classes**2)
    confusion = cells.reshape(classes, classes)  # a row for each label
    per_gesture = {}
    for index in np.unique(data.labels):
        rows = data.labels == index
        own = estimate_accuracy(correct[rows], groups[rows], unit)
        per_gesture[data.gestures[index].name] = _to_json(own)
    return {
        **_to_json(whole),
        "groups": whole.groups,
        "effective_n": whole.effective_n,
        "per_gesture": per_gesture,
        "confusion": confusion.tolist(),
    }


def _to_json(found: Accuracy) -> dict[str, Any]:
    return {"n": found.n, "accuracy": found.value, "interval": [found.low, found.high]}


def get_split_groups(data: GestureData, kind: str) -> tuple[NDArray[Any], str]:
    """Return the (N,) groups that a split of this kind holds out, and their kind."""
    unit = "burst" if kind == "tail" else kind
    return getattr(data, dict(_LEVELS)[unit]), unit


def save_predictions(
    folder: Path, data: GestureData, probabilities: NDArray[np.float32], kind: str
) -> dict[str, Any]:
    """Write target, prediction and probability of each held-out sample to the run's
    `validation.csv`, and return their figures. No file is written for samples without ids."""
    predicted = probabilities.argmax(1)
    if len(data.sample_ids):
        names = np.array([gesture.name for gesture in data.gestures], object)
        columns = (data.sample_ids, names[data.labels], names[predicted], probabilities.max(1))
        table = pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))
        write_whole(folder / FILE, table.to_csv(index=False, float_format="%.6f").encode())
    return compute_figures(data, predicted, kind)


def read_predictions(folder: Path) -> pd.DataFrame:
    """Read a run's `validation.csv` as a table with sample_id, target, predicted and probability, 0
    to 1, of each held-out sample; empty without a file. Raise TrainingError if it is invalid."""
    if not (folder / FILE).is_file():
        return pd.DataFrame(columns=[*_TYPES])
    try:
        table = pd.read_csv(folder / FILE, dtype=str, keep_default_na=False)
        if [*table.columns] != _COLUMNS:
            raise ValueError(f"its columns are {[*table.columns]}")
        return table.set_axis([*_TYPES], axis=1).astype(_TYPES)
    except ValueError as error:
        raise TrainingError(f"{folder / FILE} can't be read ({error}): train again") from error


def find_cell_samples(predictions: pd.DataFrame, target: str, predicted: str) -> list[int]:
    """Return the sample ids in one cell of the confusion matrix, most confident first."""
    in_cell = (predictions["target"] == target) & (predictions["predicted"] == predicted)
    cell = predictions[in_cell].sort_values("probability", ascending=False, kind="stable")
    return cell["sample_id"].tolist()


def find_wrong_samples(
    predictions: pd.DataFrame, mixed: tuple[str, str] | None = None
) -> list[tuple[int, str, str]]:
    """Return (sample id, target, prediction) of each wrong prediction: first those that mix up the
    given two gestures, then the most confident first."""
    wrong = predictions[predictions["target"] != predictions["predicted"]]
    pair = mixed or ()
    is_other = ~(wrong["target"].isin(pair) & wrong["predicted"].isin(pair))
    ordered = wrong.assign(is_other=is_other).sort_values(
        ["is_other", "probability"], ascending=[True, False], kind="stable"
    )
    return list(
        zip(ordered["sample_id"].tolist(), ordered["target"], ordered["predicted"], strict=True)
    )
