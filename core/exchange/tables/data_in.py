"""What `data_out` wrote, back into a project; COCO json of others, too.

Everything of a file goes in, or nothing and the reason, with at most twenty of the lines that are
wrong. What the project has already, sample for sample, is not added again. A gesture or person of
the same name is the same. Tables that others made are `importing`'s: `read_data` sends them there.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from core.errors import StoreError, StoreFullError, TableError
from core.exchange.project.lines import from_line, to_line
from core.exchange.project.manifest import halved, misfit
from core.exchange.tables.coco import read_coco
from core.exchange.tables.columns import AXES_OF, COLUMNS, Row, Taken, clip_rows
from core.exchange.tables.own_tables import is_ours, read_ours
from core.files import printable
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.labels import safe_name
from core.media.json_objects import first_fault
from core.parallel import LOCAL
from core.pose.skeletons.table import HAND_21
from core.progress import Progress, ignore_progress
from core.recording.imports.cells import format_lines
from core.recording.imports.importing import import_path, record_import
from core.recording.imports.picture_files import EstimatorFactory
from core.recording.imports.tables import TABLE_SUFFIXES
from core.recording.samples import AddReport
from core.store import Project, Store
from core.store.database.checks import check_axes
from core.store.rows import now
from core.store.transfer import (
    ImportedProject,
    add_rows,
    find_existing_rows,
    find_or_create_project,
    hash_sample,
    replace_gesture,
)

SUFFIXES = (*TABLE_SUFFIXES, ".json")
_SHOWN = 20
_BATCH = 500
_LARGEST = 1e6


def read_data(
    store: Store,
    target: str | Project,
    path: Path,
    *,
    estimator_factory: EstimatorFactory | None = None,
    person: str | None = None,
    estimator: str | None = None,
    layout: str = "auto",
    skeleton: str | None = None,
    mapping: Mapping[str, str] | None = None,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress = ignore_progress,
) -> AddReport:
    """Add a file of samples to a project, or to the one of that name, which is made where it is
    missing; whatever is no table
    or json of ours, and no COCO, goes to `import_path`.

    Args:
        person: who recorded, where a COCO file of others does not say.
        estimator: whose keypoints a COCO file of others holds; “coco-21” where nobody knows.
        skeleton: of a table that does not name its own; None: the project's.
        mapping: a gesture's name in the file → its name here.
        workers, on: where pictures are looked at, see `spread`.

    Raises:
        MudraError: nothing that can be read; nothing was added then.
    """
    if isinstance(target, Project):
        there = [target.skeleton]
    else:
        key = target.casefold()
        there = [one.skeleton for one in store.projects() if one.name.casefold() == key]
    rows = _rows(path, layout, person or UNKNOWN_PERSON, estimator, (there or [HAND_21.name])[0])
    if rows is None:
        return import_path(
            store,
            target,
            path,
            estimator_factory=estimator_factory,
            person=person,
            layout=layout,
            skeleton=skeleton,
            mapping=mapping,
            workers=workers,
            on=on,
            progress=progress,
        )
    try:
        first = next(rows, None)
        skeleton = HAND_21.name if first is None else first["skeleton"]
        rows = rows if first is None else chain([first], rows)
        with find_or_create_project(store, target, skeleton) as (project, fresh):
            report = _settle(store, project, rows, mapping or {}, fresh, progress)
            record_import(store, project, path.name, report, fresh=fresh)
            return report
    except StoreFullError:
        raise
    except StoreError as error:
        raise TableError(f"{path.name} can't be imported: {error}") from error
    except OSError as error:
        raise StoreError(f"no room to unpack {path.name}: {error.strerror}") from error


def _rows(
    path: Path, layout: str, person: str, estimator: str | None, skeleton: str
) -> Iterator[Row] | None:
    """The checked rows of a file of ours or COCO; None for any other."""
    if layout != "auto" or not path.is_file():
        return None
    suffix = path.suffix.lower()
    if suffix == ".json":
        return clip_rows(
            _checked(_of_coco(path, person, estimator, skeleton), path.name, "annotation")
        )
    if suffix not in TABLE_SUFFIXES or not is_ours(path):
        return None
    return clip_rows(_checked(read_ours(path), path.name, "line"))


# -------------------------------------------------------------------------------- reading the file


def _of_coco(
    path: Path, person: str, estimator: str | None, skeleton: str
) -> Iterator[tuple[int, Row]]:
    """Annotations; those of others get what COCO does not know, the project's skeleton too."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    at = now()
    for number, row in read_coco(path):
        if "taken_at" not in row:
            row |= {
                "person": person,
                "session_source": f"import {printable(path.name)}"[:1000],
                "session_started_at": at,
                "burst_started_at": at,
                "taken_at": at,
                "burst_id": int(hashlib.sha256(str(row["gesture"]).encode()).hexdigest()[:8], 16),
                "space": "picture",
                "file_hash": f"{digest}:{number}",
                "foreign": True,
                "estimator": estimator or f"coco-{row['joints']}",
                "skeleton": skeleton,
            }
        yield number, row


