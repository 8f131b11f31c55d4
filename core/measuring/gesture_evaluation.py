"""How good a model is on labelled pictures or tables. The most probable gesture counts: neither
unsureness nor smoothing changes a figure, and no row is left out. N items."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import MudraError
from core.gestures.evaluation.intervals import share_of
from core.gestures.labels import NONE
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.windows import window
from core.media.pictures import read_picture
from core.parallel import LOCAL, check_place, read_ahead, spread
from core.pose.types import Estimate, Picture
from core.reading.reading import Probabilities, predict_hands
from core.recording.imports.importing import open_folder_or_zip
from core.recording.imports.picture_files import (
    EstimatorFactory,
    LabelledPicture,
    list_labelled_pictures,
)
from core.recording.imports.tables import TABLE_SUFFIXES, KeypointTable, read_table

UNDETECTED = "undetected"
_HANDS = 2  # looked for in a picture: people let the other one hang

Progress = Callable[[int, int], None]


def evaluate(
    model: GestureModel,
    path: Path,
    *,
    estimator_factory: EstimatorFactory,
    layout: str = "auto",
    skeleton: str | None = None,
    mapping: Mapping[str, str] | None = None,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Figures of a model on a folder per class, a zip of one, or a keypoint table.

    Args:
        estimator_factory: called for pictures alone; a function of a module, or a `partial` of one,
            where other processes work.
        skeleton: of a table that does not name its own; None: the model's.
        workers, on: where pictures are looked at, see `spread`.

    Returns:
        n, detected, accuracy (of all n: an undetected one is wrong), accuracy_detected, their
        interval and interval_detected, interval_counts (what they take as one: "persons",
        "bursts" or "pictures"), per_gesture, confusion {target: {prediction: count}}, rejected and
        false_accept as `open_set_shares` defines them, unknown_folders, unreadable, and of a table
        its remark; of clips of several persons also mean_accuracy, worst_person, worst_accuracy
        and per_person. Fractions 0-1, None where there is nothing to divide by.

    Raises:
        MudraError: nothing there, or keypoints of another estimator than the model's.
    """
    path = path.absolute()  # other machines have other working folders
    check_place(on, path)
    progress = progress or (lambda done, total: None)
    if path.suffix.lower() in TABLE_SUFFIXES and layout != "folders":
        default = model.skeleton.name
        table = read_table(path, layout, mapping, skeleton=skeleton, default_skeleton=default)
        return _of_table(model, table)
    with open_folder_or_zip(path) as folder:
        with estimator_factory() as estimator:
            model.check_estimator(estimator.name, estimator.skeleton)
        pictures = list_labelled_pictures(folder, mapping)
        work = partial(_judged, model, estimator_factory)
        with spread(work, pictures, workers=workers, on=on) as each:
            return _of_pictures(model, pictures, each, progress)


def _of_table(model: GestureModel, table: KeypointTable) -> dict[str, Any]:
    model.check_estimator(table.estimator, table.skeleton)
    if model.steps is not None or table.moving:
        return _of_clips(model, table)
    table = table.to_3d() if model.axes == 3 else table
    keypoints = table.keypoints[..., : model.axes]
    found, rejections = model.predict(keypoints, table.mirrored)
    predicted = [model.gestures[i].name for i in found.argmax(1)]
    passed = rejections <= model.rejects_above
    given = [bool(ok) and name != NONE.name for ok, name in zip(passed, predicted, strict=True)]
    own = {gesture.name for gesture in model.gestures}
    meant = table.known | np.isin(table.gestures, list(own))
    target = list(map(str, np.where(meant, table.gestures, NONE.name)))
    groups, kind = _groups(table)
    return (
        figures_of(target, predicted, groups, kind)
        | open_set_shares(target, given)
        | {
            "interval_counts": f"{kind}s",
            "unknown_folders": sorted({str(g) for g in table.gestures[~meant]}),
            "unreadable": [],
            "remark": table.remark,
        }
    )


def _of_clips(model: GestureModel, table: KeypointTable) -> dict[str, Any]:
    """Rows of gestures that the model does not know count as unknown movements alone: whether they
    are given a gesture. `unjudged` counts them, by what the table calls them."""
    clips = table.keypoints
    if model.steps is not None and table.moving and clips.shape[1] != model.steps:
        clips = np.stack([window(clip, table.times_s, model.steps) for clip in clips])
    found, rejections = model.predict(clips, table.mirrored)
    predicted = np.array([gesture.name for gesture in model.gestures])[found.argmax(1)]
    given = (rejections <= model.rejects_above) & (predicted != NONE.name)
    known = np.isin(table.gestures, [gesture.name for gesture in model.gestures])
    target = np.where(known, table.gestures, NONE.name).tolist()
    groups, kind = _groups(table)
    judged = table.gestures[known].tolist()
    return (
        figures_of(judged, predicted[known].tolist(), groups[known], kind)
        | open_set_shares(target, given.tolist())
        | _of_persons(table.persons[known], table.gestures[known] == predicted[known])
        | {
            "interval_counts": f"{kind}s",
            "unknown_folders": [],
            "unjudged": dict(Counter(table.gestures[~known].tolist())),
            "unreadable": [],
            "remark": table.remark,
        }
    )


def _of_persons(persons: NDArray[np.str_], correct: NDArray[np.bool_]) -> dict[str, Any]:
    """Each person's n and accuracy, their mean, and the worst; {} where there is but one."""
    names = np.unique(persons).tolist()
    if len(names) < 2:
        return {}
    of_each = {name: correct[persons == name] for name in names}
    shares = {name: float(rows.mean()) for name, rows in of_each.items()}
    worst = min(shares, key=lambda name: shares[name])
    return {
        "mean_accuracy": float(np.mean([*shares.values()])),
        "worst_person": worst,
        "worst_accuracy": shares[worst],
        "per_person": {n: {"n": len(of_each[n]), "accuracy": shares[n]} for n in names},
    }


