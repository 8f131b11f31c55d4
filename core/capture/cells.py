"""The cells of a table of keypoints (.csv, .parquet) as text, within limits: it is untrusted."""

import csv
import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import TableError

MAX_BYTES = 200 * 2**20
MAX_CELLS = 8_000_000
MAX_COLUMNS = 1000
_UNREADABLE = (ValueError, OSError, TypeError, LookupError, NotImplementedError, csv.Error)
_SHOWN = 20  # lines named in an error
_RISKY = ("=", "+", "-", "@", "\t", "\r", "−", "＝", "＋", "－", "＠")


def read_cells(path: Path) -> tuple[pd.DataFrame, str]:
    """Every cell as text, row i being the file's line i + 1; the file's sha256.

    Raises:
        TableError: no table, or too large a one.
    """
    content = _content(path)
    _check_size(content, path)
    return _cells(path), hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise TableError(f"{path.name} has {size:,} bytes, a table at most {MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise TableError(f"{path.name} can't be read: {error.strerror}") from error


def _check_size(content: bytes, path: Path) -> None:
    """Before anything is parsed: a cell takes many times its bytes."""
    if path.suffix.lower() == ".parquet":
        rows, columns = _parquet_size(content, path)
    elif b"\0" in content:
        raise TableError(f"{path.name} is no text in UTF-8: save it as csv in UTF-8")
    else:
        rows, columns = content.count(b"\n") + 1, content.partition(b"\n")[0].count(b",") + 1
    cells = max(rows * columns, content.count(b",")) if columns <= MAX_COLUMNS else columns
    if cells > MAX_CELLS or columns > MAX_COLUMNS:
        raise TableError(
            f"{path.name} has {cells:,} cells in {columns:,} columns, at most {MAX_CELLS:,} in "
            f"{MAX_COLUMNS:,} are read: split it"
        )


def _parquet_size(content: bytes, path: Path) -> tuple[int, int]:
    from pyarrow.parquet import ParquetFile  # slow to load and seldom needed

    try:
        about = ParquetFile(io.BytesIO(content)).metadata
    except _UNREADABLE as error:
        raise _no_table(path, error) from error
    return about.num_rows, about.num_columns


def _no_table(path: Path, error: Exception) -> TableError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return TableError(f"{path.name} is no table that can be read ({reason})")


def _cells(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path)
            header = pd.DataFrame([table.columns.astype(str)], columns=table.columns)
            rows = table.astype(str).mask(table.isna(), "")
            return pd.concat([header, rows]).set_axis(range(table.shape[1]), axis=1)
        return _of_csv(path)
    except _UNREADABLE as error:
        raise _no_table(path, error) from error


def _of_csv(path: Path) -> pd.DataFrame:
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
        longer = _longer_rows(path)
        if not len(longer):
            raise
        raise TableError(
            f"{path.name}: no row may have more columns than the first {lines_text(longer)}"
        ) from error
    return _without_end(cells.fillna(""))


def _longer_rows(path: Path) -> pd.Index:
    """Rows, from 0, with more columns than the first."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        widths = [len(row) for row in csv.reader(file)]
    return pd.Index([i for i, width in enumerate(widths) if width > widths[0]])


def _without_end(cells: pd.DataFrame) -> pd.DataFrame:
    """Without the blank lines at the file's end."""
    filled = np.flatnonzero((cells != "").any(axis=1))
    return cells.iloc[: filled[-1] + 1] if len(filled) else cells.iloc[:0]


def lines_text(index: pd.Index, what: str = "line") -> str:
    """“(3 lines: 2, 5, 9)”, at most twenty of them named; the index counts from 0."""
    named = ", ".join(str(int(i) + 1) for i in index[:_SHOWN])
    more = " …" if len(index) > _SHOWN else ""
    return f"({len(index)} {what if len(index) == 1 else f'{what}s'}: {named}{more})"


def quoted(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula; `unquoted` takes the mark away."""
    return f"'{text}" if text.startswith((*_RISKY, "'")) else text


def unquoted(text: str) -> str:
    """The text that `quoted` was given."""
    return text[1:] if text.startswith("'") and quoted(text[1:]) == text else text