# ----------------------------------------------------------------------------------- checking it


def _checked(rows: Iterable[tuple[int, Row]], name: str, what: str) -> Iterator[Row]:
    """The rows as they may be stored; from the first wrong one on only more of them are looked for.

    Raises:
        TableError: some are wrong.
    """
    wrong: list[int] = []
    reason = ""
    for number, row in rows:
        given = {column: row[column] for column in COLUMNS if row.get(column) is not None}
        try:
            taken = Taken.model_validate(given)
            fault = _fault(taken, row)
        except ValidationError as error:
            fault = first_fault(error)
        if fault:
            reason = reason or fault
            wrong.append(number)
            if len(wrong) > _SHOWN:
                break
        elif not wrong:
            own = {"foreign": row.get("foreign", False), "place": f"{what} {number}"}
            yield _blobs(row) | dict(taken) | own
    if wrong:
        lines = format_lines(pd.Index(wrong) - 1, what)
        raise TableError(f"{name}: {reason} {lines}")


def _fault(taken: Taken, row: Row) -> str:
    """What does not fit in numbers and sizes; "" where all does."""
    sizes = {"keypoints": (2, 3), "scores": (1,), "world": (3,)}
    for blob, counts in sizes.items():
        values = row[blob]
        if values is None:
            continue
        if values.size not in [count * taken.joints for count in counts]:
            return f"{blob} has {values.size} numbers for {taken.joints} keypoints"
        if (np.abs(values[~np.isnan(values)]) > _LARGEST).any():
            return f"{blob} must be finite numbers up to {_LARGEST:,.0f}"
    region = taken.square_x, taken.square_y, taken.square_side
    if halved(taken.width, taken.height) or halved(*region):
        return "half a size or square"
    return misfit(taken.joints, taken.skeleton)


def _blobs(row: Row) -> Row:
    return {b: None if row[b] is None else row[b].astype("<f4").tobytes() for b in AXES_OF}


# ------------------------------------------------------------------------------------ putting it in


def _settle(
    store: Store,
    project: Project,
    rows: Iterator[Row],
    mapping: Mapping[str, str],
    fresh: bool,
    progress: Progress,
) -> AddReport:
    """All in one short transaction, once every row is checked and waits on disk."""
    hashes = store.stored_file_hashes(project.id)
    with tempfile.TemporaryFile(prefix="mudra-") as waiting:
        for number, row in enumerate(rows, 1):
            waiting.write(to_line(row))
            if number % _BATCH == 0:
                progress(number, number)
        waiting.seek(0)
        with store.begin_write() as connection:
            settler = _Settler(connection, project, mapping, hashes, fresh)
            for line in waiting:
                settler.take(from_line(line))
            settler.flush()
    report = settler.report
    report.new = settler.new()
    if not report.added and not report.already:
        raise TableError("the file holds no samples with keypoints")
    return report


def _kind(row: Row) -> tuple[int, bool, str]:
    """As `check_axes` takes them."""
    axes = len(row["keypoints"]) // len(row["scores"])
    return axes, row["world"] is not None, str(row["estimator"])


