"""Samples of exact tables and COCO json into a project; other files go to `importing`.

Either all samples of a file are imported, or none, and the error names up to twenty wrong lines.
Samples that the project has already are skipped; gestures and persons are matched by name.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import ValidationError

from core.errors import StoreError, StoreFullError, TableError
from core.exchange.project.manifest import find_misfit, is_half_given
from core.exchange.project.packing import from_line, to_line
from core.exchange.tables.coco import read_coco
from core.exchange.tables.columns import ARRAYS, COLUMNS, Row, SampleColumns, join_clips
from core.exchange.tables.own_tables import is_own_table, read_own_table
from core.files import printable, sha256_of
from core.gestures.data import UNKNOWN_PERSON
from core.media.json_objects import first_fault
from core.recording.imports.cells import format_lines
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
    is_table = path.suffix.lower() in TABLE_SUFFIXES and path.is_file() and is_own_table(path)
    if options.layout != "auto" or not path.is_file() or not (is_json or is_table):
        return import_path(store, target, path, options)
    if is_json:
        read = _read_coco_rows(path, find_project_skeleton(store, target), options)
    else:
        read = read_own_table(path)
    rows = join_clips(_validate_rows(read, path.name, "annotation" if is_json else "line"))
    try:
        first = next(rows, None)
        if first is None:
            raise TableError("the file holds no samples with keypoints")
        with find_or_create_project(store, target, first["skeleton"]) as (project, is_new):
            with report_with_history(store, project, path.name, fresh=is_new) as report:
                _import_rows(store, project, chain([first], rows), options, is_new, report)
            return report
    except StoreFullError:
        raise
    except StoreError as error:
        raise TableError(f"{path.name} can't be imported: {error}") from error
    except OSError as error:
        raise StoreError(f"no room to unpack {path.name}: {error.strerror}") from error


def _read_coco_rows(path: Path, skeleton: str, options: ImportOptions) -> Iterator[tuple[int, Row]]:
    """Yield a COCO file's numbered rows; fill in what another program's file lacks."""
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


# ------------------------------------------------------------------------------------- the checks


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
            fault = first_fault(error)
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
        raise TableError(f"{file}: {reason} {format_lines(pd.Index(wrong) - 1, unit)}")


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


# ------------------------------------------------------------------------------------- the import


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
                    f"the file's samples are {row['skeleton']}, “{project.name}” takes "
                    f"{project.skeleton}: import them into a project of their own"
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
