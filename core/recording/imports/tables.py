"""Keypoint tables: gestures.csv's columns, Kazuhito00's keypoint.csv, the seed app's 44 numbers.

Convention: a table's coordinates are taken as they stand (`space` "relative": any unit with one
scale for all axes), as seen on the screen unless its column `mirrored_view` says true.
N rows, K keypoints: a hand's 21, or MediaPipe's 33 of a body.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from core.errors import TableError
from core.gestures.labels import match_gesture
from core.pose.finders import BOTH_HANDS, MEDIAPIPE
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.pose.skeletons.table import BODY_33, HAND_21, HANDS_42, Skeleton
from core.pose.types import VISIBLE
from core.recording.imports.cells import MAX_COLUMNS, lines_text, read_cells
from core.recording.imports.motion_tables import is_point_history, point_history
from core.recording.imports.table_rows import TableRows, label_names, numbers_of, text_array

TABLE_SUFFIXES = (".csv", ".parquet")
JOINTS = HAND_21.size
_FINDERS = {HAND: MEDIAPIPE, PAIR: BOTH_HANDS, BODY: "mediapipe-pose"}  # mostly
_MIRRORED = "mirrored_view"
_OF_CLIPS = ("id", "burst_id", "frame")  # columns of a table of ours, whose clips are several rows
_ON_EDGE = 4  # keypoints of a body that lie on one line at its outside: no chance
_OF_ROWS = ("gestures", "known", "persons", "mirrored")
_SEED_CLASSES = {"1": "thumbs_up", "0": "thumbs_down"}


@dataclass(frozen=True, eq=False)
class KeypointTable:
    """A table of labelled keypoints.

    Attributes:
        keypoints: (N, K, 2) float32, or (N, K, 3) where the table has z0, z1 …; NaN where missing.
            Of clips (N, T, K, 2).
        gestures: (N,) the gesture's name: a built-in one where the text means one, else the text.
        known: (N,) whether it is a built-in one.
        persons: (N,) who recorded, "" where the table does not say.
        mirrored: (N,) whether the viewer saw the picture mirrored.
        estimator: what found the keypoints.
        sha256: of the file.
        skeleton: whose K keypoints.
        remark: what whoever reads it should know, a sentence without its subject; "" where nothing.
        world: (N, K, 3) metres, of a table that has wx0, wy0, wz0 … beside those in the picture;
            NaN in rows that lack them, None where all do.
        recordings: of clips, (N,) what was recorded in one go, within a person.
        times_s: of clips, (T,) of their frames.
    """

    keypoints: NDArray[np.float32]
    gestures: NDArray[np.str_]
    known: NDArray[np.bool_]
    persons: NDArray[np.str_]
    mirrored: NDArray[np.bool_]
    estimator: str
    sha256: str
    skeleton: str = HAND_21.name
    remark: str = ""
    world: NDArray[np.float32] | None = None
    recordings: NDArray[np.str_] | None = None
    times_s: NDArray[np.float64] | None = None

    @property
    def moving(self) -> bool:
        """Whether the rows are clips."""
        return self.keypoints.ndim == 4

    def __len__(self) -> int:
        return len(self.gestures)

    def in_space(self) -> "KeypointTable":
        """Select the rows with 3-D keypoints and use these; without any, return the table as is."""
        if self.world is None:
            return self
        there = np.isfinite(self.world).all(axis=(1, 2))
        of_rows = {name: getattr(self, name)[there] for name in _OF_ROWS}
        return replace(self, keypoints=self.world[there], world=None, **of_rows)


def read_table(
    path: Path, layout: str = "auto", mapping: Mapping[str, str] | None = None
) -> KeypointTable:
    """Read a table of labelled keypoints.

    Args:
        layout: "keypoints-csv" (named columns x0, y0 … x20, y20 and gesture, of a body up to y32;
            or Kazuhito00's integer and 42 numbers), "seed-csv" (44 numbers and class),
            "point-history" (see `motion_tables`), or "auto".
        mapping: a label of the table → a gesture's name.

    Raises:
        TableError: wrong columns, or values that are no numbers, with their line numbers.
    """
    first, cells, digest = read_cells(path)
    layout = _detect_layout(first, path) if layout == "auto" else layout
    reader = _READERS.get(layout)
    if reader is None:
        raise TableError(f"{path.name} is a table, which layout “{layout}” does not read")
    read = reader(first, cells, path)
    if not len(read.labels):
        raise TableError(f"{path.name} has no rows")
    gestures, known = _match_gestures(read, mapping or {})
    mirrored = np.zeros(len(gestures), bool) if read.mirrored is None else read.mirrored
    return KeypointTable(
        keypoints=read.points,
        gestures=gestures,
        known=known,
        persons=read.persons,
        mirrored=mirrored,
        estimator=read.estimator,
        sha256=digest,
        skeleton=read.skeleton.name,
        remark=read.remark,
        world=read.world,
        recordings=read.recordings,
        times_s=read.times_s,
    )


def meant_gesture(label: str, mapping: Mapping[str, str] | None) -> str | None:
    """Match a folder's or table's label to a gesture: by the mapping, else as the name, alias or
    emoji of a built-in gesture; else None."""
    mapped = (mapping or {}).get(label)
    return match_gesture(label) if mapped is None else match_gesture(mapped) or mapped


def _detect_layout(first: list[str], path: Path) -> str:
    if first == [*map(str, range(44)), "class"]:
        return "seed-csv"
    if is_point_history(first):
        return "point-history"
    if "x0" in first or len(first) == 1 + 2 * JOINTS:
        return "keypoints-csv"
    raise TableError(
        f"{path.name} has {len(first)} columns that begin with {first[:3]}; expected are the "
        "columns gesture, x0, y0 … x20, y20 (of a body … x32, y32); or an integer and 42 numbers; "
        "or 44 numbers and class"
    )


def _read_keypoint_table(first: list[str], cells: pd.DataFrame, path: Path) -> TableRows:
    return (
        _read_named_table(first, cells, path)
        if "x0" in first
        else _read_numbered_table(cells, path)
    )


def _read_named_table(names: list[str], cells: pd.DataFrame, path: Path) -> TableRows:
    skeleton = _skeleton_of_columns(names, path)
    axes = "xyz" if "z0" in names and skeleton.is_hand else "xy"
    own = [f"{axis}{joint}" for joint in range(skeleton.size) for axis in axes]
    others = [
        "person",
        "source_repo",
        "estimator",
        *_OF_CLIPS,
        _MIRRORED,
        *_visibility_columns(skeleton),
        *_world_columns(skeleton),
    ]
    wrong = [name for name in ["gesture", *own] if names.count(name) != 1]
    wrong += [name for name in others if names.count(name) > 1]
    if wrong:
        raise TableError(f"{path.name} must have these columns once each: {', '.join(wrong)}")
    table = cells.loc[1:].set_axis(names, axis=1)
    if {*_OF_CLIPS} <= {*names} and table[_OF_CLIPS[0]].duplicated().any():
        raise TableError(
            f"{path.name} has clips, a row a frame: bring them into a project (import)"
        )
    person = next((c for c in ("person", "source_repo") if c in names), None)
    persons = text_array(table[person], path) if person else np.full(len(table), "")
    estimator = _FINDERS[skeleton.title]
    if "estimator" in names and len(table):
        found = sorted(set(table["estimator"]))
        if len(found) > 1:
            raise TableError(f"{path.name} mixes the estimators {', '.join(found)}: one a file")
        estimator = found[0]
    points = _read_points(table[own], skeleton, path).reshape(-1, skeleton.size, len(axes))
    if skeleton.is_body:
        world, remark = None, _remove_hidden(points, table, skeleton)
    else:
        world, remark = _read_world(table, skeleton)
    of_row = _gesture_texts(table["gesture"], path), persons, estimator
    mirrored = _read_mirroring(table, path) if _MIRRORED in names else None
    return TableRows(
        points, *of_row, skeleton=skeleton, remark=remark, world=world, mirrored=mirrored
    )


def _read_points(cells: pd.DataFrame, skeleton: Skeleton, path: Path) -> NDArray[np.float32]:
    """Read keypoint coordinates; a hand of a pair whose cells are all empty becomes NaN."""
    if skeleton.title != PAIR:
        return numbers_of(cells, path)
    empty = cells.apply(_is_empty).to_numpy(bool)
    hands = empty.reshape(len(cells), 2, -1).all(axis=2)
    missing = np.repeat(hands & ~hands.all(axis=1, keepdims=True), cells.shape[1] // 2, axis=1)
    return numbers_of(cells, path, missing)


def _is_empty(column: pd.Series) -> pd.Series:
    return column.isna() if is_numeric_dtype(column) else column.str.strip() == ""


def _read_mirroring(table: pd.DataFrame, path: Path) -> NDArray[np.bool_]:
    said = table[_MIRRORED].str.strip().str.lower()
    if len(strange := said.index[~said.isin(["true", "false", ""])]):
        raise TableError(f"{path.name}: {_MIRRORED} must be true or false {lines_text(strange)}")
    return (said == "true").to_numpy(bool)


def _visibility_columns(skeleton: Skeleton) -> list[str]:
    return [f"v{joint}" for joint in range(skeleton.size)]


def _world_columns(skeleton: Skeleton) -> list[str]:
    """Names of the 3-D columns that `extract` writes beside the 2-D ones."""
    return [f"w{axis}{joint}" for joint in range(skeleton.size) for axis in "xyz"]


def _remove_hidden(points: NDArray[np.float32], table: pd.DataFrame, skeleton: Skeleton) -> str:
    """Set hidden keypoints to NaN: by the table's visibility columns, else those at the picture's
    edge; returns a remark for the user."""
    seen = _visibility_columns(skeleton)
    if {*seen} <= {*table.columns}:
        hidden = table[seen].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64) < VISIBLE
        points[hidden] = np.nan
        return ""
    points[_find_at_edge(points)] = np.nan
    return (
        f"does not say which keypoints are hidden (columns v0 … {seen[-1]}): all count as seen, "
        "but for those in a row at the picture's edge, and a model may misread them"
    )


def _find_at_edge(points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N, K) whether it is one of several outermost keypoints on one line across or down: programs
    that keep keypoints within the picture put there what is outside of it."""
    found = np.zeros(points.shape[:2], bool)
    for outer in (points.min, points.max):
        at = points == outer(axis=1, keepdims=True)
        found |= (at & (at.sum(axis=1, keepdims=True) >= _ON_EDGE)).any(axis=2)
    return found


def _read_world(table: pd.DataFrame, skeleton: Skeleton) -> tuple[NDArray[np.float32] | None, str]:
    """Read 3-D keypoints as in `KeypointTable`, and a remark on rows without them."""
    names = _world_columns(skeleton)
    if not {*names} <= {*table.columns}:
        return None, ""
    values = table[names].apply(pd.to_numeric, errors="coerce").to_numpy(np.float32)
    lacking = ~np.isfinite(values).all(axis=1)
    if lacking.all():
        return None, ""
    remark = (
        f"has no keypoints in space ({names[0]} …) in some rows {lines_text(table.index[lacking])}:"
        " they count in the picture alone"
    )
    world = np.where(lacking[:, None], np.nan, values).reshape(-1, skeleton.size, 3)
    return world.astype(np.float32), remark if lacking.any() else ""


def _skeleton_of_columns(names: list[str], path: Path) -> Skeleton:
    """Find the skeleton with as many keypoints as columns x0, x1 …; a hand if there are fewer."""
    joints = next(joint for joint in range(MAX_COLUMNS + 1) if f"x{joint}" not in names)
    if joints <= HAND_21.size:
        return HAND_21
    for one in (BODY_33, HANDS_42):
        if joints == one.size:
            return one
    raise TableError(
        f"{path.name} has {joints} keypoints a row; read are a hand's {HAND_21.size}, "
        f"{HANDS_42.size} of both hands and MediaPipe's {BODY_33.size} of a body"
    )


def _read_numbered_table(cells: pd.DataFrame, path: Path) -> TableRows:
    if cells.shape[1] != 1 + 2 * JOINTS:
        raise TableError(
            f"{path.name} has {cells.shape[1]} columns without names; "
            f"expected are an integer and {2 * JOINTS} numbers"
        )
    labels = cells[0].str.strip()
    strange = cells.index[~labels.str.fullmatch(r"\d+")]
    if len(strange):
        raise TableError(f"{path.name}: the label must be a whole number {lines_text(strange)}")
    points = numbers_of(cells.iloc[:, 1:], path).reshape(-1, JOINTS, 2)
    written = label_names(path)
    names = {text: written.get(text, f"class {text}") for text in set(labels)}
    return TableRows(points, text_array(labels, path), np.full(len(labels), ""), names=names)


def _read_seed_table(first: list[str], cells: pd.DataFrame, path: Path) -> TableRows:
    if cells.shape[1] != 45:
        raise TableError(f"{path.name} has {cells.shape[1]} columns, the seed's table has 45")
    rows = cells.loc[1:]
    unknown = rows[~rows[44].isin(_SEED_CLASSES)]
    if len(unknown):
        raise TableError(f"{path.name}: class must be 0 or 1 {lines_text(unknown.index)}")
    # The 22nd point is the maximum of the background's map: no keypoint.
    points = numbers_of(rows.iloc[:, :44], path).reshape(-1, 22, 2)[:, :JOINTS]
    points[(points == 0).all(axis=2)] = np.nan  # how the seed writes a keypoint it did not find
    labels = rows[44].to_numpy(str)
    return TableRows(points, labels, np.full(len(labels), ""), "openpose-hand", _SEED_CLASSES)


def _gesture_texts(cells: pd.Series, path: Path) -> NDArray[np.str_]:
    empty = cells.index[cells.str.strip() == ""]
    if len(empty):
        raise TableError(f"{path.name}: the gesture is empty {lines_text(empty)}")
    return text_array(cells, path)


def _match_gestures(
    read: TableRows, mapping: Mapping[str, str]
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """(N,) the gesture's name, and (N,) whether it is built-in or mapped."""
    texts, which = np.unique(read.labels, return_inverse=True)
    names = [read.names.get(text, text) for text in texts.tolist()]
    aliases = read.points.ndim == 3  # they are of still gestures
    meant = [  # the mapping may speak of the number or of its name
        meant_gesture(text if text in mapping else name, mapping)
        if aliases or text in mapping or name in mapping
        else None
        for text, name in zip(texts.tolist(), names, strict=True)
    ]
    message = np.array([m or name for m, name in zip(meant, names, strict=True)])
    return message[which], np.array([m is not None for m in meant])[which]


_READERS = {
    "keypoints-csv": _read_keypoint_table,
    "seed-csv": _read_seed_table,
    "point-history": point_history,
}
