"""Keypoint tables: gestures.csv's columns, Kazuhito00's keypoint.csv, the seed app's 44 numbers.

Convention: coordinates are used as they are (`space` "relative": any unit with one scale for all
axes), as seen on the screen unless the column `mirrored_view` says true. N rows, K keypoints of the
skeleton that the column `skeleton` or the caller names.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from core.errors import TableError
from core.gestures.labels import match_gesture
from core.pose.finders import BOTH_HANDS, MEDIAPIPE
from core.pose.skeletons.skeleton import PAIR, Skeleton
from core.pose.skeletons.table import BODY_33, HAND_21, HANDS_42, SKELETONS, skeleton_named
from core.pose.types import VISIBLE
from core.recording.imports.cells import (
    MAX_COLUMNS,
    KeypointTable,
    check_rows,
    format_lines,
    parse_coordinates,
    parse_names,
    parse_numeric_labels,
    read_label_names,
    read_table_cells,
)
from core.recording.imports.motion_tables import is_point_history, read_point_history
from core.words import words

TABLE_SUFFIXES = (".csv", ".parquet")
_ESTIMATORS = {  # of tables that do not name theirs
    HAND_21.name: MEDIAPIPE,
    HANDS_42.name: BOTH_HANDS,
    BODY_33.name: "mediapipe-pose",
}
_CLIP_COLUMNS = ["id", "burst_id", "frame"]  # of an exported table, whose clips are several rows
_MIN_EDGE_KEYPOINTS = 4  # of a body: so many in one line at its outside are no coincidence
_SEED_CLASSES = {"1": "thumbs_up", "0": "thumbs_down"}
KEYPOINT_CSV_SIZE = HAND_21.size  # keypoints of a row of keypoint.csv
_NUMBERED_COLUMNS = 1 + 2 * KEYPOINT_CSV_SIZE


def read_table(
    path: Path,
    layout: str = "auto",
    mapping: Mapping[str, str] | None = None,
    *,
    skeleton: str | None = None,
    default_skeleton: str = HAND_21.name,
) -> KeypointTable:
    """Read a csv or parquet table of labelled keypoints and match the labels to gestures. Raises
    TableError: wrong columns, or values that are not numbers, with their line numbers.

    Args:
        layout: "keypoints-csv" (named columns gesture, x0, y0, x1 …; or Kazuhito00's integer and 42
            numbers), "seed-csv" (44 numbers and class), "point-history" (see `motion_tables`), or
            "auto".
        mapping: a label of the table → a gesture's name.
        skeleton: of named columns without a column `skeleton`.
        default_skeleton: if neither the table nor the caller names one; the remark then says so.
    """
    first, cells, digest = read_table_cells(path)
    layout = _detect_layout(first, path) if layout == "auto" else layout
    reader = _READERS.get(layout)
    if reader is None:
        raise TableError(
            words(
                "{file} is a table, which layout “{layout}” does not read",
                file=path.name,
                layout=layout,
            )
        )
    table = reader(first, cells, path, skeleton or default_skeleton)
    if not len(table):
        raise TableError(words("{file} has no rows", file=path.name))
    gestures, known = _match_gestures(table, mapping or {})
    mirrored = table.mirrored if len(table.mirrored) else np.zeros(len(table), bool)
    remark = table.remark
    if layout == "keypoints-csv" and "x0" in first and not (skeleton or "skeleton" in first):
        remark = _remark_skeleton(table.skeleton, remark)
    return replace(
        table, gestures=gestures, known=known, mirrored=mirrored, sha256=digest, remark=remark
    )


def _remark_skeleton(skeleton: str, remark: str) -> str:
    """Return the remark that a table's skeleton is assumed, before another remark or ""."""
    if not remark:
        return words("does not name its skeleton: read as {skeleton}", skeleton=skeleton)
    return words(
        "does not name its skeleton: read as {skeleton}; it {remark}",
        skeleton=skeleton,
        remark=remark,
    )


