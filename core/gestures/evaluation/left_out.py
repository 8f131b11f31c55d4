"""How well a model does on people that it never saw: each person is left out once."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.classifier.fitting import TrainOptions, fit_all, net_probabilities
from core.gestures.data import GestureData
from core.gestures.evaluation.intervals import share_of_counts
from core.gestures.evaluation.validation import figures, splits_by_person
from core.gestures.motion.motion_learner import choose_matcher, fit_again, probabilities
from core.training.background import Stop

OnProgress = Callable[[str, dict[str, Any]], None]


def leave_one_person_out(
    data: GestureData,
    options: TrainOptions,
    epochs: int,
    *,
    only: Collection[str] | None = None,
    progress: OnProgress = lambda person, found: None,
    stop: Stop | None = None,
) -> dict[str, dict[str, Any]]:
    """Per person (or per one of `only`), the figures on that person's samples of a net that never
    saw them. Samples of unknown people are left out throughout: they may show any of the others.

    A sample whose gesture nobody else has recorded can't be judged: `unjudged` counts those, and
    a person of whom no sample can be judged has n = 0 and no other figure.

    Args:
        progress: called with each person and their figures.
        stop: when set, the persons that are left are not measured.

    Raises:
        TrainingError: fewer than two persons.
    """
    persons = data.known_persons
    if len(persons) < 2:
        raise TrainingError(
            f"samples of {len(persons)} person came, leaving one out needs at least 2: let another "
            "person record the same gestures"
        )
    found = {}
    data = data.take(data.of_known)
    for person, split in splits_by_person(data):
        if only is not None and person not in only:
            continue
        others, theirs = data.take(split.train), data.take(split.validation)
        measured = _figures(others, theirs, options, epochs, stop)
        if stop is not None and stop.is_set():
            break  # that net has not learned for all its epochs
        found[person] = measured
        progress(person, found[person])
    return found


def _figures(
    others: GestureData,
    theirs: GestureData,
    options: TrainOptions,
    epochs: int,
    stop: Stop | None,
) -> dict[str, Any]:
    known = np.unique(others.labels)
    judged = np.isin(theirs.labels, known)
    unjudged = {"unjudged": int((~judged).sum())}
    if len(known) < 2 or not judged.any():
        return {"n": 0, "unjudged": len(theirs)}
    theirs = theirs.take(judged)
    return figures(theirs, _predicted(others, theirs, options, epochs, stop), "burst") | unjudged


def _predicted(
    others: GestureData,
    theirs: GestureData,
    options: TrainOptions,
    epochs: int,
    stop: Stop | None,
) -> NDArray[np.int64]:
    if not others.moving:
        return net_probabilities(fit_all(others, options, epochs, stop), theirs).argmax(1)
    by, _ = choose_matcher(others, options, epochs, stop)
    return probabilities(fit_again(by, others, options, epochs, stop), theirs).argmax(1)


def summarise(per_person: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Mean over persons (each counts once) with its interval, the worst of them, and the share of
    all samples. Persons of whom nothing could be judged count nowhere.

    Raises:
        TrainingError: nobody could be judged.
    """
    judged = {person: found for person, found in per_person.items() if found["n"]}
    if not judged:
        raise TrainingError(
            "no person recorded a gesture that another recorded too: let two persons record the "
            "same gestures"
        )
    accuracies = {person: found["accuracy"] for person, found in judged.items()}
    worst = min(accuracies, key=lambda person: accuracies[person])
    counts = np.array([found["n"] for found in judged.values()])
    correct = np.round(counts * np.array(list(accuracies.values())))
    mean = share_of_counts(correct, counts, "person", each=True)
    return {
        "n": int(counts.sum()),
        "mean_accuracy": mean.share,
        "interval": [mean.low, mean.high],
        "accuracy": float(correct.sum() / counts.sum()),
        "worst_person": worst,
        "worst_accuracy": accuracies[worst],
        "per_person": {
            person: {key: f[key] for key in _ROW if key in f} for person, f in per_person.items()
        },
    }


_ROW = ("n", "accuracy", "interval", "unjudged")
