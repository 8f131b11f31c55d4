"""Measures which look finds mislabelled samples, on real hands whose labels are made wrong:

    python -m benchmarks.label_noise TABLE [--epochs N]

TABLE is a keypoint table with `source_repo` and `gesture`. Of its samples 3 % get another label,
one by one, then in whole recordings of 50. The model learns from the wrong labels, too. Printed is
the average precision: 1 where all wrong ones stand first, 0.03 where they stand anywhere.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.learner import train
from core.gestures.data import GestureData
from core.gestures.evaluation.label_noise import score_by_model, score_by_neighbours
from core.gestures.labels import GestureLabel
from core.gestures.modelfile.gesture_model import GestureModel
from core.training.runs import Run

SHARE, RECORDING = 0.03, 50


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--epochs", type=int, default=25)
    asked = parser.parse_args()
    table = pd.read_csv(asked.table)
    names, labels = np.unique(table["gesture"], return_inverse=True)
    persons = np.unique(table["source_repo"], return_inverse=True)[1]
    recordings = _recordings(persons * len(names) + labels)
    columns = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]
    keypoints = table[columns].to_numpy(np.float32).reshape(-1, 21, 2)
    print("| labels made wrong | neighbours | model | mean of both |\n|---|---|---|---|")
    for what, groups in (("one by one", np.arange(len(labels))), ("recordings", recordings)):
        rng = np.random.default_rng(1)
        chosen = rng.random(groups.max() + 1) < SHARE
        step = rng.integers(1, len(names), groups.max() + 1)
        noisy = np.where(chosen[groups], (labels + step[groups]) % len(names), labels)
        data = GestureData(
            keypoints,
            np.zeros(len(labels), bool),
            noisy.astype(np.int64),
            tuple(GestureLabel(str(name)) for name in names),
            persons,
            recordings,
            recordings,
        )
        found = [average_precision_score(chosen[groups], s) for s in _shares(data, asked.epochs)]
        print(f"| {what} | " + " | ".join(f"{figure:.3f}" for figure in found) + " |", flush=True)


def _recordings(groups: np.ndarray) -> np.ndarray:
    """Numbers of runs of 50 samples within each group."""
    order = np.argsort(groups, kind="stable")
    rank = np.empty(len(groups), np.int64)
    starts = np.searchsorted(groups[order], groups[order])
    rank[order] = np.arange(len(groups)) - starts
    pairs = np.stack([groups, rank // RECORDING], 1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)


def _shares(data: GestureData, epochs: int) -> list[np.ndarray]:
    near = score_by_neighbours(data.features(), data.labels, data.recordings).score
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder), project="noisy")
        model = GestureModel.load(train(data, run, TrainOptions(epochs=epochs)).model or run.path)
        probabilities = model.predict(data.keypoints, data.mirrored_view)[0]
    order = [gesture.name for gesture in model.gestures]
    own = np.array([order.index(data.gestures[label].name) for label in data.labels])
    predicted = score_by_model(probabilities, own).score
    return [near, predicted, (near + predicted) / 2]


if __name__ == "__main__":
    main()
