"""Evaluates a gesture model on labelled pictures or tables. The most probable gesture counts: no
threshold or smoothing changes a figure, and no item is left out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import MudraError
from core.gestures.evaluation.intervals import estimate_accuracy
from core.gestures.labels import NONE
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.windows import clip_to_window
from core.media.pictures import read_picture
from core.parallel import LOCAL, check_place, map_parallel, read_ahead
from core.pose.types import Picture
from core.progress import Progress, ignore_progress
from core.reading.reading import Probabilities, predict_hands
from core.recording.imports.importing import open_folder_or_zip
from core.recording.imports.picture_files import (
    EstimatorFactory,
    LabelledPicture,
    list_labelled_pictures,
)
from core.recording.imports.tables import TABLE_SUFFIXES, KeypointTable, read_table

UNDETECTED = "undetected"
_MAX_HANDS = 2  # in a picture: one hand shows the gesture, the other usually hangs down


def evaluate_gestures(
    model: GestureModel,
    path: Path,
    *,
    estimator_factory: EstimatorFactory,
    layout: str = "auto",
    skeleton: str | None = None,
    mapping: Mapping[str, str] | None = None,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Evaluate a gesture model on labelled pictures (a folder per class, or its zip) or a keypoint
    table; the result is JSON. Raises MudraError: no data, or another estimator's keypoints.

    Args:
        estimator_factory: called for pictures only; with several processes, a module's function or
            a `partial` of one.
        skeleton: used if a table doesn't name its own; None: the model's.
        workers, on: where pictures are processed, see `map_parallel`.

    Returns:
        n, detected, accuracy (undetected items count as wrong), accuracy_detected, their
        interval and interval_detected, interval_counts (the independent units: "persons", "bursts"
        or "pictures"), per_gesture, confusion {target: {prediction: count}}, rejected and
        false_accept as `count_open_set` defines them, unknown_folders, unreadable, and a table's
        remark; for clips of several people also mean_accuracy, worst_person, worst_accuracy,
        per_person and unjudged. Fractions 0-1, None if undefined.
    """
    path = path.absolute()  # other machines have other working folders
    check_place(on, path)
    if path.suffix.lower() in TABLE_SUFFIXES and layout != "folders":
        default = model.skeleton.name
        table = read_table(path, layout, mapping, skeleton=skeleton, default_skeleton=default)
        return _evaluate_table(model, table)
    with open_folder_or_zip(path) as folder:
        with estimator_factory() as estimator:
            model.check_estimator(estimator.name, estimator.skeleton)
        pictures = list_labelled_pictures(folder, mapping)
        work = partial(_predict_pictures, model, estimator_factory)
        with map_parallel(work, pictures, workers=workers, on=on) as predictions:
            return _evaluate_pictures(model, pictures, predictions, progress)


def _evaluate_table(model: GestureModel, table: KeypointTable) -> dict[str, Any]:
    """Evaluate a model on a keypoint table. Unknown labels count as `none`; for moving gestures, in
    false_accept only."""
    model.check_estimator(table.estimator, table.skeleton)
    moving = model.steps is not None or table.has_clips
    table = table.to_3d() if model.axes == 3 and not moving else table
    predicted, accepted = _predict_table(model, table, moving)
    has_gesture = np.isin(table.gestures, [gesture.name for gesture in model.gestures])
    known = has_gesture if moving else table.known | has_gesture
    target = np.where(known, table.gestures, NONE.name)
    judged = known if moving else np.ones(len(known), bool)
    groups, kind = _select_groups(table)
    figures = compute_accuracies(
        target[judged].tolist(), predicted[judged].tolist(), groups[judged], kind
    )
    figures |= count_open_set(target.tolist(), accepted)
    unknown = table.gestures[~known].tolist()
    if moving:
        figures |= _compute_by_person(table.persons[known], (target == predicted)[known])
        figures |= {"unjudged": dict(Counter(unknown))}
    folders = [] if moving else sorted(set(unknown))
    figures |= {"interval_counts": f"{kind}s", "unreadable": [], "remark": table.remark}
    return figures | {"unknown_folders": folders}


def _predict_table(
    model: GestureModel, table: KeypointTable, moving: bool
) -> tuple[NDArray[Any], list[bool | None]]:
    """Return each row's most probable class, and whether the model accepts it as a gesture."""
    keypoints = table.keypoints
    if not moving:
        keypoints = keypoints[..., : model.axes]
    elif model.steps is not None and table.has_clips and keypoints.shape[1] != model.steps:
        windows = [clip_to_window(clip, table.times_s, model.steps) for clip in keypoints]
        keypoints = np.stack(windows)
    probabilities, rejections = model.predict(keypoints, table.mirrored)
    names = np.array([gesture.name for gesture in model.gestures])
    predicted = names[probabilities.argmax(1)]
    accepted = (rejections <= model.rejects_above) & (predicted != NONE.name)
    return predicted, accepted.tolist()


def _compute_by_person(persons: NDArray[np.str_], correct: NDArray[np.bool_]) -> dict[str, Any]:
    """Return n and accuracy per person, the mean and the worst; {} for a single person."""
    names = np.unique(persons).tolist()
    if len(names) < 2:
        return {}
    accuracies = {name: float(correct[persons == name].mean()) for name in names}
    counts = Counter(persons.tolist())
    worst = min(accuracies, key=lambda name: accuracies[name])
    return {
        "mean_accuracy": float(np.mean([*accuracies.values()])),
        "worst_person": worst,
        "worst_accuracy": accuracies[worst],
        "per_person": {n: {"n": counts[n], "accuracy": accuracies[n]} for n in names},
    }


