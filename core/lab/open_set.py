"""How a gesture model rejects hands that show none of its gestures. N samples, M unknown hands.

Convention: `none` is trained on the digits 0, 3, 6 and 8; the digits 2, 4 and 7 and the signs here
are never trained on. A fold holds out whole people and is tested with their digits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.gestures.modelfile.metadata import Rejection
from core.gestures.openset.rejection import choose_threshold, cross_fit_thresholds
from core.lab.starter_data import OTHER_SIGNS, XY, assign_blocks, make_gesture_data

FOLDS = 5
_DIGITS = ("2", "4", "7")
_LETTERS = {"C", "H", "I", "K", "L", "R", "U", "V", "W", "Y"}  # unlike the eight gestures
_COUNTING = {  # sources of digits that resemble none of the eight gestures
    "ambrosinim/hands_dataset": set("0234678"),
    "EPSRC-NUMBERS/Human-Robot_Finger-Counting_Dataset": set("234"),
}

Answer = Callable[[GestureData], Sequence[NDArray[np.float32]]]


@dataclass(frozen=True, eq=False)
class RejectionScores:
    """Rejection scores of models for held-out people; larger means farther out of distribution."""

    gestures: NDArray[np.float32]  # (N,) each gesture sample's score
    named: NDArray[np.bool_]  # (N,) whether its most probable class is a gesture
    labels: NDArray[np.int64]  # (N,), as the folds
    folds: NDArray[np.int64]
    unknown: NDArray[np.float32]  # (M,), likewise for the unknown hands
    unknown_named: NDArray[np.bool_]
    unknown_folds: NDArray[np.int64]
    kinds: NDArray[np.str_]  # (M,) the sign shown; digits as "digit 4"

    def select_accepted(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return (N,) and (M,) masks of accepted gesture samples and unknown hands, with thresholds
        chosen on the other folds."""
        gestures, unknown = self.named.copy(), self.unknown_named.copy()
        chosen = cross_fit_thresholds(self.gestures, self.labels, self.folds)
        for fold, threshold, _ in chosen:
            mine, alike = self.folds == fold, self.unknown_folds == fold
            gestures[mine] &= self.gestures[mine] <= threshold
            unknown[alike] &= self.unknown[alike] <= threshold
        return gestures, unknown

    @property
    def are_digits(self) -> NDArray[np.bool_]:
        """(M,) True for the digits 2, 4 and 7, False for signs of other collections."""
        return np.char.startswith(self.kinds, "digit ")


def score_held_out_people(
    data: GestureData, digits: GestureData, hands: GestureData, fit: Callable[[GestureData], Answer]
) -> RejectionScores:
    """Train a model per fold; collect its rejection scores for the gestures of held-out people and
    for unknown hands.

    Args:
        digits: unknown hands of people in the data; only those of held-out people are scored.
        hands: unknown hands of other people.
        fit: trains on samples; returns a function to (N, C) probabilities and (N,) scores.
    """
    none = data.gestures.index(NONE) if NONE in data.gestures else -1
    parts = []
    for number, rows in enumerate(split_folds(data)):
        answer = fit(data.take(~rows))
        gestures = data.take(rows & (data.labels != none))
        unknown = [digits.take(digits.persons == f"digits {number}"), hands]
        predicted, *others = [answer(part) for part in (gestures, *unknown)]
        probabilities = np.concatenate([p for p, _ in others])
        parts.append(
            (
                predicted[1],
                predicted[0].argmax(1) != none,
                gestures.labels,
                np.full(len(gestures), number),
                np.concatenate([score for _, score in others]),
                probabilities.argmax(1) != none,
                np.full(len(probabilities), number),
                np.concatenate([part.sessions for part in unknown]),
            )
        )
    return RejectionScores(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def split_folds(data: GestureData) -> Iterator[NDArray[np.bool_]]:
    """Yield (N,) held-out masks: per fold, a block of digits and a fifth of the other people."""
    persons = np.unique(data.persons.astype(str))
    others = [person for person in persons if not person.startswith("digits ")]
    others = list(np.random.default_rng(0).permutation(others))
    for number in range(FOLDS):
        yield np.isin(data.persons, [f"digits {number}", *others[number::FOLDS]])


def summarise_scores(scores: RejectionScores) -> Rejection:
    """Summarise rejection for held-out people: acceptance rates, each fold with the other folds'
    threshold, and the threshold from all their gestures."""
    gestures, unknown = scores.select_accepted()
    digits = int(scores.are_digits.sum())
    others = int((~scores.are_digits).sum()) // FOLDS  # every fold scores all of them
    weight = np.where(scores.are_digits, 1.0, 1 / FOLDS)
    by_gesture = [gestures[scores.labels == label].mean() for label in np.unique(scores.labels)]
    text = (
        f"{len(gestures)} gesture samples of people left out, and as unknown hands {digits} of the "
        f"digits 2, 4 and 7 and {others} of other signs, none of which it learned"
    )
    return Rejection(
        score="made-up hands + none",
        threshold=choose_threshold(scores.gestures, scores.labels),
        true_accept=float(np.mean(by_gesture)),
        false_accept=float(np.average(unknown, weights=weight)),
        measured_on=text,
        gestures=len(gestures),
        foreign=digits + others,
    )


def rate_acceptance(scores: RejectionScores, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return acceptance rates per gesture, group of unknown hands, and unknown sign."""
    gestures, unknown = scores.select_accepted()
    shares = {names[i]: gestures[scores.labels == i] for i in np.unique(scores.labels)}
    signs = {str(kind): unknown[scores.kinds == kind] for kind in np.unique(scores.kinds)}
    groups = {"digits 2, 4, 7": scores.are_digits, "other signs": ~scores.are_digits}
    return {
        "gestures": {name: float(part.mean()) for name, part in shares.items()},
        "foreign": {name: float(unknown[rows].mean()) for name, rows in groups.items()},
        "signs": {name: float(part.mean()) for name, part in signs.items()},
    }


def read_unknown_digits(landmarks: Path) -> GestureData:
    """Read hands that show 2, 4 or 7, split into the same blocks as the other digits."""
    table = pd.read_parquet(landmarks / "digits.parquet")
    folder = table["source"].str.split("/").str[0]
    persons = assign_blocks("digits", table["source"])
    kept = (folder.isin(_DIGITS) & (table["hand"] == 0)).to_numpy()
    kinds = ("digit " + folder[kept]).to_numpy(str)
    return _to_gesture_data(table[kept], persons[kept], kinds)


def read_unknown_signs(crops: Path, *, learned: bool = False) -> GestureData:
    """Read hands of other data sets that show signs unlike the eight gestures; `learned` adds the
    signs in the starter's training set, for models trained without them."""
    table = pd.read_csv(crops)
    label = table["class"].astype(str).str.split("/").str[-1]
    kept = label.isin(_LETTERS | OTHER_SIGNS if learned else _LETTERS)
    for source, digits in _COUNTING.items():
        kept |= (table["source_repo"] == source) & label.isin(digits)
    return _to_gesture_data(
        table[kept], table["source_repo"][kept].to_numpy(str), label[kept].to_numpy(str)
    )


def _to_gesture_data(
    table: pd.DataFrame, persons: NDArray[np.str_], signs: NDArray[np.str_]
) -> GestureData:
    """Convert keypoint rows to samples labelled `none`; `sessions` holds the sign."""
    points = table[XY].to_numpy(np.float32).reshape(-1, 21, 2)
    nothing = np.full(len(points), DEFAULT_GESTURES.index(NONE), np.int64)
    return make_gesture_data(points, nothing, persons, signs)
