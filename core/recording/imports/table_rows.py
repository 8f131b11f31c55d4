"""What readers of tables share: rows as read, the numbers in cells, the names of labels."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TableError
from core.pose.skeletons.table import HAND_21, Skeleton
from core.recording.imports.cells import lines_text, unquoted

_MAX_LABELS = 2**20  # bytes of a file of labels' names
_MAX_NAME = 300  # characters: of a gesture, a person, or a repository as one


@dataclass(frozen=True, eq=False)
class TableRows:
    """Rows of a table with their labels as written; `names` maps numeric labels to names.

    Of clips, points are (N, T, K, D), and each row has its recording and the (T,) times of its
    frames. `mirrored`: rows whose viewer saw the picture so; None: none.
    """

    points: NDArray[np.float32]
    labels: NDArray[np.str_]
    persons: NDArray[np.str_]
    estimator: str = "mediapipe-hands"
    names: Mapping[str, str] = field(default_factory=dict)
    skeleton: Skeleton = HAND_21
    remark: str = ""
    world: NDArray[np.float32] | None = None
    recordings: NDArray[np.str_] | None = None
    times_s: NDArray[np.float64] | None = None
    mirrored: NDArray[np.bool_] | None = None


def label_names(path: Path) -> dict[str, str]:
    """Read label names by number from `…_classifier_label.csv` beside the table; {} if missing.

    Raises:
        TableError: the file can't be read.
    """
    beside = path.with_name(f"{path.stem}_classifier_label.csv")
    if not beside.is_file():
        return {}
    try:
        if beside.stat().st_size > _MAX_LABELS:
            raise TableError(f"{beside.name} has over {_MAX_LABELS:,} bytes: it holds names alone")
        with beside.open(encoding="utf-8-sig", newline="") as file:
            lines = [line[0].strip() if line else "" for line in csv.reader(file)]
    except (OSError, UnicodeError, csv.Error) as error:
        raise TableError(f"{beside.name}, the names of the labels, can't be read") from error
    return {str(i): unquoted(name) for i, name in enumerate(lines) if name}


def numbers_of(
    cells: pd.DataFrame, path: Path, missing: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Convert cells to numbers; NaN where they are known to be missing.

    Raises:
        TableError: some are none, with their lines.
    """
    values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = ~(np.abs(values) <= 1e6)
    if missing is not None:
        wrong &= ~missing
    wrong = wrong.any(axis=1)
    if wrong.any():
        raise TableError(
            f"{path.name}: keypoints must be finite numbers {lines_text(cells.index[wrong])}"
        )
    return values.astype(np.float32)


def text_array(cells: pd.Series, path: Path) -> NDArray[np.str_]:
    """Convert cells to (N,) texts; each takes as much memory as the longest one.

    Raises:
        TableError: one is longer than any name.
    """
    long = cells.index[cells.str.len() > _MAX_NAME]
    if len(long):
        raise TableError(
            f"{path.name}: {cells.name} has texts of over {_MAX_NAME} characters {lines_text(long)}"
        )
    return cells.str.strip().map(unquoted).to_numpy(str)
