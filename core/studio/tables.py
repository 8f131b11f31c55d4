"""Keypoint tables: gestures.csv's columns, Kazuhito00's keypoint.csv, the seed app's 44 numbers.

Convention: a table's coordinates are taken as they stand (`space` "relative": any unit with one
scale for both axes). N rows, 21 joints.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TableError
from core.gestures.labels import match_gesture

TABLE_SUFFIXES = (".csv", ".parquet")
MAX_BYTES = 200 * 2**20
JOINTS = 21
_SHOWN = 20  # lines named in an error
_XY = [f"{axis}{joint}" for joint in range(JOINTS) for axis in "xy"]
_SEED_CLASSES = {"1": "thumbs_up", "0": "thumbs_down"}


@dataclass(frozen=True, eq=False)
class KeypointTable:
    """A table as read.

    Attributes:
        keypoints: (N, 21, 2) float32, NaN where missing.
        gestures: (N,) the gesture's name: a built-in one where the text means one, else the text.
        known: (N,) whether it is a built-in one.
        persons: (N,) who recorded, "" where the table does not say.
        estimator: what found the keypoints.
        sha256: of the file.
    """

    keypoints: NDArray[np.float32]
    gestures: NDArray[np.str_]
    known: NDArray[np.bool_]
    persons: NDArray[np.str_]
    estimator: str
    sha256: str

    def __len__(self) -> int:
        return len(self.gestures)


def read_table(
    path: Path, layout: str = "auto", mapping: Mapping[str, str] | None = None
) -> KeypointTable:
    """Read a table of labelled keypoints.

    Args:
        layout: "keypoints-csv" (named columns x0, y0 … x20, y20 and gesture; or Kazuhito00's
            integer and 42 numbers), "seed-csv" (44 numbers and class), or "auto".
        mapping: a label of the table → a gesture's name.

    Raises:
        TableError: wrong columns, or values that are no numbers, with their line numbers.
    """
    content = _content(path)
    cells = _cells(path)
    layout = _layout(cells, path) if layout == "auto" else layout
    reader = {"keypoints-csv": _named_or_numbered, "seed-csv": _seed}.get(layout)
    if reader is None:
        raise TableError(f"{path.name} is a table, which layout “{layout}” does not read")
    keypoints, labels, persons, estimator = reader(cells, path)
    if not len(labels):
        raise TableError(f"{path.name} has no rows")
    gestures, known = _gestures(labels, mapping or {})
    digest = hashlib.sha256(content).hexdigest()
    return KeypointTable(keypoints, gestures, known, persons, estimator, digest)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise TableError(f"{path.name} has {size:,} bytes, a table at most {MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} can't be read: {error.strerror}") from error


def _cells(path: Path) -> pd.DataFrame:
    """Every cell as text, row i being the file's line i + 1."""
    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path)
            header = pd.DataFrame([table.columns.astype(str)], columns=table.columns)
            return pd.concat([header, table.astype(str)]).set_axis(range(table.shape[1]), axis=1)
        return pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig",
            skip_blank_lines=False, low_memory=False,
        )  # fmt: skip
    except (ValueError, OSError, pd.errors.ParserError, UnicodeError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path.name} is no table that can be read ({reason})") from error


def _layout(cells: pd.DataFrame, path: Path) -> str:
    first = list(cells.iloc[0]) if len(cells) else []
    if first == [*map(str, range(44)), "class"]:
        return "seed-csv"
    if "x0" in first or len(first) == 1 + 2 * JOINTS:
        return "keypoints-csv"
    raise TableError(
        f"{path.name} has {len(first)} columns that begin with {first[:3]}; expected are the "
        "columns gesture, x0, y0 … x20, y20; or an integer and 42 numbers; or 44 numbers and class"
    )


_Read = tuple[NDArray[np.float32], NDArray[np.str_], NDArray[np.str_], str]


def _named_or_numbered(cells: pd.DataFrame, path: Path) -> _Read:
    return (_named if "x0" in list(cells.iloc[0]) else _numbered)(cells, path)


