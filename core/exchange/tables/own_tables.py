"""Exact tables (.csv, .parquet) read in batches, within limits.

Keypoints are float32 arrays, NaN where missing; the other values are checked in `data_in`.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import TableError
from core.exchange.tables.columns import ARRAYS, COLUMNS, MARKS, OLD_NAMES, Row, number_columns
from core.media.parquet import open_parquet
from core.pose.types import Floats
from core.recording.imports.cells import MAX_COLUMNS, format_lines, unquote_formula

MAX_BYTES = 500 * 2**20
MAX_ROWS = 1_000_000
_MAX_UNPACKED_BYTES = 4 * MAX_BYTES
_CSV_BLOCK_BYTES = 4 * 2**20


def is_own_table(path: Path) -> bool:
    """Return whether a table has the columns that identify Mudra's own tables."""
    return set(MARKS) <= set(_read_column_names(path))


def _read_column_names(path: Path) -> list[str]:
    """Read the column names of a csv or parquet table; [] if they can't be read."""
    try:
        if path.suffix.lower() == ".parquet":
            with open_parquet(path) as table:
                return table.names
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader([file.readline(2**16)]), [])
    except (OSError, ValueError, csv.Error, TableError):
        return []


def read_own_table(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (line number, row) of a table exported by Mudra: COLUMNS (text in csv) and float32
    ARRAYS. Raise TableError if it is damaged or too large, or a keypoint isn't a number."""
    if path.stat().st_size > MAX_BYTES:
        raise TableError(f"{path.name} has over {MAX_BYTES:,} bytes: split it")
    names = _read_column_names(path)
    if len(set(names)) != len(names) or len(names) > MAX_COLUMNS:
        raise TableError(f"{path.name} has a repeated column, or more than {MAX_COLUMNS} columns")
    joints = next(j for j in range(MAX_COLUMNS) if f"x{j}" not in names)
    axes = 3 if "z0" in names else 2
    if missing := [name for name in number_columns(joints, axes) if name not in names]:
        raise TableError(f"{path.name} lacks the columns {', '.join(missing[:5])}")
    is_csv = path.suffix.lower() == ".csv"
    line = 2 if is_csv else 1
    try:
        for batch in _read_csv_batches(path, names) if is_csv else _read_parquet_batches(path):
            numbers = _parse_numbers(batch, number_columns(joints, axes), line, path.name)
            for row in _split_batch(batch, numbers, joints, axes):
                yield line, row
                line += 1
            if line > MAX_ROWS:
                raise TableError(f"{path.name} has over {MAX_ROWS:,} rows: split it")
    except (ValueError, OSError, NotImplementedError) as error:  # Arrow's errors are ValueErrors
        reason = str(error).splitlines()[0][:200]
        raise TableError(f"{path.name} can't be read near line {line}: {reason}") from error


def _read_csv_batches(path: Path, names: list[str]) -> Iterator[Any]:
    """Yield a csv's Arrow record batches; all cells are text, empty cells are null."""
    import pyarrow as pa  # slow to load and seldom needed
    from pyarrow import csv as arrow

    texts = arrow.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    reader = arrow.open_csv(
        path,
        arrow.ReadOptions(use_threads=False, block_size=_CSV_BLOCK_BYTES),
        arrow.ParseOptions(newlines_in_values=True),
        texts,
    )
    with reader:
        yield from reader


def _read_parquet_batches(path: Path) -> Iterator[Any]:
    """Yield a parquet table's Arrow record batches; raise TableError if the table is too large."""
    with open_parquet(path) as table:
        if table.unpacked_bytes > _MAX_UNPACKED_BYTES or table.rows > MAX_ROWS:
            raise TableError(
                f"{path.name} unpacks to {table.unpacked_bytes:,} bytes in {table.rows:,} rows, at "
                f"most {_MAX_UNPACKED_BYTES:,} in {MAX_ROWS:,} are read: split it"
            )
        yield from table.batches


def _parse_numbers(batch: Any, names: list[str], line: int, file: str) -> Floats:
    """Convert columns to (rows, columns) float32; raise TableError with the lines of other text."""
    import pyarrow as pa

    columns = []
    for name in names:
        column = batch.column(name)
        try:
            columns.append(column.cast(pa.float32()).to_numpy(zero_copy_only=False))
        except pa.ArrowException as error:
            values = column.to_pandas()
            wrong = values.notna() & pd.to_numeric(values, errors="coerce").isna()
            lines = format_lines(pd.Index(np.flatnonzero(wrong)) + line - 1)
            raise TableError(f"{file}: {name} must be numbers {lines}") from error
    return np.column_stack(columns)


def _split_batch(batch: Any, numbers: Floats, joints: int, axes: int) -> Iterator[Row]:
    """Yield a batch's rows: COLUMNS, and the numbers split into ARRAYS by keypoint count."""
    columns = {OLD_NAMES.get(name, name): batch.column(name) for name in batch.schema.names}
    values = {name: columns[name].to_pylist() for name in COLUMNS if name in columns}
    is_csv = str(columns["joints"].type) == "string"
    keypoints, scores, world = np.split(numbers, (axes * joints, (axes + 1) * joints), axis=1)
    for i in range(batch.num_rows):
        row: Row = {name: column[i] for name, column in values.items()}
        if is_csv:
            row = {name: value and unquote_formula(value) for name, value in row.items()}
        size = int(row["joints"]) if str(row["joints"]).isdecimal() else joints
        arrays = (
            keypoints[i, : axes * size],
            np.nan_to_num(scores[i, :size], nan=0.0),
            world[i, : 3 * size] if np.isfinite(world[i]).any() else None,
        )
        yield row | dict(zip(ARRAYS, arrays, strict=True)) | {"joints": size, "is_text": is_csv}
