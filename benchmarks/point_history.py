"""The ways of a fingertip that recorders of one app have logged, learned from some recorders and
asked of the others, beside a plain perceptron of the raw numbers on the very same rows."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from core.capture.tables import read_table
from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.training.fitting import TrainOptions
from core.gestures.training.motion_learner import fit_again, probabilities

FILE = "point_history.csv"
_FOLDS, _PASSES = 8, 60
_SEVERAL = 3  # recorders


def recorded(folder: Path) -> GestureData:
    """The file's rows as `import --layout point-history` takes them."""
    table = read_table(folder / FILE, "point-history")
    assert table.recordings is not None
    names, numbers = np.unique(table.gestures, return_inverse=True)
    return GestureData(
        table.keypoints,
        np.zeros(len(table), bool),
        numbers.astype(np.int64),
        tuple(GestureLabel(str(name)) for name in names),
        table.persons,
        table.persons,
        table.recordings,
        skeleton=table.skeleton,
    )


def folds_of(persons: NDArray[np.str_], folds: int = _FOLDS) -> NDArray[np.int64]:
    """(N,) which fold a row is in: whole recorders, the longest first where there is most room."""
    names, sizes = np.unique(persons, return_counts=True)
    filled, home = np.zeros(folds), {}
    for number in np.argsort(-sizes, kind="stable"):
        fold = int(filled.argmin())
        home[str(names[number])] = fold
        filled[fold] += sizes[number]
    return np.array([home[str(person)] for person in persons])


def other_recorders(folder: Path, epochs: int, folds: int = _FOLDS) -> dict[str, Any]:
    """Each recorder asked of a net that never saw them; the net has learned all gestures, the
    perceptron the common ones alone, which are what both are asked.
    """
    data = recorded(folder)
    fold, common = folds_of(data.persons, folds), _common(data)
    answers = {by: np.full(len(data), -1) for by in ("net", "perceptron")}
    for number in range(folds):
        rows = np.flatnonzero((fold == number) & common)
        theirs, known = data.take(rows), data.take(fold != number)
        net = fit_again("net", known, TrainOptions(), epochs)
        answers["net"][rows] = probabilities(net, theirs).argmax(1)
        answers["perceptron"][rows] = _perceptron(data.take((fold != number) & common), theirs)
    asked = data.take(common)
    right = {by: answer[common] == asked.labels for by, answer in answers.items()}
    return {
        "recorders": len(np.unique(asked.persons)),
        "windows": len(asked),
        "gestures": np.unique([asked.gestures[label].name for label in asked.labels]).tolist(),
        **{by: _figures(asked, ok) for by, ok in right.items()},
    }


def _common(data: GestureData) -> NDArray[np.bool_]:
    """(N,) of a gesture that several have logged."""
    own = [len(np.unique(data.persons[data.labels == c])) for c in range(len(data.gestures))]
    return np.array(own)[data.labels] >= _SEVERAL


def _perceptron(known: GestureData, asked: GestureData) -> NDArray[np.int64]:
    """The labels by 64 units on the raw places."""
    net = MLPClassifier((64,), max_iter=_PASSES, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many passes are what was meant
        net.fit(known.keypoints.reshape(len(known), -1), known.labels)
    return np.asarray(net.predict(asked.keypoints.reshape(len(asked), -1)), np.int64)


def _figures(data: GestureData, right: NDArray[np.bool_]) -> dict[str, Any]:
    """Of windows, in the mean over the recorders, and the worst of these."""
    shares = {str(name): float(right[data.persons == name].mean()) for name in set(data.persons)}
    worst = sorted(shares, key=lambda name: shares[name])[:5]
    names = np.array([gesture.name for gesture in data.gestures])[data.labels]
    return {
        "of windows": float(right.mean()),
        "mean of recorders": float(np.mean([*shares.values()])),
        "worst": {name: shares[name] for name in worst},
        "per gesture": {str(n): float(right[names == n].mean()) for n in np.unique(names)},
    }
