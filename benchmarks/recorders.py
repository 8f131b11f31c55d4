"""How right the training is on people it never saw, with the samples changed in several ways.

    python -m benchmarks.recorders DATA --landmarks FOLDER [--sources NAME …]
        [--folds 6] [--seeds 2] [--every 1] [--epochs 12] [--only NAME …]

DATA as `core/lab/starter_data.py` says; FOLDER keeps keypoints that were found once. Each way
of changing samples is tried twice: recorders of the keypoint table are left out (in so many folds;
0 leaves each out alone), and models of the table and the other signs are asked about the photos,
whose people are in neither. “Plain” is scikit-learn's MLP on points from the wrist, unchanged.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.gestures.classifier.augmentation import Augmentation
from core.gestures.classifier.fitting import fit_all, predict_samples
from core.gestures.data import GestureData
from core.gestures.evaluation.intervals import estimate_accuracy
from core.gestures.labels import NONE
from core.lab.starter import EPOCHS, OPTIONS
from core.lab.starter_data import (
    SOURCES,
    extract_source_keypoints,
    read_picture_hands,
    read_recorders,
    read_recorders_and_signs,
)
from core.paths import Paths

Answer = Callable[[GestureData], NDArray[np.int64]]
Fit = Callable[[GestureData, int, int], Answer]  # of samples, seed and epochs

SHIPPED = OPTIONS.augmentation
WAYS = {
    "as shipped": SHIPPED,
    "nothing changed": Augmentation(),
    "without mirror": replace(SHIPPED, mirror=0.0),
    "without turn": replace(SHIPPED, turn=0.0),
    "without aim": replace(SHIPPED, aim=0.0),
    "aim 0.5": replace(SHIPPED, aim=0.5),
    "and rotated ±15°": replace(SHIPPED, rotation_deg=15.0),
    "and rotated ±30°": replace(SHIPPED, rotation_deg=30.0),
    "and jitter 0.02": replace(SHIPPED, jitter=0.02),
    "and shear, stretch 0.15": replace(SHIPPED, shear=0.15, stretch=0.15),
}
# truth > answer, the mistakes that are counted
MISTAKES = {
    "👉 👈 > ☝": (("point_right", "point_left"), ("point_up",)),
    "☝ > 👉 👈": (("point_up",), ("point_right", "point_left")),
    "👌 > ✋": (("ok",), ("open_palm",)),
    "👍 👎 > 👊": (("thumbs_up", "thumbs_down"), ("fist",)),
    "👊 > 👍 👎": (("fist",), ("thumbs_up", "thumbs_down")),
}


def ours(how: Augmentation) -> Fit:
    """The training as it is, with samples changed this way."""

    def fit(data: GestureData, seed: int, epochs: int) -> Answer:
        net = fit_all(data, replace(OPTIONS, augmentation=how, seed=seed), epochs)
        return lambda asked: predict_samples(net, asked).argmax(1)

    return fit


def plain(data: GestureData, seed: int, epochs: int) -> Answer:
    """An MLP on points from the wrist, the farthest coordinate at 1."""
    from sklearn.neural_network import MLPClassifier  # slow to load

    net = MLPClassifier((256, 128), random_state=seed, batch_size=256)
    for _ in range(epochs):
        net.partial_fit(_from_wrist(data), data.labels, classes=range(len(data.gestures)))
    return lambda asked: net.predict(_from_wrist(asked))


def _from_wrist(data: GestureData) -> NDArray[np.float32]:
    points = np.nan_to_num(data.keypoints - data.keypoints[:, :1])[:, 1:].reshape(len(data), -1)
    return points / np.maximum(np.abs(points).max(1, keepdims=True), 1e-6)


FITS: dict[str, Fit] = {"plain MLP": plain, **{name: ours(how) for name, how in WAYS.items()}}


def left_out_answers(
    data: GestureData, folds: int, fit: Callable[[GestureData], Answer]
) -> NDArray[np.int64]:
    """(N,) what models that never saw a sample's recorder say of it."""
    recorders = np.random.default_rng(0).permutation(np.unique(data.persons.astype(str)))
    folds = folds or len(recorders)
    predicted = np.empty(len(data), np.int64)
    for number in range(folds):
        out = np.isin(data.persons, recorders[number::folds])
        predicted[out] = fit(data.take(~out))(data.take(out))
    return predicted