class _Settler:
    """Finds or makes what a row belongs to, and adds the row's sample."""

    def __init__(
        self,
        connection: Any,
        project: Project,
        mapping: Mapping[str, str],
        hashes: set[str],
        fresh: bool,
    ) -> None:
        self.report = AddReport()
        self._connection, self._mapping, self._fresh = connection, mapping, fresh
        self._known, self._hashes = find_existing_rows(connection, project.id), hashes
        ids: dict[str, dict[Any, int]] = {
            "gestures": dict(self._known.gestures),
            "persons": dict(self._known.persons),
            "sessions": {},
            "bursts": {},
            "samples": {},
        }
        self._home = ImportedProject(project, ids)
        self._settled: set[str] = set()
        self._last = self._known.last_position
        self._waiting: list[Row] = []

    def take(self, row: Row) -> None:
        """Have the row's sample added, unless it is there.

        Raises:
            TableError: it is of another skeleton than the project.
        """
        if row["skeleton"] != self._home.project.skeleton:
            raise TableError(
                f"the file's samples are {row['skeleton']}, “{self._home.project.name}” takes "
                f"{self._home.project.skeleton}: bring them into a project of their own"
            )
        mark = hash_sample(row["taken_at"], row["instance"], row["keypoints"])
        foreign = row["foreign"] and row["file_hash"] in self._hashes
        if foreign or mark in self._known.samples:
            self.report.already += 1
            return
        self._known.samples.add(mark)
        gesture = self._gesture(row)
        burst = self._burst(row, gesture, self._session(row))
        about = {"id": len(self._home.ids["samples"]) + len(self._waiting)}
        self._waiting.append(row | about | {"gesture_id": gesture, "burst_id": burst})
        if len(self._waiting) == _BATCH:
            self.flush()

    def flush(self) -> None:
        """Add what waits."""
        if self._waiting:
            check_axes(self._connection, self._home.project.id, {*map(_kind, self._waiting)})
            add_rows(self._connection, self._home, "samples", self._waiting)
            self.report.added += len(self._waiting)
            self._waiting = []

    def new(self) -> dict[str, list[int]]:
        """What was added, ids by table."""
        ids, known = self._home.ids, self._known
        before = {"gestures": known.gestures, "persons": known.persons, "samples": {}}
        return {
            part: [row for key, row in ids[part].items() if key not in there]
            for part, there in before.items()
        }

    def _add(self, part: str, key: Any, row: Row) -> Any:
        add_rows(self._connection, self._home, part, [{"id": key, **row}])
        return key

    def _gesture(self, row: Row) -> str:
        name = self._mapping.get(row["gesture"], row["gesture"])
        key = safe_name(name).casefold()
        if key in self._settled:
            return key
        self._settled.add(key)
        there = self._home.ids["gestures"]
        about = {n: row[f"gesture_{n}"] for n in ("emoji", "position", "enabled", "kind")}
        if key not in there:
            self._last += 1
            position = {} if self._fresh else {"position": self._last}
            self._add("gestures", key, {"name": name, **about, **position})
            self.report.new_gestures.append(safe_name(name))
        elif self._fresh:
            replace_gesture(self._connection, there[key], about)
        return key

    def _session(self, row: Row) -> Any:
        person = row["person"].casefold()
        if person not in self._home.ids["persons"]:
            self._add("persons", person, {"name": row["person"]})
        about = {
            "source": row["session_source"],
            "name": row["session_name"],
            "started_at": row["session_started_at"],
        }
        key = (row["session_id"], person, *about.values())
        if key not in self._home.ids["sessions"]:
            mark = (self._home.ids["persons"][person], *about.values())
            self._find_or_add("sessions", key, mark, {"person_id": person, **about})
        return key

    def _burst(self, row: Row, gesture: str, session: Any) -> Any:
        key = (row["burst_id"], session, row["burst_started_at"])
        if key not in self._home.ids["bursts"]:
            mark = (self._home.ids["sessions"][session], row["burst_started_at"])
            about = {"session_id": session, "gesture_id": gesture, "started_at": mark[1]}
            self._find_or_add("bursts", key, mark, about)
        return key

    def _find_or_add(self, part: str, key: Any, mark: tuple[Any, ...], row: Row) -> None:
        there = self._known.sessions if part == "sessions" else self._known.bursts
        if mark in there:
            self._home.ids[part][key] = there[mark]
        else:
            self._add(part, key, row)