def _named(cells: pd.DataFrame, path: Path) -> _Read:
    names = list(cells.iloc[0])
    missing = [name for name in ["gesture", *_XY] if names.count(name) != 1]
    if missing:
        raise TableError(f"{path.name} must have these columns once each: {', '.join(missing)}")
    table = cells.iloc[1:].set_axis(names, axis=1)
    person = next((c for c in ("person", "source_repo") if c in names), None)
    persons = table[person].str.strip() if person else pd.Series("", table.index)
    estimator = "mediapipe-hands"
    if "estimator" in names and len(table):
        found = sorted(set(table["estimator"]))
        if len(found) > 1:
            raise TableError(f"{path.name} mixes the estimators {', '.join(found)}: one a file")
        estimator = found[0]
    points = _numbers(table[_XY], path).reshape(-1, JOINTS, 2)
    return points, _texts(table["gesture"], path), persons.to_numpy(str), estimator


def _numbered(cells: pd.DataFrame, path: Path) -> _Read:
    points = _numbers(cells.iloc[:, 1:], path).reshape(-1, JOINTS, 2)
    names = _label_names(path)
    labels = [names.get(text.strip(), f"class {text.strip()}") for text in cells[0]]
    return points, np.array(labels), np.full(len(labels), ""), "mediapipe-hands"


def _label_names(path: Path) -> dict[str, str]:
    """Number → name from `…_classifier_label.csv` beside the table; empty where there is none."""
    beside = path.with_name(f"{path.stem}_classifier_label.csv")
    if not beside.is_file():
        return {}
    lines = beside.read_text(encoding="utf-8-sig").splitlines()
    return {str(i): line.split(",")[0].strip() for i, line in enumerate(lines) if line.strip()}


def _seed(cells: pd.DataFrame, path: Path) -> _Read:
    if cells.shape[1] != 45:
        raise TableError(f"{path.name} has {cells.shape[1]} columns, the seed's table has 45")
    rows = cells.iloc[1:]
    unknown = rows[~rows[44].isin(_SEED_CLASSES)]
    if len(unknown):
        raise TableError(f"{path.name}: class must be 0 or 1 {_lines(unknown.index)}")
    # The 22nd point is the maximum of the background's map: no joint.
    points = _numbers(rows.iloc[:, :44], path).reshape(-1, 22, 2)[:, :JOINTS]
    points[(points == 0).all(axis=2)] = np.nan  # how the seed writes a joint it did not find
    labels = rows[44].map(_SEED_CLASSES).to_numpy(str)
    return points, labels, np.full(len(labels), ""), "openpose-hand"


def _numbers(cells: pd.DataFrame, path: Path) -> NDArray[np.float32]:
    values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(values).all(axis=1) | (np.abs(values) > 1e6).any(axis=1)
    if wrong.any():
        raise TableError(
            f"{path.name}: keypoints must be finite numbers {_lines(cells.index[wrong])}"
        )
    return values.astype(np.float32)


def _texts(cells: pd.Series, path: Path) -> NDArray[np.str_]:
    empty = cells.index[cells.str.strip() == ""]
    if len(empty):
        raise TableError(f"{path.name}: the gesture is empty {_lines(empty)}")
    return cells.str.strip().to_numpy(str)


def _lines(index: pd.Index) -> str:
    """“(3 lines: 2, 5, 9)”, at most twenty of them named."""
    named = ", ".join(str(int(i) + 1) for i in index[:_SHOWN])
    more = " …" if len(index) > _SHOWN else ""
    return f"({len(index)} {'line' if len(index) == 1 else 'lines'}: {named}{more})"


def _gestures(
    labels: NDArray[np.str_], mapping: Mapping[str, str]
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    texts = {str(label) for label in labels}
    meant = {text: mapping.get(text) or match_gesture(text) for text in texts}
    names = np.array([meant[str(label)] or str(label) for label in labels])
    return names, np.array([meant[str(label)] is not None for label in labels])
