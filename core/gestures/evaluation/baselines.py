"""Classifiers to compare the MLP with: scikit-learn's, on the same features. They are measured,
never saved. N samples, C gestures."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.gestures.data import CLASSIFIERS, GestureData

Predict = Callable[[GestureData], NDArray[np.float32]]


def fit_baseline(name: str, data: GestureData, seed: int = 0) -> Predict:
    """Fit k-nearest neighbours, logistic regression or a random forest on the same features.

    Returns:
        A function from samples to (N, C) probabilities.

    Raises:
        TrainingError: no such classifier.
    """
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
        found = model.predict_proba(samples.features())
        out = np.zeros((len(samples), len(data.gestures)), np.float32)
        out[:, model.classes_] = found
        return out

    return predict