def raised_hands(name: str, landmarks: Path) -> GestureData:
    """A source's hands that show one of the eight gestures, the highest of each picture."""
    hands = read_picture_hands(name, landmarks / f"{name}.parquet")
    rows = np.flatnonzero(hands.raised)
    data = hands.to_unlabelled(rows)
    meant = [hands.gesture_of(picture) for picture in hands.pictures[rows]]
    names = [gesture.name for gesture in data.gestures]
    labelled = replace(data, labels=np.array([names.index(name) for name in meant], np.int64))
    return labelled.take(labelled.labels != names.index(NONE.name))


def mistakes(data: GestureData, predicted: NDArray[np.int64]) -> list[int]:
    """How often each of MISTAKES was made."""
    names = np.array([gesture.name for gesture in data.gestures])
    return [
        int((np.isin(names[data.labels], truths) & np.isin(names[predicted], answers)).sum())
        for truths, answers in MISTAKES.values()
    ]


def recorders_row(data: GestureData, runs: Sequence[NDArray[np.int64]]) -> list[str]:
    """Mean of the recorders with its interval, the worst, all samples, and the mistakes a seed."""
    right = np.mean([predicted == data.labels for predicted in runs], 0)
    each = [right[data.persons == person].mean() for person in np.unique(data.persons)]
    whole = estimate_accuracy(runs[0] == data.labels, data.persons, "person", equal_weights=True)
    counts = np.mean([mistakes(data, predicted) for predicted in runs], 0)
    return [
        f"{100 * np.mean(each):.2f}",
        f"{100 * whole.low:.1f} to {100 * whole.high:.1f}",
        f"{100 * min(each):.2f}",
        f"{100 * right.mean():.2f}",
        *(f"{n:.1f}" for n in counts),
    ]


def photos_row(
    photos: dict[str, GestureData], runs: Sequence[dict[str, NDArray[np.int64]]]
) -> list[str]:
    """Each source's share right, their mean, then 👍 and 👎 right of all photos, and the mistakes
    a seed."""
    shares = [
        np.mean([(predicted[name] == data.labels).mean() for predicted in runs])
        for name, data in photos.items()
    ]
    labels = np.concatenate([data.labels for data in photos.values()])
    predicted = [np.concatenate([run[name] for name in photos]) for run in runs]
    thumbs = [
        np.mean([(one == labels)[labels == label] for one in predicted])
        if label in labels
        else np.nan
        for label in (0, 1)
    ]
    counts = np.sum(
        [np.mean([mistakes(data, run[name]) for run in runs], 0) for name, data in photos.items()],
        0,
    )
    return [
        *(f"{100 * share:.1f}" for share in [*shares, np.mean(shares), *thumbs]),
        *(f"{n:.1f}" for n in counts),
    ]


def main() -> None:
    """Print both tables, row by row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--landmarks", type=Path, required=True)
    parser.add_argument("--sources", nargs="*", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="learn from every so-manieth sample")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--only", nargs="*", choices=list(FITS), default=list(FITS))
    asked = parser.parse_args()
    paths = Paths.find()
    for name in asked.sources:
        if not (asked.landmarks / f"{name}.parquet").is_file():
            extract_source_keypoints(asked.data, asked.landmarks, paths, name)
    table = read_recorders(asked.data / "hand_keypoints" / "gestures.csv")
    known = read_recorders_and_signs(asked.data)
    photos = {name: raised_hands(name, asked.landmarks) for name in asked.sources}
    seeds = range(asked.seeds)

    def fit(name: str, seed: int, data: GestureData) -> Answer:
        return FITS[name](data.take(np.arange(len(data))[:: asked.every]), seed, asked.epochs)

    _head("recorders left out", "mean %", "interval", "worst %", "samples %", *MISTAKES)
    for name in asked.only:
        runs = [left_out_answers(table, asked.folds, partial(fit, name, seed)) for seed in seeds]
        _line(name, recorders_row(table, runs))
    _head("photos", *photos, "mean %", "👍 %", "👎 %", *MISTAKES)
    for name in asked.only:
        answers = [fit(name, seed, known) for seed in seeds]
        found = [{which: answer(data) for which, data in photos.items()} for answer in answers]
        _line(name, photos_row(photos, found))


def _head(*columns: str) -> None:
    print(f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|")


def _line(name: str, cells: list[str]) -> None:
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
