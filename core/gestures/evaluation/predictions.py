"""What a training's model predicted for each held-out sample: `validation.csv` in the
run's folder, so that a figure leads back to its samples."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.files import write_whole
from core.gestures.data import GestureData
from core.gestures.evaluation.validation import figures

FILE = "validation.csv"
_COLUMNS = ["sample_id", "truth", "said", "probability"]


@dataclass(frozen=True)
class Prediction:
    """One held-out sample.

    Attributes:
        sample_id: the store's.
        target, predicted: names of gestures.
        probability: of the prediction, 0 to 1.
    """

    sample_id: int
    target: str
    predicted: str
    probability: float


def validated(
    folder: Path, data: GestureData, probabilities: NDArray[np.float32], kind: str
) -> dict[str, Any]:
    """Keep the predictions for the validation's samples in the run's folder.

    Args:
        data: the samples that validate.
        probabilities: (N, C).
        kind: the split's.

    Returns:
        The `figures`.
    """
    predicted = probabilities.argmax(1)
    if len(data.sample_ids):
        surest = probabilities.max(1)
        names = [gesture.name for gesture in data.gestures]
        rows = zip(data.sample_ids, data.labels, predicted, surest, strict=True)
        lines = [[int(i), names[t], names[s], f"{p:.6f}"] for i, t, s, p in rows]
        table = io.StringIO(newline="")
        csv.writer(table).writerows([_COLUMNS, *lines])
        write_whole(folder / FILE, table.getvalue().encode())
    return figures(data, predicted, kind)


def read_predictions(folder: Path) -> list[Prediction]:
    """A run's `validation.csv`; empty where it has none.

    Raises:
        TrainingError: it is no such table.
    """
    if not (folder / FILE).is_file():
        return []
    with (folder / FILE).open(encoding="utf-8", newline="") as file:
        header, *lines = [row for row in csv.reader(file) if row] or [[]]
    try:
        if header != _COLUMNS:
            raise ValueError(f"its columns are {header}")
        return [Prediction(int(i), t, s, float(p)) for i, t, s, p in lines]
    except ValueError as error:
        raise TrainingError(f"{folder / FILE} can't be read ({error}): train again") from error


def samples_of(predictions: list[Prediction], target: str, predicted: str) -> list[int]:
    """Ids of one cell's samples, the surest answer first: the clearest mistakes."""
    cell = [p for p in predictions if (p.target, p.predicted) == (target, predicted)]
    return [p.sample_id for p in sorted(cell, key=lambda p: -p.probability)]
