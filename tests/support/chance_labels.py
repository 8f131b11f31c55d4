"""Measure the accuracy that a training reports where nothing can be learned: random labels.

Each draw is a project of two persons and two gestures with random hands; one person is held out.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.gestures.classifier.fitting import TrainOptions, fit_mlp, predict_samples
from core.gestures.data import GestureData
from core.gestures.evaluation.validation import compute_figures, split_by_groups
from core.gestures.labels import DEFAULT_GESTURES
from core.training.background import Stop

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
    predicted = predict_samples(net, validation).argmax(1)
    return compute_figures(validation, predicted, split.kind)["accuracy"], max(curve)


def chance_accuracies(
    draws: int, each: int = HELD_OUT, epochs: int | None = None
) -> Iterator[tuple[float, float]]:
    """The reported and the best epoch's accuracy of each draw's training."""
    for seed in range(draws):
        data = random_project(seed, each)
        yield chance_accuracy(data, replace(TrainOptions(epochs=epochs), seed=seed))
