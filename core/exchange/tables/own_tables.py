"""Tables that `data_out` wrote, read a piece at a time: csv and parquet.

Values are turned into their kinds here and looked at in `data_in`; a csv's texts are taken out of
their quotes. Keypoints come as float32 arrays, NaN where missing.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import TableError
from core.exchange.tables.columns import COLUMNS, MARKS, RENAMED, Row, number_columns
from core.media.parquet import open_parquet
from core.recording.imports.cells import MAX_COLUMNS, format_lines, unquote_formula

MAX_BYTES = 500 * 2**20
MAX_ROWS = 1_000_000
_BLOCK = 4 * 2**20
_MAX_UNPACKED = 4 * MAX_BYTES
_OLD = {new: (old,) for old, new in RENAMED.items()}
_RIGHT = ("true", "false")


def is_ours(path: Path) -> bool:
    """Whether the table has the columns that tell ours from others'."""
    return set(MARKS) <= set(_header(path))


def _header(path: Path) -> list[str]:
    """The columns' names; empty where they can't be read."""
    try:
        if path.suffix.lower() == ".parquet":
            with open_parquet(path) as table:
                return table.names
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader([file.readline(2**16)]), [])
    except (OSError, ValueError, csv.Error, TableError):
        return []


def read_ours(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row with its line: the COLUMNS there are, and keypoints, scores and world as arrays.

    Raises:
        TableError: damaged, too large, or values that are none of their column's kind.
    """
    if path.stat().st_size > MAX_BYTES:
        raise TableError(f"{path.name} has over {MAX_BYTES:,} bytes: split it")
    names = _header(path)
    if len(set(names)) != len(names) or len(names) > MAX_COLUMNS:
        raise TableError(f"{path.name} has a column twice, or over {MAX_COLUMNS} of them")
    joints = next(j for j in range(MAX_COLUMNS) if f"x{j}" not in names)
    axes = 3 if "z0" in names else 2
    numbers = number_columns(joints, axes)
    if missing := [name for name in numbers if name not in names]:
        raise TableError(f"{path.name} lacks the columns {', '.join(missing[:5])}")
    plain = path.suffix.lower() == ".csv"
    first = 2 if plain else 1
    try:
        for batch in _batches(path, names, plain):
            yield from _of_batch(batch, first, numbers, (joints, axes), plain, path.name)
            first += batch.num_rows
            if first > MAX_ROWS:
                raise TableError(f"{path.name} has over {MAX_ROWS:,} rows: split it")
    except (ValueError, OSError, NotImplementedError) as error:  # Arrow's errors are ValueErrors
        reason = str(error).splitlines()[0][:200]
        raise TableError(f"{path.name} can't be read near line {first}: {reason}") from error


def _batches(path: Path, names: list[str], plain: bool) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow

    if not plain:
        with open_parquet(path) as table:
            if table.unpacked_bytes > _MAX_UNPACKED or table.rows > MAX_ROWS:
                raise TableError(
                    f"{path.name} unpacks to {table.unpacked_bytes:,} bytes in {table.rows:,} "
                    f"rows, at most {_MAX_UNPACKED:,} in {MAX_ROWS:,} are read: split it"
                )
            yield from table.batches
        return
    plainly = arrow.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    reader = arrow.open_csv(
        path,
        arrow.ReadOptions(use_threads=False, block_size=_BLOCK),
        arrow.ParseOptions(newlines_in_values=True),
        plainly,
    )
    with reader:
        yield from reader


def _of_batch(
    batch: Any, first: int, numbers: list[str], size: tuple[int, int], plain: bool, name: str
) -> Iterator[tuple[int, Row]]:
    columns, (joints, axes) = {}, size
    for column, kind in COLUMNS.items():
        there = next((c for c in (column, *_OLD.get(column, ())) if c in batch.schema.names), None)
        if there is not None:
            values = _cast(batch.column(there), there, kind, first, name).to_pylist()
            if plain and kind is str:
                values = [value and unquote_formula(value) for value in values]
            columns[column] = values
    found = [_cast(batch.column(c), c, np.float32, first, name) for c in numbers]
    values = np.column_stack([column.to_numpy(zero_copy_only=False) for column in found])
    keypoints, scores, world = np.split(values, (axes * joints, (axes + 1) * joints), axis=1)
    for i in range(batch.num_rows):
        row: Row = {column: column_values[i] for column, column_values in columns.items()}
        own = row["joints"] if isinstance(row.get("joints"), int) else joints
        row |= {
            "joints": own,
            "keypoints": keypoints[i, : axes * own],
            "scores": np.nan_to_num(scores[i, :own], nan=0.0),
            "world": world[i, : 3 * own] if np.isfinite(world[i]).any() else None,
        }
        yield first + i, row


def _cast(column: Any, name: str, kind: Any, first: int, file: str) -> Any:
    """The column as our kind of Arrow array; texts of a csv are read as numbers.

    Raises:
        TableError: a value that is none of that kind, with its lines.
    """
    import pyarrow as pa

    kinds = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64()}
    try:
        return column.cast(kinds.get(kind) or pa.float32())
    except pa.ArrowException as error:
        values = column.to_pandas()
        if kind is bool:
            wrong = values.notna() & ~values.astype(str).isin(_RIGHT)
        else:
            read = pd.to_numeric(values, errors="coerce")
            wrong = values.notna() & (read.isna() | ((read % 1 != 0) if kind is int else False))
        lines = pd.Index(np.flatnonzero(wrong)) + first - 1
        what = {int: "whole numbers", bool: "true or false", str: "text"}.get(kind, "numbers")
        told = format_lines(lines) if len(lines) else str(error).splitlines()[0][:100]
        raise TableError(f"{file}: {name} must be {what} {told}") from error
