"""Projects as plain rows, out of the database and into it.

A row is a dictionary by column, with blobs as bytes. The bin is left out unless asked for, except
for rows in it that rows outside refer to.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, distinct, func, insert, select, text

from core.errors import MudraError, NotFoundError, SkeletonError, StoreError
from core.gestures.labels import to_colour_emoji
from core.pose.skeletons.table import HAND_21
from core.store.database import schema as t
from core.store.database.checks import check_frame_counts, check_imported_axes
from core.store.database.transactions import insert_row, name_columns
from core.store.deleting import (
    PARTS,
    deletable_conditions,
    delete_project_permanently,
    is_of_project,
)
from core.store.rows import Project, to_new_sample, to_record
from core.store.store import Store
from core.words import words

_ROW_BYTES = 1500  # of a sample's row without its crops, about
_BATCH = 500
_MAX_NAME = 40  # characters of a project's name

Row = dict[str, Any]
_SAMPLE, _SESSION = t.samples.c, t.sessions.c
_GESTURE_COLUMNS = ("emoji", "position", "enabled", "kind")  # of an exported sample
_SESSION_COLUMNS = ("id", "name", "source", "started_at")


def read_project_rows(
    connection: Connection, project_id: int, part: str, *, with_bin: bool = False
) -> Iterator[Row]:
    """Yield a project's rows of one table of PARTS, ordered by id; each sample has its crops as
    `jpegs`, {frame: JPEG}."""
    table = t.metadata.tables[part]
    found = select(table).where(_is_exported(table, project_id, with_bin)).order_by(table.c.id)
    for rows in connection.execution_options(yield_per=_BATCH).execute(found).partitions():
        jpegs: dict[int, dict[int, bytes]] = {row.id: {} for row in rows}
        if part == "samples":
            crops = select(t.crops).where(t.crops.c.sample_id.in_(jpegs))
            for crop in connection.execute(crops.order_by(t.crops.c.frame)):
                jpegs[crop.sample_id][crop.frame] = crop.jpeg
        for row in rows:
            columns = dict(row._mapping)
            yield columns | {"jpegs": jpegs[row.id]} if part == "samples" else columns


class ProjectSize(NamedTuple):
    """A project's number of samples and the size of their crops."""

    samples: int
    crop_bytes: int

    @property
    def bytes(self) -> int:
        """About the size of all rows and crops."""
        return self.samples * _ROW_BYTES + self.crop_bytes


def measure_project(
    connection: Connection, project_id: int, *, with_bin: bool = False
) -> ProjectSize:
    """Return the project's number of samples and the total size of their crops in bytes."""
    counts = func.count(distinct(_SAMPLE.id)), func.sum(func.length(t.crops.c.jpeg))
    found = select(*counts).select_from(t.samples).outerjoin(t.crops)
    found = found.where(_is_exported(t.samples, project_id, with_bin))
    samples, crop_bytes = connection.execute(found).one()
    return ProjectSize(int(samples), int(crop_bytes or 0))


def _is_exported(table: Table, project_id: int, with_bin: bool) -> Any:
    """Return the SQL condition that a row of this table belongs to an export of the project."""
    own = is_of_project(table, project_id)
    return own if with_bin else own & ~deletable_conditions()[table.name]


def read_sample_rows(connection: Connection, project_id: int) -> Iterator[Row]:
    """Yield the project's samples outside the bin, ordered by id, joined with gesture, person,
    session and recording (`gesture_…`, `session_…`, `burst_…`)."""
    gesture = t.gestures.c
    left_out = ("project_id", "gesture_id", "deleted_at")
    found = (
        select(
            *(column for column in t.samples.c if column.name not in left_out),
            gesture.name.label("gesture"),
            *(gesture[name].label(f"gesture_{name}") for name in _GESTURE_COLUMNS),
            t.projects.c.skeleton,
            t.persons.c.name.label("person"),
            *(_SESSION[name].label(f"session_{name}") for name in _SESSION_COLUMNS),
            t.bursts.c.started_at.label("burst_started_at"),
        )
        .select_from(t.SAMPLES_WITH_ORIGINS)
        .join(t.projects, _SAMPLE.project_id == t.projects.c.id)
        .where(_SAMPLE.project_id == project_id, _SAMPLE.deleted_at.is_(None))
        .order_by(_SAMPLE.id)
    )
    for row in connection.execution_options(yield_per=_BATCH).execute(found):
        yield dict(row._mapping)


def find_project_skeleton(store: Store, target: str | Project) -> str:
    """Return a project's skeleton; hand_21 if the project does not exist yet."""
    if isinstance(target, Project):
        return target.skeleton
    key = target.casefold()
    found = (one.skeleton for one in store.projects() if one.name.casefold() == key)
    return next(found, HAND_21.name)


@contextmanager
def find_or_create_project(
    store: Store, target: str | Project, skeleton: str = HAND_21.name, *, in_space: bool = False
) -> Iterator[tuple[Project, bool]]:
    """Yield the project (by name, created if missing; or by the id of a `Project`) and whether it
    is new. If the block fails, delete a new project without samples. Raise NotFoundError if the
    `Project` was deleted."""
    if isinstance(target, Project):
        yield store.find_project(target.id), False
        return
    try:
        project, is_new = store.project(target), False
    except NotFoundError:
        project = store.create_project(target, skeleton=skeleton, in_space=in_space)
        is_new = True
    try:
        yield project, is_new
    except BaseException:
        if is_new:
            delete_project_permanently(store, project.id, only_if_empty=True)
        raise


