"""Read point histories: a fingertip's path over 16 frames, as Kazuhito00's app logs it.

Convention: coordinates are relative to the first frame's, x in picture widths and y in picture
heights, as in a mirror. The table does not contain the picture's shape: 16:9 is assumed, the app's
own (960 × 540), and 30 frames per second. Clips are (N, 16, 1, 2), in picture heights.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TableError
from core.pose.skeletons.table import FINGERTIP_1
from core.recording.imports.cells import (
    KeypointTable,
    check_rows,
    parse_coordinates,
    parse_names,
    parse_numeric_labels,
    read_label_names,
)
from core.words import join_words, mark, words

_FRAMES, _FPS, _ASPECT = 16, 30.0, 16 / 9
_COLUMNS = ["label", *(f"{axis}{frame}" for frame in range(_FRAMES) for axis in "xy")]
_MAX_STEP = 0.3  # a longer step means that the hand was lost, which the app writes as (0, 0)


def is_point_history(first: Sequence[str]) -> bool:
    """Whether a table with this first line is a point history."""
    has_names = {*_COLUMNS} <= {*first} and f"x{_FRAMES}" not in first
    return has_names or len(first) == len(_COLUMNS)


def read_point_history(
    first: Sequence[str], cells: pd.DataFrame, path: Path, skeleton: str
) -> KeypointTable:
    """Read a point history: 16 fingertip positions and a label per row, and optional person, burst,
    glitch and agree columns. Raise TableError for other columns or invalid values.

    Rows in which the hand was lost (glitch), whose direction contradicts their label (agree = 0),
    or of unclear meaning are skipped, and counted in the remark. Its skeleton is fingertip_1,
    whichever is given.
    """
    if not is_point_history(first):
        raise TableError(
            words(
                "{file} has {n} columns that begin with {columns}; a point history has the columns "
                "label, x0, y0 … x15, y15; or an integer and {numbers} numbers",
                file=path.name,
                n=len(first),
                columns=first[:3],
                numbers=len(_COLUMNS) - 1,
            )
        )
    table = _normalise_columns(list(first), cells, path)
    points = parse_coordinates(table[_COLUMNS[1:]], path).reshape(-1, _FRAMES, 2)
    labels = parse_names(table["label"], path)
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    lost = (steps > _MAX_STEP).any(axis=1)
    if "glitch" in table:
        lost = _mask_matching_cells(table, "glitch", "1")
    skipped = {
        mark("{n:,} in which the hand was lost"): lost,
        mark("{n:,} whose direction contradicts their label"): _mask_matching_cells(
            table, "agree", "0", "0.0"
        ),
        mark("{n:,} of unclear meaning"): labels == "unclear",
    }
    person = "source_repo" if "source_repo" in table else "person"
    persons = parse_names(table[person], path) if person in table else np.full(len(table), "")
    bursts = np.cumsum(np.r_[True, labels[1:] != labels[:-1]]).astype(str)  # runs of one label
    if "burst" in table:
        bursts = parse_names(table["burst"], path)
    valid = ~np.any([*skipped.values()], axis=0)
    counts = [words(why, n=int(rows.sum())) for why, rows in skipped.items() if rows.any()]
    remark = words("has rows that are left out: {counts}", counts=join_words(counts))
    return KeypointTable(
        points[valid, :, None] * np.array([_ASPECT, 1], np.float32),
        labels[valid],
        persons[valid],
        skeleton=FINGERTIP_1.name,
        remark=remark if counts else "",
        recordings=bursts[valid],
        times_s=np.arange(_FRAMES) / _FPS,
    )


def _normalise_columns(names: list[str], cells: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows with column names; numeric labels are replaced by names or "class N"."""
    if "x0" not in names:
        table = cells.set_axis(_COLUMNS, axis=1)
        labels, by_number = parse_numeric_labels(table["label"], path), read_label_names(path)
        return table.assign(label=[by_number.get(text, f"class {text}") for text in labels])
    repeated = [name for name in _COLUMNS if names.count(name) != 1]
    if repeated:
        raise TableError(
            words(
                "{file} must have these columns once each: {columns}",
                file=path.name,
                columns=", ".join(repeated),
            )
        )
    table = cells.loc[1:].set_axis(names, axis=1)
    check_rows(table["label"].str.strip() == "", words("the label is empty"), path)
    return table


def _mask_matching_cells(table: pd.DataFrame, column: str, *texts: str) -> NDArray[np.bool_]:
    """Return an (N,) mask of rows whose cell equals one of the texts; False if no such column."""
    if column not in table:
        return np.zeros(len(table), bool)
    return table[column].isin(texts).to_numpy(bool)
