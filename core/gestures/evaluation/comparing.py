"""Classifiers side by side: the same samples to learn from, the same to judge on.

The MLP learns for a fixed number of epochs, so that none of them chooses anything by the samples
that judge.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.classifier.fitting import TrainOptions, fit_all, net_probabilities
from core.gestures.classifier.learner import without_empty_gestures
from core.gestures.data import CLASSIFIERS, GestureData
from core.gestures.evaluation.baselines import fit_baseline
from core.gestures.evaluation.intervals import difference_of
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.evaluation.validation import figures, groups_of, split_by_groups
from core.training.background import Stop

EPOCHS = 20  # leave-one-recorder-out accuracy is flat from 10 to 25
FIRST = CLASSIFIERS[0]  # the others are compared with it

OnProgress = Callable[[dict[str, Any]], None]


def compare(
    data: GestureData,
    *,
    seed: int = 0,
    epochs: int = EPOCHS,
    progress: OnProgress = lambda row: None,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Fit each of `CLASSIFIERS` on the groups' split and measure it on what was held out.

    Args:
        progress: called with each classifier's row when it is done.
        stop: when set, the classifiers that are left are not measured.

    Returns:
        what `Protocol.to_dict` gives, n, groups, epochs, rows: classifier, seconds to fit,
        accuracy, interval, and for all but the first difference and difference_interval (to the
        first; shares).

    Raises:
        TrainingError: data that can't be trained on.
    """
    data = without_empty_gestures(data)
    split = split_by_groups(data, seed)
    train, validation = data.take(split.train), data.take(split.validation)
    rows: list[dict[str, Any]] = []
    first: NDArray[np.bool_] | None = None
    for name in CLASSIFIERS:
        if stop is not None and stop.is_set():
            break
        begun = time.monotonic()
        predicted = _predicted(name, train, validation, seed, epochs)
        row = {"classifier": name, "seconds": round(time.monotonic() - begun, 3)}
        row |= _row(validation, predicted, first, split.kind)
        first = validation.labels == predicted if first is None else first
        rows.append(row)
        progress(row)
    groups, _ = groups_of(validation, split.kind)
    return {
        **Protocol(split.kind, {"epochs": Part.FIXED}).to_dict(),
        "n": len(validation),
        "groups": len(np.unique(groups)),
        "epochs": epochs,
        "rows": rows,
    }


def _predicted(
    name: str, train: GestureData, validation: GestureData, seed: int, epochs: int
) -> NDArray[np.int64]:
    if name == FIRST:
        net = fit_all(train, TrainOptions(seed=seed), epochs)
        return net_probabilities(net, validation).argmax(1)
    return fit_baseline(name, train, seed)(validation).argmax(1)


def _row(
    data: GestureData, predicted: NDArray[np.int64], first: NDArray[np.bool_] | None, kind: str
) -> dict[str, Any]:
    found = figures(data, predicted, kind)
    row = {key: found[key] for key in ("accuracy", "interval")}
    if first is not None:
        groups, unit = groups_of(data, kind)
        mean, low, high = difference_of(first, data.labels == predicted, groups, unit)
        row |= {"difference": mean, "difference_interval": [low, high]}
    return row
