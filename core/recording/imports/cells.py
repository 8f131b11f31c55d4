"""What the readers of keypoint tables (.csv, .parquet) share: the untrusted cells, read within
limits, and the table that they return."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import TableError
from core.files import sha256_of, wrap_os_errors
from core.media.parquet import open_parquet
from core.pose.skeletons.table import HAND_21, Skeleton, convert_keypoints, skeleton_named
from core.words import count_words, words

_ROW_FIELDS = ("gestures", "known", "persons", "mirrored")


@dataclass(frozen=True, eq=False)
class KeypointTable:
    """A table of labelled keypoints: N rows of K keypoints."""

    # (N, K, 2) float32, or (N, K, 3) if the table has z0, z1 …; NaN where missing; clips are (N, T,
    # K, 2)
    keypoints: NDArray[np.float32]
    # (N,) names; `read_table` replaces labels of built-in gestures by their names
    gestures: NDArray[np.str_]
    persons: NDArray[np.str_]  # (N,) who recorded, "" if unknown
    estimator: str = "mediapipe-hands"  # what detected the keypoints
    skeleton: str = HAND_21.name  # its name
    # (N,) whether the gesture is built-in or mapped; filled by `read_table`
    known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    # (N,) whether the viewer saw the picture mirrored; filled by `read_table`
    mirrored: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    sha256: str = ""  # of the file; filled by `read_table`
    remark: str = ""  # a remark for the user, a sentence without its subject, or ""
    # (N, K, 3) metres, of a table that has wx0, wy0, wz0 … beside picture coordinates; NaN in rows
    # without them, None if all lack them
    world: NDArray[np.float32] | None = None
    recordings: NDArray[np.str_] | None = None  # of clips, (N,) the recording, unique per person
    times_s: NDArray[np.float64] | None = None  # of clips, (T,) of their frames
    label_names: Mapping[str, str] = field(default_factory=dict)  # names of numeric labels

    @property
    def has_clips(self) -> bool:
        """Whether the rows are clips."""
        return self.keypoints.ndim == 4

    @property
    def stored_skeleton(self) -> str:
        """The skeleton for a new project: tables of hands, in any keypoint order, get hand_21."""
        skeleton = skeleton_named(self.skeleton)
        is_hand = skeleton.is_hand and skeleton.size == HAND_21.size
        return HAND_21.name if is_hand else skeleton.name

    def __len__(self) -> int:
        return len(self.gestures)

    def to_3d(self) -> "KeypointTable":
        """Return the rows with 3-D coordinates, as keypoints; this table if `world` is None."""
        if self.world is None:
            return self
        there = np.isfinite(self.world).all(axis=(1, 2))
        rows = {name: getattr(self, name)[there] for name in _ROW_FIELDS}
        return replace(self, keypoints=self.world[there], world=None, **rows)

    def to_skeleton(self, skeleton: Skeleton) -> "KeypointTable":
        """Convert the keypoints to another skeleton; raise SkeletonError if that isn't possible."""
        own = skeleton_named(self.skeleton)
        world = None if self.world is None else convert_keypoints(self.world, own, skeleton)
        keypoints = convert_keypoints(self.keypoints, own, skeleton)
        return replace(self, keypoints=keypoints, world=world, skeleton=skeleton.name)


MAX_BYTES = 200 * 2**20
MAX_CELLS = 8_000_000
MAX_COLUMNS = 1000
_MAX_UNPACKED_BYTES = 160 * 2**20
_MAX_NAME_CHARACTERS = 300  # of a gesture, a person, or a repository as one
_MAX_LABEL_FILE_BYTES = 2**20
_MAX_COORDINATE = 1e6
_MAX_LISTED = 20  # lines in an error
_COORDINATE_COLUMN = re.compile(r"(w?[xyz]|v)?\d+")
_UNREADABLE = (ValueError, OSError, TypeError, LookupError, NotImplementedError, csv.Error)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "−", "＝", "＋", "－", "＠")