@dataclass(frozen=True)
class _Judged:
    """What a picture shows: its gesture or "undetected", whether it was given one (None: no hand),
    and why it could not be read, "" where it could."""

    gesture: str = UNDETECTED
    given: bool | None = None
    unreadable: str = ""


def _of_pictures(
    model: GestureModel,
    pictures: list[LabelledPicture],
    each: Iterable[_Judged],
    progress: Progress,
) -> dict[str, Any]:
    own = {gesture.name.casefold(): gesture.name for gesture in model.gestures}
    target, unknown = [], set()
    for picture in pictures:
        meant = own.get(picture.folder.casefold()) or picture.gesture
        target.append(meant or NONE.name)
        if meant is None:
            unknown.add(picture.folder)
    found: list[_Judged] = []
    for judged in each:
        found.append(judged)
        progress(len(found), len(pictures))
    return (
        figures_of(target, [one.gesture for one in found])
        | open_set_shares(target, [one.given for one in found])
        | {
            "interval_counts": "pictures",
            "unknown_folders": sorted(unknown),
            "unreadable": [one.unreadable for one in found if one.unreadable],
        }
    )


def _judged(
    model: GestureModel, opened: EstimatorFactory, pictures: Iterable[LabelledPicture]
) -> Iterator[_Judged]:
    with opened() as estimator:
        for rgb in read_ahead(_read_or_error, pictures):
            if isinstance(rgb, MudraError):
                yield _Judged(unreadable=str(rgb))
                continue
            hands = predict_hands(model, estimator.estimate_still(rgb, num_poses=_HANDS))
            given = any(answer.gesture for answer in hands) if hands else None
            yield _Judged(surest([answer.probabilities for answer in hands]), given)


def _read_or_error(picture: LabelledPicture) -> Picture | MudraError:
    try:
        return read_picture(picture.path)
    except MudraError as error:
        return error


def judge(model: GestureModel, estimate: Estimate) -> str:
    """A picture's gesture, "undetected" where there is no hand."""
    return surest([answer.probabilities for answer in predict_hands(model, estimate)])


def surest(hands: list[Probabilities]) -> str:
    """The most probable gesture of any hand that is not `none`; "undetected" without hands.

    People let the other hand hang: that one is `none`, or at least less sure.
    """
    if not hands:
        return UNDETECTED
    best = [max(row, key=lambda pair: pair[1]) for row in hands]
    shown = [(probability, gesture.name) for gesture, probability in best if gesture != NONE]
    return max(shown)[1] if shown else NONE.name


def figures_of(
    target: list[str], predicted: list[str], groups: NDArray[Any] | None = None, kind: str = "burst"
) -> dict[str, Any]:
    """n, detected, accuracy, accuracy_detected, their intervals, per_gesture and confusion.

    Args:
        groups: (N,) what the items come from, for the intervals; None: each stands alone.
        kind: what the groups are (`intervals.ALIKE`).
    """
    shown, answers = np.array(target, str), np.array(predicted, str)
    groups = np.arange(len(shown)) if groups is None else groups
    confusion: dict[str, dict[str, int]] = {}
    for (meant, answer), count in sorted(Counter(zip(target, predicted, strict=True)).items()):
        confusion.setdefault(meant, {})[answer] = count

    def shares(rows: NDArray[np.bool_]) -> dict[str, Any]:
        return _shares(shown[rows], answers[rows], groups[rows], kind)

    return {
        **shares(np.ones(len(shown), bool)),
        "per_gesture": {meant: shares(shown == meant) for meant in confusion},
        "confusion": confusion,
    }


def open_set_shares(target: list[str], given: list[bool | None]) -> dict[str, float | None]:
    """How unknown hands are turned away.

    Args:
        target: what each item shows; `none` for whatever is no gesture.
        given: whether it was given any gesture, the right one or not, which takes a most probable
            class other than `none` and a rejection up to the model's threshold; None where no
            hand was found.

    Returns:
        rejected: share of the gestures' items with a hand that were given none.
        false_accept: share of the other items with a hand that were given one.
    """
    seen = [(meant != NONE.name, got) for meant, got in zip(target, given, strict=True)]
    of_gestures = [got for gesture, got in seen if gesture and got is not None]
    of_unknown = [got for gesture, got in seen if not gesture and got is not None]
    return {
        "rejected": 1 - sum(of_gestures) / len(of_gestures) if of_gestures else None,
        "false_accept": sum(of_unknown) / len(of_unknown) if of_unknown else None,
    }


def _shares(
    shown: NDArray[Any], answers: NDArray[Any], groups: NDArray[Any], kind: str
) -> dict[str, Any]:
    correct, detected = shown == answers, answers != UNDETECTED
    whole = share_of(correct, groups, kind) if len(correct) else None
    seen = share_of(correct[detected], groups[detected], kind) if detected.any() else None
    return {
        "n": len(correct),
        "detected": int(detected.sum()),
        "accuracy": whole and whole.share,
        "interval": whole and [whole.low, whole.high],
        "accuracy_detected": seen and seen.share,
        "interval_detected": seen and [seen.low, seen.high],
    }


def _groups(table: KeypointTable) -> tuple[NDArray[Any], str]:
    """(N,) what rows of a table come from, and what that is: their persons where there are
    several, else recordings: rows of one label that follow each other."""
    if len(set(table.persons.tolist())) > 1:
        return table.persons, "person"
    return np.cumsum(np.r_[True, table.gestures[1:] != table.gestures[:-1]]), "burst"