def match_label(label: str, mapping: Mapping[str, str] | None) -> str | None:
    """Return the gesture name for a label: from the mapping, or of the built-in gesture with this
    name, alias or emoji; None if nothing matches."""
    mapped = (mapping or {}).get(label)
    return match_gesture(label) if mapped is None else match_gesture(mapped) or mapped


def _detect_layout(first: list[str], path: Path) -> str:
    """Detect a table's layout by its first line; raise TableError if the layout is unknown."""
    if first == [*map(str, range(44)), "class"]:
        return "seed-csv"
    if is_point_history(first):
        return "point-history"
    if "x0" in first or len(first) == _NUMBERED_COLUMNS:
        return "keypoints-csv"
    raise TableError(
        words(
            "{file} has {n} columns that begin with {columns}; expected are the columns gesture, "
            "x0, y0, x1 …; or an integer and 42 numbers; or 44 numbers and class",
            file=path.name,
            n=len(first),
            columns=first[:3],
        )
    )


def _read_keypoint_table(
    names: list[str], cells: pd.DataFrame, path: Path, skeleton_name: str
) -> KeypointTable:
    """Read a table with columns gesture, x0, y0 … and optional person, skeleton, estimator,
    mirrored_view, visibility or 3-D columns; or Kazuhito00's table without header."""
    if "x0" not in names:
        return _read_numbered_table(cells, path)
    table = cells.loc[1:].set_axis(names, axis=1)
    skeleton = _find_table_skeleton(
        _read_constant(table, "skeleton", path) or skeleton_name, names, path
    )
    axes = "xyz" if "z0" in names and skeleton.is_hand else "xy"
    columns = [f"{axis}{joint}" for joint in range(skeleton.size) for axis in axes]
    _check_columns(names, columns, skeleton, path)
    if {*_CLIP_COLUMNS} <= {*names} and table[_CLIP_COLUMNS[0]].duplicated().any():
        raise TableError(
            words(
                "{file} has clips, a row a frame: bring them into a project (import)",
                file=path.name,
            )
        )
    empty = table["gesture"].str.strip() == ""
    check_rows(empty, words("the gesture is empty"), path)
    person = next((column for column in ("person", "source_repo") if column in names), None)
    points = _parse_keypoints(table[columns], skeleton, path)
    points = points.reshape(-1, skeleton.size, len(axes))
    if skeleton.is_body:
        world, remark = None, _set_hidden_to_nan(points, table, skeleton)
    else:
        world, remark = _parse_world(table, skeleton)
    return KeypointTable(
        points,
        parse_names(table["gesture"], path),
        parse_names(table[person], path) if person else np.full(len(table), ""),
        _read_constant(table, "estimator", path) or _ESTIMATORS.get(skeleton.name, skeleton.name),
        skeleton.name,
        remark=remark,
        world=world,
        mirrored=_parse_mirrored(table, path),
    )


def _read_constant(table: pd.DataFrame, column: str, path: Path) -> str:
    """Return a column's only value; "" if missing or empty; raise TableError if values differ."""
    if column not in table or not len(table):
        return ""
    values = sorted(set(np.ravel(table[column])))
    if len(values) > 1:
        raise TableError(
            words(
                "{file} mixes the {column}s {values}: one per file",
                file=path.name,
                column=column,
                values=", ".join(values),
            )
        )
    return str(values[0])


def _find_table_skeleton(name: str, columns: list[str], path: Path) -> Skeleton:
    """Return the skeleton with this name; raise TableError if it is unknown or has fewer keypoints
    than the columns."""
    if name not in SKELETONS:
        known = ", ".join(SKELETONS)
        raise TableError(
            words(
                "{file}: no skeleton “{name}”; there are: {known}",
                file=path.name,
                name=name,
                known=known,
            )
        )
    skeleton = skeleton_named(name)
    joints = next(joint for joint in range(MAX_COLUMNS + 1) if f"x{joint}" not in columns)
    if joints > skeleton.size:
        fitting = [one.name for one in SKELETONS.values() if one.size == joints]
        raise TableError(
            words(
                "{file} has {n} keypoints a row, {skeleton} has {size}: name the table's "
                "skeleton{names} in a column “skeleton” or by --skeleton",
                file=path.name,
                n=joints,
                skeleton=name,
                size=skeleton.size,
                names=f" ({' or '.join(fitting)})" if fitting else "",
            )
        )
    return skeleton


