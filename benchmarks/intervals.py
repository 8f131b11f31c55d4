"""How often a 95 % interval holds what is true, on the keypoints of real recorders.

    python -m benchmarks.intervals gestures.csv

Classifiers learn from one to three recorders; all the others are the people that exist, and the
share that is right on them is the truth. Then a few of those are drawn, as somebody with a few
friends would measure, and each interval is asked whether it holds the truth.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.gestures.data import GestureData
from core.gestures.evaluation.comparison import fit_baseline
from core.gestures.evaluation.intervals import estimate_accuracy, wilson_interval
from core.lab.starter_data import read_recorders

TRAININGS, DRAWS, DRAWN = 24, 100, (1, 2, 3, 5, 8)
OF_A_RECORDING = 60  # rows, spread over it: so that no recorder outweighs the others
Rows = np.ndarray


@dataclass
class People:
    """What one classifier got right of everybody whom it did not learn from."""

    correct: Rows
    persons: Rows
    recordings: Rows


def plain_wilson(correct: Rows, persons: Rows, recordings: Rows) -> tuple[float, float]:
    return wilson_interval(int(correct.sum()), len(correct))


def bootstrap(correct: Rows, persons: Rows, recordings: Rows) -> tuple[float, float]:
    """Percentiles of the share over persons drawn anew."""
    rng = np.random.default_rng(0)
    _, which = np.unique(persons, return_inverse=True)
    sums, counts = np.bincount(which, correct), np.bincount(which)
    draws = rng.integers(0, len(sums), (500, len(sums)))
    low, high = np.quantile(sums[draws].sum(1) / counts[draws].sum(1), [0.025, 0.975])
    return float(low), float(high)


def by_persons(correct: Rows, persons: Rows, recordings: Rows) -> tuple[float, float]:
    found = estimate_accuracy(correct, persons, "person")
    return found.low, found.high


def by_recordings(correct: Rows, persons: Rows, recordings: Rows) -> tuple[float, float]:
    found = estimate_accuracy(correct, recordings, "burst")
    return found.low, found.high


METHODS: dict[str, Callable[[Rows, Rows, Rows], tuple[float, float]]] = {
    "Wilson, every frame": plain_wilson,
    "bootstrap of persons": bootstrap,
    "ours, by persons": by_persons,
    "ours, by recordings": by_recordings,
}


def thinned(data: GestureData) -> GestureData:
    """At most OF_A_RECORDING rows of each run of one person and gesture; recordings numbered."""
    changes = (data.persons[1:] != data.persons[:-1]) | (data.labels[1:] != data.labels[:-1])
    recordings = np.cumsum(np.r_[True, changes])
    data = replace(data, recordings=recordings)
    runs = [np.flatnonzero(recordings == burst) for burst in np.unique(recordings)]
    return data.take(
        np.concatenate(
            [r[np.linspace(0, len(r) - 1, min(OF_A_RECORDING, len(r))).astype(int)] for r in runs]
        )
    )


def trained(data: GestureData, number: int, rng: np.random.Generator) -> People | None:
    """A classifier of one to three recorders; None: they show fewer than three gestures."""
    able = [p for p in set(data.persons) if len(set(data.labels[data.persons == p])) >= 3]
    own = np.isin(data.persons, rng.choice(sorted(able), 1 + number % 3, replace=False))
    known = np.unique(data.labels[own])
    if len(known) < 3:
        return None
    others = data.take(~own & np.isin(data.labels, known))
    predict = fit_baseline(("knn", "logreg", "forest")[number % 3], data.take(own))
    correct = predict(others).argmax(1) == others.labels
    return People(correct, others.persons, others.recordings)


def drawn(people: People, count: int, rng: np.random.Generator) -> tuple[Rows, Rows, Rows]:
    """So many of the persons, drawn with repetition, each as a person of their own."""
    names = np.unique(people.persons)
    rows = [np.flatnonzero(people.persons == name) for name in rng.choice(names, count)]
    number = np.repeat(np.arange(count), [len(r) for r in rows])
    every = np.concatenate(rows)
    recordings = np.char.add(
        number.astype(str), np.char.add("-", people.recordings[every].astype(str))
    )
    return people.correct[every], number, recordings


def main(table: Path) -> None:
    """Print, per number of persons drawn, how often each interval held and how wide it was."""
    rng = np.random.default_rng(0)
    data = thinned(read_recorders(table))
    made = [trained(data, number, rng) for number in range(TRAININGS)]
    everybody = [people for people in made if people is not None]
    print(f"{len(data)} rows of {len(set(data.persons))} recorders, {len(everybody)} classifiers")
    for count in DRAWN:
        held = {name: np.zeros(2) for name in METHODS}
        for people in everybody:
            for _ in range(DRAWS):
                sample = drawn(people, count, rng)
                for name, interval in METHODS.items():
                    low, high = interval(*sample)
                    held[name] += (low <= people.correct.mean() <= high, high - low)
        shares = {name: both / (DRAWS * len(everybody)) for name, both in held.items()}
        said = [
            f"{name} {share:.1%} (width {width:.3f})" for name, (share, width) in shares.items()
        ]
        print(f"{count} drawn:", ", ".join(said))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table", type=Path, help="gestures.csv")
    main(parser.parse_args().table)
