"""Samples of exact tables and COCO json into a project; other files go to `importing`.

Either all samples of a file are imported, or none, and the error names up to twenty wrong lines.
Samples that the project has already are skipped; gestures and persons are matched by name. Exact
tables (.csv, .parquet) are read in batches, within limits.
"""

import csv
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from core.errors import StoreError, StoreFullError, TableError
from core.exchange.project.manifest import find_misfit, is_half_given
from core.exchange.project.packing import from_line, to_line
from core.exchange.tables.coco import read_coco
from core.exchange.tables.columns import (
    ARRAYS,
    COLUMNS,
    MARKS,
    OLD_NAMES,
    Row,
    SampleColumns,
    join_clips,
    list_number_columns,
)
from core.files import printable, sha256_of
from core.gestures.data import UNKNOWN_PERSON
from core.media.json_objects import format_first_fault
from core.media.parquet import open_parquet
from core.pose.types import Floats
from core.recording.imports.cells import MAX_COLUMNS, format_lines, unquote_formula
from core.recording.imports.importing import (
    NO_OPTIONS,
    ImportOptions,
    import_path,
    report_with_history,
)
from core.recording.imports.tables import TABLE_SUFFIXES
from core.recording.samples import AddReport
from core.store import Project, Store
from core.store.merging import SampleMerger
from core.store.rows import now
from core.store.transfer import find_or_create_project, find_project_skeleton
from core.words import words

SUFFIXES = (*TABLE_SUFFIXES, ".json")
_MAX_WRONG_LINES = 20
_BATCH = 500
_MAX_NUMBER = 1e6


def import_data(
    store: Store, target: str | Project, path: Path, options: ImportOptions = NO_OPTIONS
) -> AddReport:
    """Import samples from Mudra's tables, COCO json, or anything that `import_path` reads, into a
    project (created if missing). If it raises a MudraError, nothing was added."""
    is_json = path.suffix.lower() == ".json"
    is_table = path.suffix.lower() in TABLE_SUFFIXES and path.is_file() and is_exported_table(path)
    if options.layout != "auto" or not path.is_file() or not (is_json or is_table):
        return import_path(store, target, path, options)
    if is_json:
        read = _read_coco_rows(path, find_project_skeleton(store, target), options)
    else:
        read = read_exported_table(path)
    rows = join_clips(_validate_rows(read, path.name, "annotation" if is_json else "line"))
    try:
        first = next(rows, None)
        if first is None:
            raise TableError(words("the file holds no samples with keypoints"))
        with find_or_create_project(store, target, first["skeleton"]) as (project, is_new):
            with report_with_history(store, project, path.name, fresh=is_new) as report:
                _import_rows(store, project, chain([first], rows), options, is_new, report)
            return report
    except StoreFullError:
        raise
    except StoreError as error:
        raise TableError(
            words("{file} can't be imported: {error}", file=path.name, error=error.text)
        ) from error
    except OSError as error:
        raise StoreError(
            words("no room to unpack {file}: {reason}", file=path.name, reason=error.strerror)
        ) from error


def _read_coco_rows(path: Path, skeleton: str, options: ImportOptions) -> Iterator[tuple[int, Row]]:
    """Yield the numbered rows of a COCO file; if another program wrote the file, fill in person,
    session, estimator and file hash."""
    sha256, at = sha256_of(path), now()
    for number, row in read_coco(path):
        if "taken_at" not in row:
            gesture_hash = hashlib.sha256(str(row["gesture"]).encode()).hexdigest()
            row |= {
                "person": options.person or UNKNOWN_PERSON,
                "session_source": f"import {printable(path.name)}"[:1000],
                "session_started_at": at,
                "burst_started_at": at,
                "taken_at": at,
                "burst_id": int(gesture_hash[:8], 16),
                "space": "picture",
                "file_hash": f"{sha256}:{number}",
                "foreign": True,
                "estimator": options.estimator or f"coco-{row['joints']}",
                "skeleton": skeleton,
            }
        yield number, row


def _validate_rows(rows: Iterable[tuple[int, Row]], file: str, unit: str) -> Iterator[Row]:
    """Yield validated rows, with arrays as blobs, until the first invalid row; then only collect
    invalid rows and raise TableError with their numbers (`unit`: "line" or "annotation")."""
    wrong: list[int] = []
    reason = ""
    for number, row in rows:
        given = {name: row[name] for name in COLUMNS if row.get(name) is not None}
        try:
            if row.get("is_text"):
                columns = SampleColumns.model_validate_strings(
                    given | {"joints": str(row["joints"])}
                )
            else:
                columns = SampleColumns.model_validate(given)
            fault = _find_row_fault(columns, row)
        except ValidationError as error:
            fault = format_first_fault(error)
        if fault:
            reason = reason or fault
            wrong.append(number)
            if len(wrong) > _MAX_WRONG_LINES:
                break
        elif not wrong:
            blobs = {
                name: None if row[name] is None else row[name].astype("<f4").tobytes()
                for name in ARRAYS
            }
            own = {"foreign": row.get("foreign", False), "place": f"{unit} {number}"}
            yield blobs | dict(columns) | own
    if wrong:
        raise TableError(
            words(
                "{file}: {reason} {lines}",
                file=file,
                reason=reason,
                lines=format_lines(pd.Index(wrong) - 1, unit),
            )
        )