def read_table_cells(path: Path) -> tuple[list[str], pd.DataFrame, str]:
    """Read a csv or parquet table; return its first line, its cells (line i + 1 of the file has
    index i) and its SHA-256. Raise TableError if it isn't a table or is too large.

    Cells are texts; in a parquet table, whose columns have names and whose first row is line 2,
    coordinates are numbers. A csv's first line is among the cells: it may be a row.
    """
    with wrap_os_errors(TableError, words("{file} can't be read", file=path.name)):
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise TableError(
                words(
                    "{file} is {size:.0f} MB; the limit for a table is {limit} MB",
                    file=path.name,
                    size=size / 2**20,
                    limit=MAX_BYTES // 2**20,
                )
            )
        digest = sha256_of(path)
        if path.suffix.lower() == ".parquet":
            return *_read_parquet_cells(path), digest
        _check_csv_size(path.read_bytes(), path)
    try:
        cells = _read_csv_cells(path)
    except _UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise TableError(
            words("{file} isn't a readable table ({reason})", file=path.name, reason=reason)
        ) from error
    return list(cells.iloc[0]) if len(cells) else [], cells, digest


def _check_csv_size(content: bytes, path: Path) -> None:
    """Raise TableError if a csv has too many cells or contains NUL bytes; done before parsing, as
    cells take many times the file's size in memory."""
    if b"\0" in content:
        raise TableError(words("{file} isn't UTF-8 text: save it as csv in UTF-8", file=path.name))
    rows, columns = content.count(b"\n") + 1, content.partition(b"\n")[0].count(b",") + 1
    _check_cell_count(path, columns, max(rows * columns, content.count(b",")))


def _check_cell_count(path: Path, columns: int, cells: int) -> None:
    """Raise TableError if there are more than MAX_COLUMNS columns or MAX_CELLS cells."""
    if columns > MAX_COLUMNS or cells > MAX_CELLS:
        raise TableError(
            words(
                "{file} has {cells:,} cells in {columns:,} columns; the limits are {max_cells:,} "
                "and {max_columns:,}: split it",
                file=path.name,
                cells=cells,
                columns=columns,
                max_cells=MAX_CELLS,
                max_columns=MAX_COLUMNS,
            )
        )


def _read_parquet_cells(path: Path) -> tuple[list[str], pd.DataFrame]:
    """Read column names and cells; coordinates stay numbers, all other cells become text."""
    import pyarrow as pa  # slow to load and seldom needed

    def is_number(kind: Any) -> bool:
        return pa.types.is_floating(kind) or pa.types.is_integer(kind)

    with open_parquet(path) as table:
        _check_cell_count(path, len(table.names), table.rows * len(table.names))
        rows = pa.Table.from_batches(_limit_unpacked_bytes(table.batches, path), table.schema)
    columns = [
        column
        if i and is_number(column.type) and _COORDINATE_COLUMN.fullmatch(name)
        else column.cast(pa.string()).fill_null("")
        for i, (name, column) in enumerate(zip(table.names, rows.columns, strict=True))
    ]
    cells = pa.table(columns, [str(i) for i in range(len(columns))]).to_pandas()
    cells = cells.set_axis(range(len(columns)), axis=1)
    return table.names, cells.set_axis(range(1, len(cells) + 1))


def _limit_unpacked_bytes(batches: Iterator[Any], path: Path) -> Iterator[Any]:
    """Yield the batches; raise TableError if their total size exceeds _MAX_UNPACKED_BYTES."""
    unpacked = 0
    for batch in batches:
        unpacked += batch.nbytes
        if unpacked > _MAX_UNPACKED_BYTES:
            raise TableError(
                words(
                    "{file} unpacks to over {limit} MB: split it, or leave out columns of long "
                    "texts",
                    file=path.name,
                    limit=_MAX_UNPACKED_BYTES // 2**20,
                )
            )
        yield batch


def _read_csv_cells(path: Path) -> pd.DataFrame:
    """Read a csv's cells as text, without trailing blank lines; raise TableError if a row has more
    columns than the first row."""
    try:
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skip_blank_lines=False,
            low_memory=False,
        ).fillna("")
    except pd.errors.ParserError as error:
        with path.open(encoding="utf-8-sig", newline="") as file:
            widths = np.array([len(row) for row in csv.reader(file)])
        longer = pd.Index(np.flatnonzero(widths > widths[0]))
        if not len(longer):
            raise
        raise TableError(
            words(
                "{file}: no row may have more columns than the first {lines}",
                file=path.name,
                lines=format_lines(longer),
            )
        ) from error
    filled = np.flatnonzero((cells != "").any(axis=1))
    return cells.iloc[: filled[-1] + 1] if len(filled) else cells.iloc[:0]