def _check_columns(
    names: list[str], coordinates: list[str], skeleton: Skeleton, path: Path
) -> None:
    """Raise TableError if a required column is missing, or any column is repeated."""
    optional = [
        "person",
        "source_repo",
        "estimator",
        "skeleton",
        "mirrored_view",
        *_CLIP_COLUMNS,
        *_list_visibility_columns(skeleton),
        *_list_world_columns(skeleton),
    ]
    wrong = [name for name in ["gesture", *coordinates] if names.count(name) != 1]
    wrong += [name for name in optional if names.count(name) > 1]
    if wrong:
        raise TableError(
            words(
                "{file} must have these columns once each: {columns}",
                file=path.name,
                columns=", ".join(wrong),
            )
        )


def _parse_keypoints(cells: pd.DataFrame, skeleton: Skeleton, path: Path) -> NDArray[np.float32]:
    """Convert keypoint cells to float32; in a table of hand pairs, a hand with only empty cells
    becomes NaN."""
    if skeleton.title != PAIR:
        return parse_coordinates(cells, path)
    empty = cells.apply(_is_empty).to_numpy(bool)
    hands = empty.reshape(len(cells), 2, -1).all(axis=2)
    missing = np.repeat(hands & ~hands.all(axis=1, keepdims=True), cells.shape[1] // 2, axis=1)
    return parse_coordinates(cells, path, missing)


def _is_empty(column: pd.Series) -> pd.Series:
    return column.isna() if is_numeric_dtype(column) else column.str.strip() == ""


def _parse_mirrored(table: pd.DataFrame, path: Path) -> NDArray[np.bool_]:
    """Parse `mirrored_view` to an (N,) mask; False if a cell is empty or the column is missing."""
    if "mirrored_view" not in table:
        return np.zeros(len(table), bool)
    texts = table["mirrored_view"].str.strip().str.lower()
    wrong = ~texts.isin(["true", "false", ""])
    check_rows(wrong, words("mirrored_view must be true or false"), path)
    return (texts == "true").to_numpy(bool)


def _list_visibility_columns(skeleton: Skeleton) -> list[str]:
    return [f"v{joint}" for joint in range(skeleton.size)]


def _list_world_columns(skeleton: Skeleton) -> list[str]:
    """Names of the 3-D columns that `extract` writes beside the 2-D ones."""
    return [f"w{axis}{joint}" for joint in range(skeleton.size) for axis in "xyz"]


def _set_hidden_to_nan(points: NDArray[np.float32], table: pd.DataFrame, skeleton: Skeleton) -> str:
    """Set hidden keypoints to NaN in place: by the visibility columns if there are any, else those
    clamped to the picture's edge. Return a remark for the user or ""."""
    columns = _list_visibility_columns(skeleton)
    if {*columns} <= {*table.columns}:
        hidden = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64) < VISIBLE
        points[hidden] = np.nan
        return ""
    points[_find_clamped_keypoints(points)] = np.nan
    return words(
        "does not say which keypoints are hidden (columns v0 … {last}): all count as seen, but for "
        "those in a row at the picture's edge, and a model may misread them",
        last=columns[-1],
    )