def _find_row_fault(columns: SampleColumns, row: Row) -> str:
    """Return why a row's arrays or sizes are invalid or incomplete; "" if they are valid."""
    axes = {"keypoints": (2, 3), "scores": (1,), "world": (3,)}
    for name in ARRAYS:
        values = row[name]
        if values is None:
            continue
        if values.size not in [count * columns.joints for count in axes[name]]:
            return f"{name} has {values.size} numbers for {columns.joints} keypoints"
        if (np.abs(values[~np.isnan(values)]) > _MAX_NUMBER).any():
            return f"{name} must be finite numbers up to {_MAX_NUMBER:,.0f}"
    region = columns.square_x, columns.square_y, columns.square_side
    if is_half_given(columns.width, columns.height) or is_half_given(*region):
        return "half a size or square"
    return find_misfit(columns.joints, columns.skeleton)


def _import_rows(
    store: Store,
    project: Project,
    rows: Iterable[Row],
    options: ImportOptions,
    is_new: bool,
    report: AddReport,
) -> None:
    """Validate all rows, then import them in one short transaction."""
    with tempfile.TemporaryFile(prefix="mudra-") as waiting:
        for number, row in enumerate(rows, 1):
            if row["skeleton"] != project.skeleton:
                raise TableError(
                    words(
                        "the file's samples are {skeleton}, “{project}” takes {own}: import them "
                        "into a project of their own",
                        skeleton=row["skeleton"],
                        project=project.name,
                        own=project.skeleton,
                    )
                )
            waiting.write(to_line(row))
            if number % _BATCH == 0:
                options.progress(number)
        waiting.seek(0)
        with store.begin_write() as connection:
            merger = SampleMerger(connection, project, options.mapping or {}, is_new=is_new)
            for line in waiting:
                row = from_line(line)
                merger.add(row, is_foreign=row["foreign"])
            merger.flush()
    report.added, report.already = len(merger.new["samples"]), merger.already
    report.new, report.new_gestures = merger.new, merger.new_gestures


MAX_BYTES = 500 * 2**20
MAX_ROWS = 1_000_000
_MAX_UNPACKED_BYTES = 4 * MAX_BYTES
_CSV_BLOCK_BYTES = 4 * 2**20


def is_exported_table(path: Path) -> bool:
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


def read_exported_table(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (line number, row) of a table exported by Mudra: COLUMNS (text in csv) and float32
    ARRAYS. Raise TableError if it is damaged or too large, or a keypoint isn't a number."""
    if path.stat().st_size > MAX_BYTES:
        raise TableError(
            words("{file} has over {most:,} bytes: split it", file=path.name, most=MAX_BYTES)
        )
    names = _read_column_names(path)
    if len(set(names)) != len(names) or len(names) > MAX_COLUMNS:
        raise TableError(
            words(
                "{file} has a repeated column, or more than {most} columns",
                file=path.name,
                most=MAX_COLUMNS,
            )
        )
    joints = next(j for j in range(MAX_COLUMNS) if f"x{j}" not in names)
    axes = 3 if "z0" in names else 2
    if missing := [name for name in list_number_columns(joints, axes) if name not in names]:
        raise TableError(
            words(
                "{file} lacks the columns {columns}", file=path.name, columns=", ".join(missing[:5])
            )
        )
    is_csv = path.suffix.lower() == ".csv"
    line = 2 if is_csv else 1
    try:
        for batch in _read_csv_batches(path, names) if is_csv else _read_parquet_batches(path):
            numbers = _parse_numbers(batch, list_number_columns(joints, axes), line, path.name)
            for row in _split_batch(batch, numbers, joints, axes):
                yield line, row
                line += 1
            if line > MAX_ROWS:
                raise TableError(
                    words(
                        "{file} has over {most_rows:,} rows: split it",
                        file=path.name,
                        most_rows=MAX_ROWS,
                    )
                )
    except (ValueError, OSError, NotImplementedError) as error:  # Arrow's errors are ValueErrors
        reason = str(error).splitlines()[0][:200]
        raise TableError(
            words(
                "{file} can't be read near line {line}: {reason}",
                file=path.name,
                line=line,
                reason=reason,
            )
        ) from error


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
                words(
                    "{file} unpacks to {size:,} bytes in {rows:,} rows, at most {most:,} in "
                    "{most_rows:,} are read: split it",
                    file=path.name,
                    size=table.unpacked_bytes,
                    rows=table.rows,
                    most=_MAX_UNPACKED_BYTES,
                    most_rows=MAX_ROWS,
                )
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
            raise TableError(
                words("{file}: {name} must be numbers {lines}", file=file, name=name, lines=lines)
            ) from error
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