@dataclass(frozen=True)
class _PicturePrediction:
    """A picture's gesture, whether it is accepted (None: no hand), and why it is unreadable."""

    gesture: str = UNDETECTED
    accepted: bool | None = None
    error: str = ""


def _evaluate_pictures(
    model: GestureModel,
    pictures: list[LabelledPicture],
    predictions: Iterable[_PicturePrediction],
    progress: Progress,
) -> dict[str, Any]:
    """Compare predictions with the folders' gestures; unknown folders count as `none`."""
    names = {gesture.name.casefold(): gesture.name for gesture in model.gestures}
    labels = [names.get(one.folder.casefold()) or one.gesture for one in pictures]
    target = [label or NONE.name for label in labels]
    unknown = {one.folder for one, label in zip(pictures, labels, strict=True) if label is None}
    found: list[_PicturePrediction] = []
    for prediction in predictions:
        found.append(prediction)
        progress(len(found), len(pictures))
    return compute_accuracies(target, [one.gesture for one in found]) | {
        **count_open_set(target, [one.accepted for one in found]),
        "interval_counts": "pictures",
        "unknown_folders": sorted(unknown),
        "unreadable": [one.error for one in found if one.error],
    }


def _predict_pictures(
    model: GestureModel, make_estimator: EstimatorFactory, pictures: Iterable[LabelledPicture]
) -> Iterator[_PicturePrediction]:
    """Yield each picture's most probable gesture, or its error if it is unreadable."""
    with make_estimator() as estimator:
        for rgb in read_ahead(_read_picture_or_error, pictures):
            if isinstance(rgb, MudraError):
                yield _PicturePrediction(error=str(rgb))
                continue
            hands = predict_hands(model, estimator.estimate_still(rgb, num_poses=_MAX_HANDS))
            accepted = any(hand.gesture for hand in hands) if hands else None
            gesture = select_picture_gesture([hand.probabilities for hand in hands])
            yield _PicturePrediction(gesture, accepted)


def _read_picture_or_error(picture: LabelledPicture) -> Picture | MudraError:
    """Return the labelled picture's pixels, or the error if it can't be read."""
    try:
        return read_picture(picture.path)
    except MudraError as error:
        return error


def select_picture_gesture(hands: list[Probabilities]) -> str:
    """Return the most probable gesture of all hands, or `none`; "undetected" for no hands."""
    if not hands:
        return UNDETECTED
    best = [max(probabilities, key=lambda pair: pair[1]) for probabilities in hands]
    shown = [(probability, gesture.name) for gesture, probability in best if not gesture.is_none]
    return max(shown)[1] if shown else NONE.name


def compute_accuracies(
    target: list[str], predicted: list[str], groups: NDArray[Any] | None = None, kind: str = "burst"
) -> dict[str, Any]:
    """Compute n, detected and accuracies with intervals, in total and per gesture; and confusion.

    Args:
        groups: (N,) group of dependent items; None: all items are independent.
        kind: the kind of group (`intervals.MIN_CORRELATION`).
    """
    targets, predictions = np.array(target, str), np.array(predicted, str)
    groups = np.arange(len(targets)) if groups is None else groups
    confusion: dict[str, dict[str, int]] = {}
    for (true, prediction), count in sorted(Counter(zip(target, predicted, strict=True)).items()):
        confusion.setdefault(true, {})[prediction] = count

    of_gesture = {true: targets == true for true in confusion}
    return {
        **_compute_accuracy(targets, predictions, groups, kind),
        "per_gesture": {
            true: _compute_accuracy(targets[rows], predictions[rows], groups[rows], kind)
            for true, rows in of_gesture.items()
        },
        "confusion": confusion,
    }


def count_open_set(target: list[str], accepted: list[bool | None]) -> dict[str, float | None]:
    """Compute the fractions of rejected gestures, and of unknown hands (target `none`) accepted as
    any gesture; items without a hand (None) are ignored."""
    pairs = [(t != NONE.name, a) for t, a in zip(target, accepted, strict=True) if a is not None]
    gestures = [a for is_gesture, a in pairs if is_gesture]
    unknown = [a for is_gesture, a in pairs if not is_gesture]
    return {
        "rejected": 1 - sum(gestures) / len(gestures) if gestures else None,
        "false_accept": sum(unknown) / len(unknown) if unknown else None,
    }


def _compute_accuracy(
    targets: NDArray[Any], predictions: NDArray[Any], groups: NDArray[Any], kind: str
) -> dict[str, Any]:
    """Compute n, detected, and the accuracies of all and of detected items, None if empty."""
    correct, detected = targets == predictions, predictions != UNDETECTED
    overall = estimate_accuracy(correct, groups, kind) if len(correct) else None
    seen = estimate_accuracy(correct[detected], groups[detected], kind) if detected.any() else None
    return {
        "n": len(correct),
        "detected": int(detected.sum()),
        "accuracy": overall and overall.value,
        "interval": overall and [overall.low, overall.high],
        "accuracy_detected": seen and seen.value,
        "interval_detected": seen and [seen.low, seen.high],
    }


def _select_groups(table: KeypointTable) -> tuple[NDArray[Any], str]:
    """Return (N,) groups for intervals, and their kind: "person" if several, else "burst"."""
    if len(set(table.persons.tolist())) > 1:
        return table.persons, "person"
    return np.cumsum(np.r_[True, table.gestures[1:] != table.gestures[:-1]]), "burst"
