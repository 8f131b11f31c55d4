"""Which score tells best that a hand is none of the gestures: prints a table.

    python -m benchmarks.open_set DATA --landmarks FOLDER [--without-none]

DATA as `core/lab/starter_data.py` says; FOLDER keeps keypoints that were found once. `none`
learns from the digits 0, 3, 6 and 8 alone, so that the digits 2, 4 and 7, and all the other signs,
are new to every model. Five folds leave whole persons out; each fold's threshold is chosen so that
96 % of the other folds' left-out gestures pass, and the last two columns take the threshold at
which exactly 95 % of the gestures measured pass.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.gestures.classifier.fitting import fit_all
from core.gestures.classifier.nets import OpenSetNet, RejectionHead
from core.gestures.data import GestureData
from core.gestures.labels import NONE
from core.gestures.modelfile.export import hash_data
from core.gestures.openset.rejection import fit_rejection
from core.lab.open_set import (
    RejectionScores,
    read_unknown_digits,
    read_unknown_signs,
    score_held_out_people,
)
from core.lab.starter import EPOCHS, OPTIONS
from core.lab.starter_data import extract_source_keypoints, read_all_samples
from core.paths import Paths

Array = NDArray[np.float32]
Score = Callable[["Inside"], Callable[["Inside"], Array]]

_HEAD = (
    "| score | true accept % | worst gesture | digits 2, 4, 7: false accept % | other signs % "
    "| digits at 95 % | other signs at 95 % |\n|---|---|---|---|---|---|---|"
)
_BANK = 375  # hands of each gesture that the nearest neighbour is looked for among


class Inside:
    """What a fitted net makes of samples: features, its last layer, logits, and the head's word."""

    def __init__(self, net: OpenSetNet, data: GestureData) -> None:
        assert isinstance(net.head, RejectionHead)
        self.labels, self.none = data.labels, net.head.none
        with torch.no_grad():
            plain = data.features()
            x = net.net.standardise(torch.from_numpy(plain))
            last = x
            for layer in net.net.layers[:-1]:
                last = torch.relu(layer(last))
            self.logits = net.net.layers[-1](last)
            self.head, self.mix = net.head.log_odds(x).numpy(), net.head(x, self.logits).numpy()
            self.probabilities = torch.softmax(self.logits, 1).numpy()
        self.features, self.last = x.numpy(), last.numpy()
        self.named = [i for i in range(self.logits.shape[1]) if i != self.none]


def _softmax(_: Inside) -> Callable[[Inside], Array]:
    return lambda asked: -asked.probabilities[:, asked.named].max(1)


def _energy(_: Inside) -> Callable[[Inside], Array]:
    return lambda asked: -torch.logsumexp(asked.logits[:, asked.named], 1).numpy()


def _none(_: Inside) -> Callable[[Inside], Array]:
    def log_odds(asked: Inside) -> Array:
        others = torch.logsumexp(asked.logits[:, asked.named], 1)
        return (asked.logits[:, asked.none] - others).numpy()

    return log_odds


def _mahalanobis(space: str) -> Score:
    """To the nearest gesture's mean, by the covariance within the gestures (Lee et al. 2018)."""

    def fitted(known: Inside) -> Callable[[Inside], Array]:
        rows = getattr(known, space).astype(np.float64)
        means = np.stack([rows[known.labels == c].mean(0) for c in known.named])
        off = np.concatenate(
            [rows[known.labels == c] - mean for c, mean in zip(known.named, means, strict=True)]
        )
        within = off.T @ off / len(off)
        within += 0.01 * np.trace(within) / len(within) * np.eye(len(within))
        precision = np.linalg.inv(within)

        def distance(asked: Inside) -> Array:
            away = getattr(asked, space)[:, None] - means
            return np.einsum("ncf,fg,ncg->nc", away, precision, away, optimize=True).min(1)

        return distance

    return fitted


