"""The cells of a table of keypoints (.csv, .parquet), within limits: it is untrusted."""

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import TableError
from core.media.parquet import open_parquet

MAX_BYTES = 200 * 2**20
MAX_CELLS = 8_000_000
MAX_COLUMNS = 1000
_MAX_UNPACKED = 160 * 2**20
_COORDINATE = re.compile(r"(w?[xyz]|v)?\d+")  # the name of a column of keypoints
_UNREADABLE = (ValueError, OSError, TypeError, LookupError, NotImplementedError, csv.Error)
_SHOWN = 20  # lines named in an error
_RISKY = ("=", "+", "-", "@", "\t", "\r", "−", "＝", "＋", "－", "＠")


def read_cells(path: Path) -> tuple[list[str], pd.DataFrame, str]:
    """Read a table: its first line, its cells (line i + 1 of the file has index i), its sha256.

    Cells are text; of a parquet table, whose columns have names and whose first row is line 2,
    keypoints are numbers. A csv's first line is among the cells: it may be a row.

    Raises:
        TableError: no table, or too large a one.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise TableError(f"{path.name} has {size:,} bytes, a table at most {MAX_BYTES:,}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if path.suffix.lower() == ".parquet":
            return *_read_parquet(path), digest
        _check_csv(path.read_bytes(), path)
    except OSError as error:
        raise TableError(f"{path.name} can't be read: {error.strerror}") from error
    try:
        cells = _read_csv(path)
    except _UNREADABLE as error:
        raise _unreadable_table(path, error) from error
    return list(cells.iloc[0]) if len(cells) else [], cells, digest


def _check_csv(content: bytes, path: Path) -> None:
    """Check a csv's size before it is parsed: a cell takes many times its bytes in memory."""
    if b"\0" in content:
        raise TableError(f"{path.name} is no text in UTF-8: save it as csv in UTF-8")
    rows, columns = content.count(b"\n") + 1, content.partition(b"\n")[0].count(b",") + 1
    _check_size(path, columns, max(rows * columns, content.count(b",")))


def _check_size(path: Path, columns: int, cells: int) -> None:
    if columns > MAX_COLUMNS or cells > MAX_CELLS:
        raise TableError(
            f"{path.name} has {cells:,} cells in {columns:,} columns, at most {MAX_CELLS:,} in "
            f"{MAX_COLUMNS:,} are read: split it"
        )


def _read_parquet(path: Path) -> tuple[list[str], pd.DataFrame]:
    import pyarrow as pa  # slow to load and seldom needed

    with open_parquet(path) as table:
        _check_size(path, len(table.names), table.rows * len(table.names))
        rows = pa.Table.from_batches(_limit_unpacked_size(table.batches, path), table.schema)
    columns = [
        column
        if i and _is_keypoint_column(name, column.type)
        else column.cast(pa.string()).fill_null("")
        for i, (name, column) in enumerate(zip(table.names, rows.columns, strict=True))
    ]
    cells = pa.table(columns, [str(i) for i in range(len(columns))]).to_pandas()
    cells = cells.set_axis(range(len(columns)), axis=1)
    return table.names, cells.set_axis(range(1, len(cells) + 1))


def _limit_unpacked_size(batches: Iterator[Any], path: Path) -> Iterator[Any]:
    unpacked = 0
    for batch in batches:
        unpacked += batch.nbytes
        if unpacked > _MAX_UNPACKED:
            raise TableError(
                f"{path.name} unpacks to over {_MAX_UNPACKED // 2**20} MB: split it, or leave out "
                "columns of long texts"
            )
        yield batch


def _is_keypoint_column(name: str, kind: Any) -> bool:
    import pyarrow as pa

    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    return is_number and _COORDINATE.fullmatch(name) is not None


def _unreadable_table(path: Path, error: Exception) -> TableError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return TableError(f"{path.name} is no table that can be read ({reason})")


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.ParserError as error:
        longer = _find_longer_rows(path)
        if not len(longer):
            raise
        raise TableError(
            f"{path.name}: no row may have more columns than the first {lines_text(longer)}"
        ) from error
    return _drop_trailing_blank_lines(cells.fillna(""))


def _find_longer_rows(path: Path) -> pd.Index:
    """Numbers, from 0, of the rows with more columns than the first."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        widths = [len(row) for row in csv.reader(file)]
    return pd.Index([i for i, width in enumerate(widths) if width > widths[0]])


def _drop_trailing_blank_lines(cells: pd.DataFrame) -> pd.DataFrame:
    """Drop blank lines at the end of the file."""
    filled = np.flatnonzero((cells != "").any(axis=1))
    return cells.iloc[: filled[-1] + 1] if len(filled) else cells.iloc[:0]


def lines_text(index: pd.Index, what: str = "line") -> str:
    """Format line numbers as “(3 lines: 2, 5, 9)”, at most twenty; the index counts from 0."""
    named = ", ".join(str(int(i) + 1) for i in index[:_SHOWN])
    more = " …" if len(index) > _SHOWN else ""
    return f"({len(index)} {what if len(index) == 1 else f'{what}s'}: {named}{more})"


def quoted(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith((*_RISKY, "'")) else text


def unquoted(text: str) -> str:
    """Remove the apostrophe that `quoted` added."""
    return text[1:] if text.startswith("'") and quoted(text[1:]) == text else text
