"""The MLP compared with scikit-learn's classifiers on the same features and the same split.
N samples, C gestures."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.classifier.fitting import TrainOptions, fit_all, predict_samples
from core.gestures.data import CLASSIFIERS, GestureData
from core.gestures.evaluation.intervals import estimate_difference
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.evaluation.validation import compute_figures, get_split_groups, split_by_groups
from core.training.background import Stop

EPOCHS = 20  # fixed; leave-one-recorder-out accuracy is flat from 10 to 25


def fit_baseline(
    name: str, data: GestureData, seed: int = 0
) -> Callable[[GestureData], NDArray[np.float32]]:
    """Fit the named baseline ("knn", "logreg", "forest") on standardised features, and return a
    function from samples to (N, C) probabilities. Raise TrainingError for another name."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = {
        "knn": lambda: KNeighborsClassifier(min(5, len(data))),
        "logreg": lambda: LogisticRegression(max_iter=1000, random_state=seed),
        "forest": lambda: RandomForestClassifier(200, random_state=seed),
    }
    if name not in known:
        raise TrainingError(f"no classifier “{name}”: choose one of {', '.join(CLASSIFIERS)}")
    model = make_pipeline(StandardScaler(), known[name]())
    model.fit(data.features(), data.labels)

    def predict(samples: GestureData) -> NDArray[np.float32]:
        out = np.zeros((len(samples), len(data.gestures)), np.float32)
        out[:, model.classes_] = model.predict_proba(samples.features())
        return out

    return predict


def compare_classifiers(
    data: GestureData,
    *,
    seed: int = 0,
    epochs: int = EPOCHS,
    log: Callable[..., None] = lambda **_: None,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Fit each of `CLASSIFIERS` on the same training samples, measure its accuracy on the same
    held-out samples, and log its row; end early if stopped. Raise TrainingError if
    the data can't be trained on.

    Returns:
        The keys of `Protocol.to_dict`, n, groups, epochs, rows: classifier, seconds to fit,
        accuracy, interval, and for all but the first difference and difference_interval (to the
        first; fractions).
    """
    data = data.drop_empty_gestures()
    split = split_by_groups(data, seed)
    train, validation = data.take(split.train), data.take(split.validation)
    groups, unit = get_split_groups(validation, split.kind)
    rows: list[dict[str, Any]] = []
    first: NDArray[np.bool_] | None = None
    for name in CLASSIFIERS:
        if stop is not None and stop.is_set():
            break
        started = time.monotonic()
        if name == "mlp":
            net = fit_all(train, TrainOptions(seed=seed), epochs)
            predicted = predict_samples(net, validation).argmax(1)
        else:
            predicted = fit_baseline(name, train, seed)(validation).argmax(1)
        row = {"classifier": name, "seconds": round(time.monotonic() - started, 3)}
        figures = compute_figures(validation, predicted, split.kind)
        row |= {"accuracy": figures["accuracy"], "interval": figures["interval"]}
        correct = validation.labels == predicted
        if first is None:
            first = correct
        else:
            mean, low, high = estimate_difference(first, correct, groups, unit)
            row |= {"difference": mean, "difference_interval": [low, high]}
        rows.append(row)
        log(event="classifier", **row)
    return {
        **Protocol(split.kind, {"epochs": Part.FIXED}).to_dict(),
        "n": len(validation),
        "groups": len(np.unique(groups)),
        "epochs": epochs,
        "rows": rows,
    }
