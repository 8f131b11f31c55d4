"""The published thumb classifier: picture → OpenPose's hand net → 44 numbers → its MLP.

The published program feeds raw pixels to a network that was trained on numbers scaled to 0..1; here
they are scaled by the range of its training table (Hand-Pose-Classification's csv).
"""

from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import TableError
from core.gestures.classifier.dense_model import DenseModel
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Floats

_GESTURES = ("thumbs_down", "thumbs_up")  # classes 0 and 1
_NUMBERS = 44


def predict_thumb(paths: Paths, picture: Path, mlp: Path, table: Path) -> dict[str, Any]:
    """Predict thumb up or down in a picture that a hand fills, using OpenPose's hand net and a
    published MLP.

    Args:
        mlp: the published Kpts_model.h5.
        table: the csv that it was trained on, for the range of its numbers.

    Returns:
        gesture, probability, and points: 22 of x, y in picture pixels, the last the background's.

    Raises:
        MudraError: a file can't be read, or OpenPose's hand net isn't imported.
    """
    from core.modelfiles.catalogue import SEED_SCALING
    from core.training.published_nets import (
        OPENPOSE_HAND,
        load_published_net,
        locate_seed_keypoints,
    )

    model = DenseModel.load(mlp).scale_inputs_by(_read_training_numbers(table))
    rgb = read_picture(picture)
    points = locate_seed_keypoints(
        load_published_net(OPENPOSE_HAND, paths.weights, SEED_SCALING), rgb
    )
    (probabilities,) = model.probabilities(points.reshape(1, _NUMBERS))
    best = int(probabilities.argmax())
    return {
        "gesture": _GESTURES[best],
        "probability": round(float(probabilities[best]), 4),
        "points": points.tolist(),
    }


def _read_training_numbers(table: Path) -> Floats:
    """Read the (N, 44) inputs in the MLP's training table; raise TableError if invalid."""
    try:
        columns = pd.read_csv(table).iloc[:, :_NUMBERS]
        numbers: Floats = columns.to_numpy("float32")
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise TableError(f"{table} is no table of {_NUMBERS} numbers a row: {error}") from error
    if numbers.shape[1] != _NUMBERS or not len(numbers):
        raise TableError(
            f"{table} has {numbers.shape[1]} columns, expected {_NUMBERS} numbers a row"
        )
    return numbers