def _neighbour(space: str) -> Score:
    """To the nearest of _BANK samples of each gesture."""

    def fitted(known: Inside) -> Callable[[Inside], Array]:
        rng, rows = np.random.default_rng(0), getattr(known, space)
        of = [rng.permutation(np.flatnonzero(known.labels == c))[:_BANK] for c in known.named]
        bank = rows[np.concatenate(of)]

        def distance(asked: Inside) -> Array:
            parts = np.array_split(getattr(asked, space), 20)
            regions = (bank**2).sum(1)
            near = [(p**2).sum(1) + (regions - 2 * p @ bank.T).min(1) for p in parts]
            return np.concatenate(near)

        return distance

    return fitted


SCORES: dict[str, Score] = {
    "nearest neighbour, features": _neighbour("features"),
    "nearest neighbour, last layer": _neighbour("last"),
    "energy": _energy,
    "softmax": _softmax,
    "Mahalanobis, features": _mahalanobis("features"),
    "Mahalanobis, last layer": _mahalanobis("last"),
    "`none`": _none,
    "made-up hands": lambda _: lambda asked: asked.head,
    "synthetic outliers + `none`": lambda _: lambda asked: asked.mix,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--landmarks", type=Path, required=True)
    parser.add_argument("--without-none", action="store_true")
    asked = parser.parse_args()
    paths = Paths.find()
    everything = read_all_samples(
        asked.data,
        asked.landmarks,
        lambda name: extract_source_keypoints(asked.data, asked.landmarks, paths, name),
    )
    data = _with_digits_alone(everything, not asked.without_none)
    digits = read_unknown_digits(asked.landmarks)
    hands = read_unknown_signs(asked.data / "hand_crops" / "crops.csv", learned=True)
    print(f"{len(data)} samples, {len(digits)} digits 2, 4, 7, {len(hands)} other signs\n\n{_HEAD}")
    nets: dict[str, OpenSetNet] = {}
    for name, score in SCORES.items():
        if "none" in name and asked.without_none:
            continue
        print(
            _row(name, score_held_out_people(data, digits, hands, _fit_with(score, nets))),
            flush=True,
        )


def _with_digits_alone(data: GestureData, none: bool) -> GestureData:
    """`none` of the digits, or none at all."""
    digits = np.char.startswith(data.persons.astype(str), "digits ")
    nothing = data.labels == data.gestures.index(NONE)
    return data.take(~nothing | (digits & none)).drop_empty_gestures()


def _fit_with(score: Score, nets: dict[str, OpenSetNet]) -> Callable[[GestureData], Callable]:
    def fit(samples: GestureData) -> Callable[[GestureData], tuple[Array, Array]]:
        key = hash_data(samples)
        if key not in nets:
            net = fit_all(samples, OPTIONS, EPOCHS)
            nets[key] = fit_rejection(net, samples, OPTIONS.augmentation)
        rate = score(Inside(nets[key], samples))

        def answer(asked: GestureData) -> tuple[Array, Array]:
            inside = Inside(nets[key], asked)
            return inside.probabilities, rate(inside)

        return answer

    return fit


def _row(name: str, scores: RejectionScores) -> str:
    gestures, unknown = scores.select_accepted()
    per_gesture = [gestures[scores.labels == c].mean() for c in np.unique(scores.labels)]
    digits = scores.are_digits
    shares = [
        np.mean(per_gesture),
        min(per_gesture),
        unknown[digits].mean(),
        unknown[~digits].mean(),
        *_at_95(scores),
    ]
    return f"| {name} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |"


def _at_95(scores: RejectionScores) -> list[float]:
    """False accepts of digits and of the others at 95 % true accept in each fold, each gesture
    counting alike."""
    let_in = np.zeros(len(scores.unknown), bool)
    for fold in np.unique(scores.folds):
        mine, labels = scores.folds == fold, scores.labels[scores.folds == fold]
        order = np.argsort(scores.gestures[mine])
        weight = (1 / np.bincount(labels)[labels])[order]
        enough = np.searchsorted(np.cumsum(weight) / weight.sum(), 0.95)
        alike = scores.unknown_folds == fold
        let_in[alike] = scores.unknown[alike] <= scores.gestures[mine][order][enough]
    return [float(let_in[rows].mean()) for rows in (scores.are_digits, ~scores.are_digits)]


if __name__ == "__main__":
    main()
