"""Accuracy on new people: leave-one-person-out."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from core.errors import TrainingError
from core.gestures.classifier.fitting import TrainOptions, fit_all, predict_samples
from core.gestures.data import GestureData
from core.gestures.evaluation.intervals import estimate_from_counts
from core.gestures.evaluation.validation import compute_figures
from core.gestures.motion.motion_learner import choose_matcher, fit_matcher, predict_motions
from core.training.background import Stop
from core.words import words

_KEYS = ("n", "accuracy", "interval", "unjudged")  # of each person in the summary


def leave_one_person_out(
    data: GestureData,
    options: TrainOptions,
    epochs: int,
    *,
    only: Collection[str] | None = None,
    log: Callable[..., None] = lambda **_: None,
    stop: Stop | None = None,
) -> dict[str, dict[str, Any]]:
    """Return the figures of each person (or only those in `only`), measured by a model trained on
    all other persons' samples. Raise TrainingError for fewer than two people.

    Samples of unknown people are ignored: they may show any of the others. A sample of a gesture
    that no other person recorded can't be judged: `unjudged` counts those samples, and a person who
    has no judged sample has n = 0 and no other figures. Each person's figures are logged, but not
    the confusion; if stopped, the remaining people are not measured.
    """
    persons = data.known_persons
    if len(persons) < 2:
        raise TrainingError(
            words(
                "samples of {n} person came, leaving one out needs at least 2: let another person "
                "record the same gestures",
                n=len(persons),
            )
        )
    found = {}
    data = data.take(data.has_known_person)
    for person in persons:
        if only is not None and person not in only:
            continue
        own = data.persons == person
        figures = _measure_person(data.take(~own), data.take(own), options, epochs, stop)
        if stop is not None and stop.is_set():
            break  # this net was not fitted for all its epochs
        found[person] = figures
        logged = {key: value for key, value in figures.items() if key != "confusion"}
        log(event="person", person=person, **logged)
    return found


def _measure_person(
    others: GestureData, own: GestureData, options: TrainOptions, epochs: int, stop: Stop | None
) -> dict[str, Any]:
    """Train on the others' samples and compute this person's figures; n = 0 if no gesture is
    shared."""
    known = np.unique(others.labels)
    judged = np.isin(own.labels, known)
    if len(known) < 2 or not judged.any():
        return {"n": 0, "unjudged": len(own)}
    rows = own.take(judged)
    if others.is_moving:
        kind, _ = choose_matcher(others, options, epochs, stop)
        predicted = predict_motions(fit_matcher(kind, others, options, epochs, stop), rows)
    else:
        predicted = predict_samples(fit_all(others, options, epochs, stop), rows)
    figures = compute_figures(rows, predicted.argmax(1), "burst")
    return figures | {"unjudged": int((~judged).sum())}


def summarise_persons(per_person: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Summarise the figures by person: the mean over persons with its interval, the worst person,
    and the accuracy on all samples. Persons without judged samples don't count. Raise TrainingError
    if there are no judged samples at all."""
    judged = {person: found for person, found in per_person.items() if found["n"]}
    if not judged:
        raise TrainingError(
            words(
                "no person recorded a gesture that another recorded too: let two persons record "
                "the same gestures"
            )
        )
    accuracies = {person: found["accuracy"] for person, found in judged.items()}
    worst = min(accuracies, key=lambda person: accuracies[person])
    counts = np.array([found["n"] for found in judged.values()])
    correct = np.round(counts * np.array(list(accuracies.values())))
    mean = estimate_from_counts(correct, counts, "person", equal_weights=True)
    return {
        "n": int(counts.sum()),
        "mean_accuracy": mean.value,
        "interval": [mean.low, mean.high],
        "accuracy": float(correct.sum() / counts.sum()),
        "worst_person": worst,
        "worst_accuracy": accuracies[worst],
        "per_person": {
            person: {key: f[key] for key in _KEYS if key in f} for person, f in per_person.items()
        },
    }
