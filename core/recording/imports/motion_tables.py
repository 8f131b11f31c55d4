"""Read point histories: a fingertip's path over 16 frames, as Kazuhito00's app logs it.

Convention: coordinates are relative to the first frame's, x in picture widths and y in picture
heights, as in a mirror. The table does not say the picture's shape: 16:9 is assumed, the app's own
(960 × 540), and 30 frames per second. Clips are (N, 16, 1, 2), in picture heights.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TableError
from core.pose.skeletons.table import FINGERTIP_1
from core.recording.imports.cells import lines_text
from core.recording.imports.table_rows import TableRows, label_names, numbers_of, text_array

_FRAMES, _FPS, _ASPECT = 16, 30.0, 16 / 9
_COLUMNS = ["label", *(f"{axis}{frame}" for frame in range(_FRAMES) for axis in "xy")]
_LOST_STEP = 0.3  # a step as long as this: the hand was lost, which the app writes as (0, 0)


def is_point_history(first: Sequence[str]) -> bool:
    """Whether a table with this first row is a point history."""
    has_names = {*_COLUMNS} <= {*first} and f"x{_FRAMES}" not in first
    return has_names or len(first) == len(_COLUMNS)


def point_history(first: Sequence[str], cells: pd.DataFrame, path: Path) -> TableRows:
    """Read the columns label, x0, y0 … x15, y15, and source_repo or person, burst, glitch and agree
    where they are there; or an integer and 32 numbers without names, as the app itself writes.

    Rows in which the hand was lost (glitch), whose direction is not their label's (agree = 0), or
    of unclear meaning are skipped, and counted in the remark.

    Raises:
        TableError: wrong columns, an empty label, or values that are no numbers.
    """
    if not is_point_history(first):
        raise TableError(
            f"{path.name} has {len(first)} columns that begin with {first[:3]}; a point history "
            f"has the columns label, x0, y0 … x15, y15; or an integer and {len(_COLUMNS) - 1} "
            "numbers"
        )
    table = _named_columns(list(first), cells, path)
    points = numbers_of(table[_COLUMNS[1:]], path).reshape(-1, _FRAMES, 2)
    labels = text_array(table["label"], path)
    lost = _equals(table, "glitch", "1") if "glitch" in table else _find_lost(points)
    skipped = {
        "in which the hand was lost": lost,
        "that go another way than their label": _equals(table, "agree", "0", "0.0"),
        "of unclear meaning": labels == "unclear",
    }
    person = "source_repo" if "source_repo" in table else "person"
    persons = text_array(table[person], path) if person in table else np.full(len(table), "")
    bursts = text_array(table["burst"], path) if "burst" in table else _number_runs(labels)
    kept = ~np.any([*skipped.values()], axis=0)
    counts = [f"{int(rows.sum()):,} {why}" for why, rows in skipped.items() if rows.any()]
    return TableRows(
        points[kept, :, None] * np.array([_ASPECT, 1], np.float32),
        labels[kept],
        persons[kept],
        skeleton=FINGERTIP_1,
        remark=f"has rows that are left out: {', '.join(counts)}" if counts else "",
        recordings=bursts[kept],
        times_s=np.arange(_FRAMES) / _FPS,
    )


def _named_columns(names: list[str], cells: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The rows with named columns, and labels by their names."""
    if "x0" not in names:
        table = cells.set_axis(_COLUMNS, axis=1)
        labels = table["label"].str.strip()
        _refuse_rows(~labels.str.fullmatch(r"\d+"), "must be a whole number", path)
        written = label_names(path)
        return table.assign(label=[written.get(text, f"class {text}") for text in labels])
    twice = [name for name in _COLUMNS if names.count(name) != 1]
    if twice:
        raise TableError(f"{path.name} must have these columns once each: {', '.join(twice)}")
    table = cells.loc[1:].set_axis(names, axis=1)
    _refuse_rows(table["label"].str.strip() == "", "is empty", path)
    return table


def _refuse_rows(wrong: pd.Series, reason: str, path: Path) -> None:
    """Raise TableError with the lines that have a wrong label, if there are any."""
    if wrong.any():
        raise TableError(f"{path.name}: the label {reason} {lines_text(wrong.index[wrong])}")


def _equals(table: pd.DataFrame, column: str, *texts: str) -> NDArray[np.bool_]:
    """(N,) whether a row has one of these texts in the column; False without the column."""
    if column not in table:
        return np.zeros(len(table), bool)
    return table[column].isin(texts).to_numpy(bool)


def _find_lost(points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether a step of the (N, 16, 2) paths is too long for a hand."""
    lengths = np.linalg.norm(np.diff(points, axis=1), axis=2)
    return np.asarray((lengths > _LOST_STEP).any(axis=1))


def _number_runs(labels: NDArray[np.str_]) -> NDArray[np.str_]:
    """(N,) the number of the run of equal labels that each row is in."""
    return np.cumsum(np.r_[True, labels[1:] != labels[:-1]]).astype(str)