def parse_coordinates(
    cells: pd.DataFrame, path: Path, missing: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Convert cells to float32. Cells where `missing` is True may be empty and become NaN; raise
    TableError with the lines of other cells that are not finite numbers."""
    values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = ~(np.abs(values) <= _MAX_COORDINATE)
    if missing is not None:
        wrong &= ~missing
    wrong = wrong.any(axis=1)
    if wrong.any():
        raise TableError(
            words(
                "{file}: keypoints must be finite numbers {lines}",
                file=path.name,
                lines=format_lines(cells.index[wrong]),
            )
        )
    return values.astype(np.float32)


def parse_names(cells: pd.Series, path: Path) -> NDArray[np.str_]:
    """Convert cells to an (N,) array of stripped text, without the apostrophes of `quote_formula`.
    Raise TableError for overlong text: all texts take as much memory as the longest."""
    long = cells.index[cells.str.len() > _MAX_NAME_CHARACTERS]
    if len(long):
        raise TableError(
            words(
                "{file}: {column} has texts of over {limit} characters {lines}",
                file=path.name,
                column=cells.name,
                limit=_MAX_NAME_CHARACTERS,
                lines=format_lines(long),
            )
        )
    return cells.str.strip().map(unquote_formula).to_numpy(str)


def parse_numeric_labels(labels: pd.Series, path: Path) -> NDArray[np.str_]:
    """Return whole-number labels as (N,) text; raise TableError with the lines of others."""
    wrong = ~labels.str.strip().str.fullmatch(r"\d+")
    check_rows(wrong, words("the label must be a whole number"), path)
    return parse_names(labels, path)


def check_rows(wrong: pd.Series, problem: str, path: Path) -> None:
    """Raise TableError with the lines of wrong rows if there are any."""
    if wrong.any():
        raise TableError(
            words(
                "{file}: {problem} {lines}",
                file=path.name,
                problem=problem,
                lines=format_lines(wrong.index[wrong]),
            )
        )


def read_label_names(path: Path) -> dict[str, str]:
    """Read {number: name} from the file `…_classifier_label.csv` next to the table; return {} if it
    is missing. Raise TableError if it can't be read."""
    beside = path.with_name(f"{path.stem}_classifier_label.csv")
    if not beside.is_file():
        return {}
    try:
        if beside.stat().st_size > _MAX_LABEL_FILE_BYTES:
            raise TableError(
                words(
                    "{file} has over {limit} MB: it should only contain names",
                    file=beside.name,
                    limit=_MAX_LABEL_FILE_BYTES // 2**20,
                )
            )
        with beside.open(encoding="utf-8-sig", newline="") as file:
            lines = [line[0].strip() if line else "" for line in csv.reader(file)]
    except (OSError, UnicodeError, csv.Error) as error:
        raise TableError(
            words("{file}, the names of the labels, can't be read", file=beside.name)
        ) from error
    return {str(i): unquote_formula(name) for i, name in enumerate(lines) if name}


def format_lines(index: pd.Index, unit: str = "line") -> str:
    """Format 0-based row indices as 1-based line numbers, at most twenty: “(3 lines: 2, 5, 9)”; for
    the unit "annotation", as numbers of annotations."""
    numbers = ", ".join(str(int(i) + 1) for i in index[:_MAX_LISTED])
    numbers += " …" if len(index) > _MAX_LISTED else ""
    if unit == "annotation":
        return count_words(
            len(index),
            "({n} annotation: {numbers})",
            "({n} annotations: {numbers})",
            numbers=numbers,
        )
    return count_words(
        len(index), "({n} line: {numbers})", "({n} lines: {numbers})", numbers=numbers
    )


def quote_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith((*_FORMULA_STARTS, "'")) else text


def unquote_formula(text: str) -> str:
    """Remove the apostrophe that `quote_formula` added."""
    return text[1:] if text.startswith("'") and quote_formula(text[1:]) == text else text
