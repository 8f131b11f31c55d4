"""Whole projects out of the database and into it.

Convention: rows are plain dictionaries by column, blobs as bytes. What lies in the bin counts only
where it is asked for; a thing in the bin that something outside of it still needs counts, too.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, Table, distinct, func, insert, select, text, update

from core.errors import NotFoundError, SkeletonError, StoreError
from core.gestures.labels import in_colour
from core.store.database import schema as t
from core.store.database.checks import check_same_axes, settle_axes
from core.store.database.transactions import named
from core.store.kinds import check_frames
from core.store.rows import Project, from_row

ROW_BYTES = 1500  # about what a sample's row takes, without its crop
PARTS = ("gestures", "persons", "sessions", "bursts", "samples")  # each needs those before it
_BATCH = 500

Row = dict[str, Any]
_SAMPLE, _BURST, _SESSION = t.samples.c, t.bursts.c, t.sessions.c


def alone_in_bin() -> dict[str, Any]:
    """Per part the condition that a row is in the bin, or hangs on it, and nothing needs it."""
    gesture, person, shown = t.gestures.c, t.persons.c, _SAMPLE.deleted_at.is_(None)
    gestures_away = _all(gesture.id, gesture.deleted_at.is_not(None))
    persons_away = _all(person.id, person.deleted_at.is_not(None))
    sessions_away = _all(_SESSION.id, _SESSION.person_id.in_(persons_away))
    away = _BURST.gesture_id.in_(gestures_away) | _BURST.session_id.in_(sessions_away)
    burst = away & _BURST.id.not_in(_all(_SAMPLE.burst_id, shown))
    left = _SESSION.id.not_in(_all(_BURST.session_id, ~burst))
    session = _SESSION.person_id.in_(persons_away) & left
    needed = _all(_SAMPLE.gesture_id, shown), _all(_BURST.gesture_id, ~burst)
    return {
        "samples": _SAMPLE.deleted_at.is_not(None),
        "bursts": burst,
        "sessions": session,
        "gestures": gesture.deleted_at.is_not(None)
        & gesture.id.not_in(needed[0])
        & gesture.id.not_in(needed[1]),
        "persons": person.deleted_at.is_not(None)
        & person.id.not_in(_all(_SESSION.person_id, ~session)),
    }


def _all(column: Any, condition: Any) -> Any:
    """The column of all rows that meet a condition, whatever the statement around it is about."""
    return select(column).where(condition).correlate(None)


def of_project(table: Table, project_id: Any) -> Any:
    """That a row of the table belongs to the project, or to one of several that are selected."""
    if table is t.bursts:
        return _BURST.session_id.in_(_all(_SESSION.id, of_project(t.sessions, project_id)))
    column = table.c.project_id
    return column.in_(project_id) if isinstance(project_id, Select) else column == project_id


# ------------------------------------------------------------------------------------------- out


def project_rows(
    connection: Connection, project_id: int, part: str, *, with_bin: bool = False
) -> Iterator[Row]:
    """The rows of one of PARTS by id, a few at a time; samples come with their crops as `jpegs`,
    {frame: JPEG}."""
    table = t.metadata.tables[part]
    found = _chosen(select(table), table, part, project_id, with_bin).order_by(table.c.id)
    for rows in connection.execution_options(yield_per=_BATCH).execute(found).partitions():
        jpegs = _jpegs(connection, [row.id for row in rows]) if part == "samples" else {}
        for row in rows:
            about = dict(row._mapping)
            yield about | {"jpegs": jpegs.get(row.id, {})} if part == "samples" else about


def _jpegs(connection: Connection, ids: list[int]) -> dict[int, dict[int, bytes]]:
    """The crops of these samples, {sample: {frame: JPEG}}."""
    found: dict[int, dict[int, bytes]] = {}
    rows = select(t.crops).where(t.crops.c.sample_id.in_(ids)).order_by(t.crops.c.frame)
    for row in connection.execute(rows):
        found.setdefault(row.sample_id, {})[row.frame] = row.jpeg
    return found


def project_made_at(connection: Connection, project_id: int) -> str:
    """When the project was made."""
    of = t.projects.c
    return str(connection.execute(select(of.created_at).where(of.id == project_id)).scalar_one())


def project_size(
    connection: Connection, project_id: int, *, with_bin: bool = False
) -> tuple[int, int]:
    """(samples, bytes of their crops)."""
    counted = func.count(distinct(_SAMPLE.id))
    found = select(counted, func.coalesce(func.sum(func.length(t.crops.c.jpeg)), 0))
    found = found.select_from(t.samples).outerjoin(t.crops)
    found = _chosen(found, t.samples, "samples", project_id, with_bin)
    count, size = connection.execute(found).one()
    return int(count), int(size)


def _chosen(found: Any, table: Table, part: str, project_id: int, with_bin: bool) -> Any:
    found = found.where(of_project(table, project_id))
    return found if with_bin else found.where(~alone_in_bin()[part])


def sample_rows(connection: Connection, project_id: int) -> Iterator[Row]:
    """Samples outside the bin by id, each with all that is known about where it came from; the
    session's and burst's columns begin with `session_` and `burst_`, the gesture's with
    `gesture_`."""
    gesture, person = t.gestures.c, t.persons.c
    kept = [c for c in t.samples.c if c.name not in ("project_id", "gesture_id", "deleted_at")]
    found = select(
        *kept,
        gesture.name.label("gesture"),
        gesture.emoji.label("gesture_emoji"),
        gesture.position.label("gesture_position"),
        gesture.enabled.label("gesture_enabled"),
        gesture.kind.label("gesture_kind"),
        t.projects.c.skeleton,
        person.name.label("person"),
        _SESSION.id.label("session_id"),
        _SESSION.name.label("session_name"),
        _SESSION.source.label("session_source"),
        _SESSION.started_at.label("session_started_at"),
        _BURST.started_at.label("burst_started_at"),
    ).join_from(t.samples, t.bursts, _SAMPLE.burst_id == _BURST.id)
    found = found.join(t.sessions, _BURST.session_id == _SESSION.id)
    found = found.join(t.persons, _SESSION.person_id == person.id)
    found = found.join(t.gestures, _SAMPLE.gesture_id == gesture.id)
    found = found.join(t.projects, _SAMPLE.project_id == t.projects.c.id)
    found = found.where(_SAMPLE.project_id == project_id, _SAMPLE.deleted_at.is_(None))
    stream = connection.execution_options(yield_per=_BATCH)
    for row in stream.execute(found.order_by(_SAMPLE.id)):
        yield dict(row._mapping)


# -------------------------------------------------------------------------------------------- in


@dataclass
class ImportedProject:
    """A project that was imported, and the new id of every old one by part."""

    project: Project
    ids: dict[str, dict[Any, int]] = field(default_factory=dict)


def insert_project(
    connection: Connection, project: Row, owner: str, read: Callable[[str], Iterable[Row]]
) -> ImportedProject:
    """Insert a project; a name that is taken gets " 2", and so on. All within the caller's
    transaction.

    Args:
        project: columns of `projects` without id, key and owner.
        read: gives the rows of one of PARTS, as `project_rows` does, with their old ids.

    Raises:
        NotFoundError: a row belongs to one that did not come.
    """
    name = _free_name(connection, project["name"], owner)
    row = project | named(name) | {"owner": owner}
    project_id = insert_rows(connection, t.projects, [row])[0]
    made = Project(
        project_id,
        name,
        project["keypoints_only"],
        None,
        project["created_at"],
        project["skeleton"],
        project["in_space"],
    )
    imported = ImportedProject(made, {part: {} for part in PARTS})
    for part in PARTS:
        for batch in _batches(read(part)):
            add_rows(connection, imported, part, batch)
    check_same_axes(connection, project_id)
    settle_axes(connection, project_id)  # files of before version 8 don't say it
    return imported


def add_rows(connection: Connection, imported: ImportedProject, part: str, rows: list[Row]) -> None:
    """Insert rows of one of PARTS into the project; their new ids are remembered by the old. A
    sample's `place` says where in a file it stands, for errors.

    Raises:
        NotFoundError: a row belongs to one that did not come.
        StoreError: a sample whose numbers don't fit together, or not of its gesture's kind.
    """
    at_home = [_at_home(row, part, imported) for row in rows]
    if part == "samples":
        _check_rows(connection, imported.project, rows, at_home)
    new = insert_rows(connection, t.metadata.tables[part], at_home)
    imported.ids[part].update(zip((row["id"] for row in rows), new, strict=True))
    crops = [
        {"sample_id": sample_id, "frame": frame, "jpeg": jpeg}
        for sample_id, row in zip(new, rows, strict=True)
        for frame, jpeg in row.get("jpegs", {}).items()
    ]
    if crops:
        connection.execute(insert(t.crops), crops)


def _check_rows(
    connection: Connection, project: Project, rows: list[Row], at_home: list[Row]
) -> None:
    """What `Store.add_samples` checks of samples."""
    gesture = t.gestures.c
    wanted = {row["gesture_id"] for row in at_home}
    found = select(gesture.id, gesture.name, gesture.kind).where(gesture.id.in_(wanted))
    kinds = {row.id: (row.name, row.kind) for row in connection.execute(found)}
    for row, home in zip(rows, at_home, strict=True):
        try:
            sample = from_row(row, project.skeleton)
            if row.get("deleted_at") is None:
                check_frames(*kinds[home["gesture_id"]], [sample.frames])
        except (ValueError, SkeletonError, StoreError) as error:
            place = row.get("place") or f"sample {row['id']}"
            raise StoreError(f"{place}: {error}") from error


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(itertools.islice(left, _BATCH)):
        yield batch


def insert_rows(connection: Connection, table: Table, rows: list[Row]) -> list[int]:
    """Insert rows with the same columns; their ids in the same order."""
    if connection.dialect.name == "sqlite":  # who writes is alone, and all at once is far quicker
        used = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        first = (connection.execute(used, {"name": table.name}).scalar() or 0) + 1
        ids = list(range(first, first + len(rows)))
        connection.execute(
            insert(table), [row | {"id": i} for row, i in zip(rows, ids, strict=True)]
        )
        return ids
    stored = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.execute(stored, rows).scalars())


def _at_home(row: Row, part: str, imported: ImportedProject) -> Row:
    """The row with the ids of this database."""
    known = t.metadata.tables[part].c
    home = {key: value for key, value in row.items() if key in known and key != "id"}
    if "project_id" in known:
        home["project_id"] = imported.project.id
    for column, owner in _OWNERS.get(part, {}).items():
        if row[column] not in imported.ids[owner]:
            raise NotFoundError(f"{part} name {column} {row[column]}, which did not come with them")
        home[column] = imported.ids[owner][row[column]]
    if "emoji" in home:
        home["emoji"] = in_colour(home["emoji"])
    return home | (named(row["name"]) if "key" in known else {})


_OWNERS = {
    "sessions": {"person_id": "persons"},
    "bursts": {"session_id": "sessions", "gesture_id": "gestures"},
    "samples": {"burst_id": "bursts", "gesture_id": "gestures"},
}


def _free_name(connection: Connection, name: str, owner: str) -> str:
    """The name, or the first of “name 2”, “name 3” … that no project of the owner's outside the bin
    has."""
    keys = t.in_bin(select(t.projects.c.key), t.projects).where(t.projects.c.owner == owner)
    taken = set(connection.execute(keys).scalars())
    for number in itertools.count(1):
        end = "" if number == 1 else f" {number}"
        wanted = named(name[: 40 - len(end)].rstrip() + end)
        if wanted["key"] not in taken:
            return wanted["name"]
    raise AssertionError


@dataclass(frozen=True)
class Known:
    """What a project has outside the bin, to be found again by what it says of itself."""

    gestures: dict[str, int]
    positions: list[int]
    persons: dict[str, int]
    sessions: dict[tuple[Any, ...], int]
    bursts: dict[tuple[Any, ...], int]
    samples: set[bytes]


def known_in(connection: Connection, project_id: int) -> Known:
    """Gestures and persons by key; sessions by (person_id, source, name, started_at); bursts by
    (session_id, started_at); samples by `fingerprint`."""

    def by_key(table: Table) -> dict[str, int]:
        found = t.in_bin(_at(select(table.c.key, table.c.id), table, project_id), table)
        return {row.key: row.id for row in connection.execute(found)}

    def by_marks(table: Table, *marks: Any) -> dict[tuple[Any, ...], int]:
        found = _at(select(*marks, table.c.id), table, project_id)
        return {tuple(found): row_id for *found, row_id in connection.execute(found)}

    at = connection.execute(_at(select(t.gestures.c.position), t.gestures, project_id))
    found = _at(
        select(_SAMPLE.taken_at, _SAMPLE.instance, _SAMPLE.keypoints), t.samples, project_id
    )
    stream = connection.execution_options(yield_per=_BATCH).execute(t.in_bin(found, t.samples))
    session = _SESSION.person_id, _SESSION.source, _SESSION.name, _SESSION.started_at
    return Known(
        by_key(t.gestures),
        list(at.scalars()),
        by_key(t.persons),
        by_marks(t.sessions, *session),
        by_marks(t.bursts, _BURST.session_id, _BURST.started_at),
        {fingerprint(*row) for row in stream},
    )


def _at(found: Any, table: Table, project_id: int) -> Any:
    return found.where(of_project(table, project_id))


def fingerprint(taken_at: str, instance: int, keypoints: bytes) -> bytes:
    """When it was taken and where the keypoints were: no two samples share that."""
    text = f"{taken_at} {instance} ".encode()
    return hashlib.blake2b(text + keypoints, digest_size=16).digest()


def settle_gesture(connection: Connection, gesture_id: int, row: Row) -> None:
    """Emoji, position and enabled of a gesture as the row has them."""
    values = {name: row[name] for name in ("emoji", "position", "enabled", "kind")}
    values["emoji"] = in_colour(values["emoji"])
    connection.execute(update(t.gestures).where(t.gestures.c.id == gesture_id).values(values))
