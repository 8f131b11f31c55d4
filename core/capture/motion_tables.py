"""Tables of moving gestures: the way of a fingertip over 16 frames, as Kazuhito00's app logs it.

Convention: places are from the first frame's, x in shares of the picture's width, y of its height,
as in a mirror. The table does not say the picture's shape: it is taken to be 16 to 9, which is that
of the app's own (960 × 540); its frames to come 30 times a second. Clips are (N, 16, 1, 2), in
heights of the picture.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.capture.cells import lines_text
from core.capture.table_rows import TableRows, label_names, numbers_of, text_array
from core.errors import TableError
from core.pose.skeletons import FINGERTIP_1

_FRAMES, _FPS, _ASPECT = 16, 30.0, 16 / 9
_XY = [f"{axis}{frame}" for frame in range(_FRAMES) for axis in "xy"]
_LOST = 0.3  # a step as long as this: the hand was lost, which the app writes as (0, 0)
_UNCLEAR = "unclear"


def is_point_history(first: Sequence[str]) -> bool:
    """Whether a table with this first row is one, by its columns."""
    named = {"label", *_XY} <= {*first} and f"x{_FRAMES}" not in first
    return named or len(first) == 1 + len(_XY)


def point_history(first: Sequence[str], cells: pd.DataFrame, path: Path) -> TableRows:
    """The columns label, x0, y0 … x15, y15; source_repo or person, burst, glitch and agree where
    they are known; or an integer and 32 numbers without names, as the app itself writes.

    Left out, and counted in the remark: rows in which the hand was lost (glitch), whose direction
    is not their label's (agree = 0), or whose meaning nobody knows (unclear).
    """
    if not is_point_history(first):
        raise TableError(
            f"{path.name} has {len(first)} columns that begin with {first[:3]}; a point history "
            f"has the columns label, x0, y0 … x15, y15; or an integer and {len(_XY)} numbers"
        )
    return _named(list(first), cells, path) if "x0" in first else _numbered(cells, path)


def _named(names: list[str], cells: pd.DataFrame, path: Path) -> TableRows:
    twice = [name for name in ("label", *_XY) if names.count(name) != 1]
    if twice:
        raise TableError(f"{path.name} must have these columns once each: {', '.join(twice)}")
    table = cells.loc[1:].set_axis(names, axis=1)
    empty = table.index[table["label"].str.strip() == ""]
    if len(empty):
        raise TableError(f"{path.name}: the label is empty {lines_text(empty)}")
    points = numbers_of(table[_XY], path)
    labels = text_array(table["label"], path)
    person = next((name for name in ("source_repo", "person") if name in names), None)
    persons = text_array(table[person], path) if person else np.full(len(table), "")
    bursts = text_array(table["burst"], path) if "burst" in names else _runs(labels)
    lost = _is(table, "glitch", ("1",)) if "glitch" in names else _lost(points)
    wrong = {
        "in which the hand was lost": lost,
        "that go another way than their label": _is(table, "agree", ("0", "0.0")),
        "of unclear meaning": labels == _UNCLEAR,
    }
    return _rows(points, labels, persons, bursts, wrong)


def _is(table: pd.DataFrame, column: str, texts: Sequence[str]) -> NDArray[np.bool_]:
    if column not in table.columns:
        return np.zeros(len(table), bool)
    return np.asarray(table[column].isin([*texts]), bool)


def _numbered(cells: pd.DataFrame, path: Path) -> TableRows:
    labels = cells[0].str.strip()
    strange = cells.index[~labels.str.fullmatch(r"\d+")]
    if len(strange):
        raise TableError(f"{path.name}: the label must be a whole number {lines_text(strange)}")
    points = numbers_of(cells.iloc[:, 1:], path)
    written = label_names(path)
    names = labels.map(lambda text: written.get(text, f"class {text}")).to_numpy(str)
    nobody, lost = np.full(len(names), ""), {"in which the hand was lost": _lost(points)}
    return _rows(points, names, nobody, _runs(names), lost)


def _lost(points: NDArray[np.float32]) -> NDArray[np.bool_]:
    steps = np.diff(points.reshape(-1, _FRAMES, 2), axis=1)
    return np.asarray((np.linalg.norm(steps, axis=2) > _LOST).any(1))


def _runs(labels: NDArray[np.str_]) -> NDArray[np.str_]:
    """(N,) which run of one label each row is in."""
    return np.cumsum(np.r_[True, labels[1:] != labels[:-1]]).astype(str)


def _rows(
    points: NDArray[np.float32],
    labels: NDArray[np.str_],
    persons: NDArray[np.str_],
    bursts: NDArray[np.str_],
    wrong: dict[str, NDArray[np.bool_]],
) -> TableRows:
    kept = ~np.any([*wrong.values()], axis=0)
    counts = [f"{int(rows.sum()):,} {what}" for what, rows in wrong.items() if rows.any()]
    clips = points.reshape(-1, _FRAMES, 1, 2) * np.array([_ASPECT, 1], np.float32)
    return TableRows(
        clips[kept],
        labels[kept],
        persons[kept],
        skeleton=FINGERTIP_1,
        remark=f"has rows that are left out: {', '.join(counts)}" if counts else "",
        recordings=bursts[kept],
        times_s=np.arange(_FRAMES) / _FPS,
    )
