"""The accuracy that a training reports where nothing can be learned: labels drawn by a coin.

    python -m benchmarks.chance_labels [--draws 400] [--epochs 20]

Each draw is a project of two persons and two gestures with random hands and random labels; one
person's 40 samples are held out. Without any choice on them the mean of the reported accuracies is
chance, 50 %. Beside it: the best epoch's accuracy, which held-out samples that chose the epoch
would report.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.gestures.data import GestureData
from core.gestures.evaluation.validation import figures, split_by_groups
from core.gestures.labels import DEFAULT_GESTURES
from core.gestures.training.fitting import TrainOptions, fit_mlp, net_probabilities
from core.learning.background import Stop

HELD_OUT = 40  # samples, as many to learn from


def random_project(seed: int, each: int = HELD_OUT) -> GestureData:
    """Make `each` samples of two persons: random hands, labels by a coin."""
    rng = np.random.default_rng(seed)
    persons = np.repeat(["anna", "bert"], each)
    labels = rng.integers(0, 2, 2 * each)
    labels[[0, each]], labels[[1, each + 1]] = 0, 1  # each person has shown both gestures
    hands = rng.normal(300, 40, (2 * each, 21, 2)).astype(np.float32)
    gestures, seen_plain = DEFAULT_GESTURES[:2], np.zeros(2 * each, bool)
    return GestureData(hands, seen_plain, labels, gestures, persons, persons, persons)


def chance_accuracy(data: GestureData, options: TrainOptions) -> tuple[float, float]:
    """Measure what `train` reports, without what it does besides, and the best epoch's accuracy."""
    split, curve = split_by_groups(data, options.seed), []
    training, validation = data.take(split.train), data.take(split.validation)

    def log(**record: float) -> None:
        curve.append(record["val_accuracy"])

    net, _ = fit_mlp(training, validation, options, log, Stop())
    predicted = net_probabilities(net, validation).argmax(1)
    return figures(validation, predicted, split.kind)["accuracy"], max(curve)


def chance_accuracies(
    draws: int, each: int = HELD_OUT, epochs: int | None = None
) -> Iterator[tuple[float, float]]:
    """The reported and the best epoch's accuracy of each draw's training."""
    for seed in range(draws):
        data = random_project(seed, each)
        yield chance_accuracy(data, replace(TrainOptions(epochs=epochs), seed=seed))


def main() -> None:
    """Print the means and the standard error of the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    found = []
    for accuracies in chance_accuracies(options.draws, epochs=options.epochs):
        found.append(accuracies)
        if len(found) % 50 == 0 or len(found) == options.draws:
            reported, best = 100 * np.mean(found, axis=0)
            error = 100 * np.std([accuracy for accuracy, _ in found]) / np.sqrt(len(found))
            print(
                f"{len(found)} draws: reported {reported:.2f} % (standard error {error:.2f}), "
                f"best epoch {best:.2f} %",
                flush=True,
            )


if __name__ == "__main__":
    main()