def _find_clamped_keypoints(points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return an (N, K) mask of keypoints that were clamped to the picture's edge: where several
    keypoints of a row have the same smallest or largest x or y."""
    found = np.zeros(points.shape[:2], bool)
    for outer in (points.min, points.max):
        at = points == outer(axis=1, keepdims=True)
        found |= (at & (at.sum(axis=1, keepdims=True) >= _MIN_EDGE_KEYPOINTS)).any(axis=2)
    return found


def _parse_world(table: pd.DataFrame, skeleton: Skeleton) -> tuple[NDArray[np.float32] | None, str]:
    """Return (N, K, 3) world coordinates, NaN in rows that have none, or None if no row has any;
    and a remark on rows that have none, or ""."""
    names = _list_world_columns(skeleton)
    if not {*names} <= {*table.columns}:
        return None, ""
    values = table[names].apply(pd.to_numeric, errors="coerce").to_numpy(np.float32)
    lacking = ~np.isfinite(values).all(axis=1)
    if lacking.all():
        return None, ""
    remark = words(
        "has no keypoints in space ({column} …) in some rows {lines}: they count in the picture "
        "alone",
        column=names[0],
        lines=format_lines(table.index[lacking]),
    )
    world = np.where(lacking[:, None], np.nan, values).reshape(-1, skeleton.size, 3)
    return world.astype(np.float32), remark if lacking.any() else ""


def _read_numbered_table(cells: pd.DataFrame, path: Path) -> KeypointTable:
    """Read Kazuhito00's keypoint.csv: an integer label and 42 numbers per row; label names are from
    the label file or "class N"."""
    if cells.shape[1] != _NUMBERED_COLUMNS:
        raise TableError(
            words(
                "{file} has {n} columns without names; expected are an integer and {numbers} "
                "numbers",
                file=path.name,
                n=cells.shape[1],
                numbers=_NUMBERED_COLUMNS - 1,
            )
        )
    labels = parse_numeric_labels(cells[0], path)
    points = parse_coordinates(cells.iloc[:, 1:], path).reshape(-1, HAND_21.size, 2)
    by_number = read_label_names(path)
    names = {text: by_number.get(text, f"class {text}") for text in set(labels.tolist())}
    return KeypointTable(points, labels, np.full(len(labels), ""), label_names=names)


def _read_seed_table(
    first: list[str], cells: pd.DataFrame, path: Path, skeleton: str
) -> KeypointTable:
    """Read the seed app's table: 44 numbers of an OpenPose hand, and a class of 0 or 1; keypoints
    at (0, 0) become NaN."""
    if cells.shape[1] != 45:
        raise TableError(
            words(
                "{file} has {n} columns, the seed's table has 45",
                file=path.name,
                n=cells.shape[1],
            )
        )
    rows = cells.loc[1:]
    check_rows(~rows[44].isin(_SEED_CLASSES), words("class must be 0 or 1"), path)
    # The 22nd point is the maximum of the background's map: no keypoint.
    points = parse_coordinates(rows.iloc[:, :44], path).reshape(-1, 22, 2)[:, : HAND_21.size]
    points[(points == 0).all(axis=2)] = np.nan  # how the seed writes a keypoint it did not find
    labels = rows[44].to_numpy(str)
    persons = np.full(len(labels), "")
    return KeypointTable(points, labels, persons, "openpose-hand", label_names=_SEED_CLASSES)


def _match_gestures(
    table: KeypointTable, mapping: Mapping[str, str]
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """Return the rows' (N,) gesture names, and an (N,) mask of built-in or mapped gestures."""
    labels, which = np.unique(table.gestures, return_inverse=True)
    gestures, known = [], []
    for label in labels.tolist():
        name = table.label_names.get(label, label)
        key = label if label in mapping else name  # the mapping may have the number or its name
        is_matched = key in mapping or not table.has_clips  # aliases are those of still gestures
        matched = match_label(key, mapping) if is_matched else None
        gestures.append(matched or name)
        known.append(matched is not None)
    return np.array(gestures)[which], np.array(known)[which]


_READERS = {
    "keypoints-csv": _read_keypoint_table,
    "seed-csv": _read_seed_table,
    "point-history": read_point_history,
}