@dataclass
class ImportedProject:
    """A project being imported, with the new ids of its rows by part and id in the file."""

    project: Project
    ids: dict[str, dict[Any, int]] = field(default_factory=lambda: {part: {} for part in PARTS})


def insert_project(
    connection: Connection, columns: Row, owner: str, read: Callable[[str], Iterable[Row]]
) -> ImportedProject:
    """Insert an imported project and all its rows under new ids; if its name is taken, append a
    number. Raise StoreError if a row refers to a missing row or samples don't fit together.

    Args:
        columns: of `projects`, without id, key and owner.
        read: returns the rows of one of PARTS with their old ids, as `read_project_rows` does.
    """
    name = name_columns(_find_free_name(connection, columns["name"], owner))
    project_id = insert_row(connection, t.projects, columns | name | {"owner": owner})
    project = select(t.projects).where(t.projects.c.id == project_id)
    imported = ImportedProject(to_record(Project, connection.execute(project).one()))
    for part in PARTS:
        rows = iter(read(part))
        while batch := list(itertools.islice(rows, _BATCH)):
            _add_rows(connection, imported, part, batch)
    check_imported_axes(connection, project_id)
    return imported


def _add_rows(
    connection: Connection, imported: ImportedProject, part: str, rows: list[Row]
) -> None:
    """Insert one table's rows, with the file's ids, and the crops of samples into an imported
    project; record their new ids in `imported.ids`."""
    new_rows = [_replace_ids(row, part, imported) for row in rows]
    if part == "samples":
        check_sample_rows(connection, imported.project, rows, new_rows)
    ids = insert_rows(connection, t.metadata.tables[part], new_rows)
    imported.ids[part].update(zip((row["id"] for row in rows), ids, strict=True))
    crops = [
        {"sample_id": sample_id, "frame": frame, "jpeg": jpeg}
        for sample_id, row in zip(ids, rows, strict=True)
        for frame, jpeg in row.get("jpegs", {}).items()
    ]
    if crops:
        connection.execute(insert(t.crops), crops)


def check_sample_rows(
    connection: Connection, project: Project, rows: list[Row], new_rows: list[Row]
) -> None:
    """Check imported samples as `Store.add_samples` does; raise StoreError with their location."""
    gesture = t.gestures.c
    ids = {row["gesture_id"] for row in new_rows}
    found = select(gesture.id, gesture.name, gesture.kind).where(gesture.id.in_(ids))
    kinds = {row.id: (row.name, row.kind) for row in connection.execute(found)}
    for row, new_row in zip(rows, new_rows, strict=True):
        try:
            sample = to_new_sample(row, project.skeleton)
            if row.get("deleted_at") is None:
                check_frame_counts(*kinds[new_row["gesture_id"]], [sample.frames])
        except (ValueError, SkeletonError, StoreError) as error:
            place = row.get("place") or words("sample {number}", number=row["id"])
            problem = error.text if isinstance(error, MudraError) else str(error)
            raise StoreError(words("{place}: {problem}", place=place, problem=problem)) from error


def insert_rows(connection: Connection, table: Table, rows: list[Row]) -> list[int]:
    """Insert rows with the same columns and return their new ids in the same order."""
    if connection.dialect.name == "sqlite":  # one statement is far quicker; no one else writes
        used = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        first = (connection.execute(used, {"name": table.name}).scalar() or 0) + 1
        ids = list(range(first, first + len(rows)))
        numbered = [row | {"id": i} for row, i in zip(rows, ids, strict=True)]
        connection.execute(insert(table), numbered)
        return ids
    stored = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.execute(stored, rows).scalars())


def _replace_ids(row: Row, part: str, imported: ImportedProject) -> Row:
    """Return a row with new ids, to insert; raise NotFoundError if it refers to a missing row."""
    known = t.metadata.tables[part].c
    columns = {key: value for key, value in row.items() if key in known and key != "id"}
    if "project_id" in known:
        columns["project_id"] = imported.project.id
    for column in (one for one in known if one.foreign_keys and one.name != "project_id"):
        [reference] = column.foreign_keys
        ids, old = imported.ids[reference.column.table.name], row[column.name]
        if old not in ids:
            raise NotFoundError(f"{part} refer to {column.name} {old}, which is missing")
        columns[column.name] = ids[old]
    if part == "rules":
        columns |= {"enabled": False, "confirmed": False}  # until somebody has read what it does
    if "emoji" in columns:
        columns["emoji"] = to_colour_emoji(columns["emoji"])
    return columns | (name_columns(row["name"]) if "key" in known else {})


def _find_free_name(connection: Connection, name: str, owner: str) -> str:
    """Return the first free name of "name", "name 2", "name 3" …, shortened if too long."""
    keys = t.filter_deleted(select(t.projects.c.key), t.projects)
    taken = set(connection.execute(keys.where(t.projects.c.owner == owner)).scalars())
    endings = itertools.chain([""], (f" {number}" for number in itertools.count(2)))
    names = (name[: _MAX_NAME - len(end)].rstrip() + end for end in endings)
    return next(free for free in names if name_columns(free)["key"] not in taken)
