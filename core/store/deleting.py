"""Deletion for good: the bin, projects, pictures, or everything. It can't be undone."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, Table, create_engine, delete, select, update

from core.errors import StoreFullError
from core.store.database import schema as t
from core.store.database.engine import remove_sqlite_files, translate_errors
from core.store.database.transactions import Database

# each refers to those before it
PARTS = ("gestures", "persons", "sessions", "bursts", "samples", "rules")
_SAMPLE, _BURST, _SESSION = t.samples.c, t.bursts.c, t.sessions.c


def deletable_conditions() -> dict[str, Any]:
    """Return {table: SQL condition} of the rows that emptying the bin deletes: rows in the bin or
    that belong only to rows in the bin, if no row outside refers to them."""
    gesture, person, kept = t.gestures.c, t.persons.c, _SAMPLE.deleted_at.is_(None)
    gestures = _select_all(gesture.id, gesture.deleted_at.is_not(None))
    persons = _select_all(person.id, person.deleted_at.is_not(None))
    sessions = _select_all(_SESSION.id, _SESSION.person_id.in_(persons))
    in_bin = _BURST.gesture_id.in_(gestures) | _BURST.session_id.in_(sessions)
    burst = in_bin & _BURST.id.not_in(_select_all(_SAMPLE.burst_id, kept))
    no_burst = _SESSION.id.not_in(_select_all(_BURST.session_id, ~burst))
    session = _SESSION.person_id.in_(persons) & no_burst
    return {
        "rules": t.rules.c.deleted_at.is_not(None),
        "samples": _SAMPLE.deleted_at.is_not(None),
        "bursts": burst,
        "sessions": session,
        "gestures": gesture.deleted_at.is_not(None)
        & gesture.id.not_in(_select_all(_SAMPLE.gesture_id, kept))
        & gesture.id.not_in(_select_all(_BURST.gesture_id, ~burst)),
        "persons": person.deleted_at.is_not(None)
        & person.id.not_in(_select_all(_SESSION.person_id, ~session)),
    }


def _select_all(column: Any, condition: Any) -> Any:
    """Select a column in a subquery that is independent of the statement around it."""
    return select(column).where(condition).correlate(None)


def is_of_project(table: Table, project_id: Any) -> Any:
    """Return the SQL condition that a row belongs to a project, given by id or subquery of ids."""
    if table is t.bursts:
        own_sessions = _select_all(_SESSION.id, is_of_project(t.sessions, project_id))
        return _BURST.session_id.in_(own_sessions)
    column = table.c.project_id
    return column.in_(project_id) if isinstance(project_id, Select) else column == project_id


def empty_bin(store: Database, project_id: int | None = None) -> dict[str, int]:
    """Permanently delete the bin of one project and its undo history; if `project_id` is None,
    those of all projects, and all deleted projects. Return the number of deleted rows by kind,
    including "projects" but not the originals of trimmed clips."""
    counts: dict[str, int] = {}
    own = select(t.projects.c.id).where(t.projects.c.owner == store.owner)
    chosen = own if project_id is None else own.where(t.projects.c.id == project_id)
    with store.begin_write() as connection:
        originals = delete(t.samples).where(is_of_project(t.samples, chosen))
        connection.execute(originals.where(t.is_untrimmed_original))
        if project_id is None:
            binned = own.where(t.projects.c.deleted_at.is_not(None))
            counts |= _delete_projects(connection, binned)
        deletable = deletable_conditions()
        samples = select(_SAMPLE.id).where(is_of_project(t.samples, chosen), deletable["samples"])
        connection.execute(delete(t.crops).where(t.crops.c.sample_id.in_(samples)))
        for part in ("rules", "samples", "bursts", "sessions", "gestures", "persons"):
            table = t.metadata.tables[part]
            rows = delete(table).where(is_of_project(table, chosen), deletable[part])
            counts[part] = counts.get(part, 0) + connection.execute(rows).rowcount
        for table in (t.acts, t.set_aside):
            connection.execute(delete(table).where(is_of_project(table, chosen)))
    return counts


def delete_project_permanently(
    store: Database, project_id: int, *, only_if_empty: bool = False
) -> None:
    """Permanently delete a project and its content, unless `only_if_empty` and it has samples."""
    samples = select(_SAMPLE.id).where(_SAMPLE.project_id == project_id).limit(1)
    with store.begin_write() as connection:
        store.check_owner(connection, project_id)
        if only_if_empty and connection.execute(samples).first():
            return
        _delete_projects(connection, select(t.projects.c.id).where(t.projects.c.id == project_id))


def _delete_projects(connection: Connection, ids: Any) -> dict[str, int]:
    """Permanently delete the projects selected by a subquery of ids, and everything in them; return
    the number of deleted rows by table."""
    samples = select(_SAMPLE.id).where(is_of_project(t.samples, ids))
    connection.execute(delete(t.crops).where(t.crops.c.sample_id.in_(samples)))
    counts = {}
    tables = [t.metadata.tables[part] for part in reversed(PARTS)]
    for table in (t.acts, t.set_aside, *tables):
        rows = delete(table).where(is_of_project(table, ids))
        counts[table.name] = connection.execute(rows).rowcount
    rows = delete(t.projects).where(t.projects.c.id.in_(ids))
    counts["projects"] = connection.execute(rows).rowcount
    return {name: counts[name] for name in ("projects", *PARTS)}


def delete_pictures(store: Database, project_id: int) -> int:
    """Permanently delete all crops of a project, including those in the bin, and make the project
    keypoints-only; return the number of crops."""
    samples = select(_SAMPLE.id).where(_SAMPLE.project_id == project_id)
    project = update(t.projects).where(t.projects.c.id == project_id)
    crops = delete(t.crops).where(t.crops.c.sample_id.in_(samples))
    with store.begin_write() as connection:
        store.check_owner(connection, project_id)
        connection.execute(project.values(keypoints_only=True))
        return connection.execute(crops).rowcount


def delete_everything(store: Database) -> None:
    """Permanently delete all projects of the owner. If the disk is too full for that, delete the
    SQLite file instead; raise StoreFullError if the file has other owners' projects."""
    try:
        with store.begin_write() as connection:
            own = select(t.projects.c.id).where(t.projects.c.owner == store.owner)
            _delete_projects(connection, own)
    except StoreFullError:
        if store.owner or store.server_size_bytes() or store.has_owners():
            raise
        store.recreate_sqlite()


def delete_unopened_file(place: Path) -> None:
    """Delete the SQLite file without opening the store, if the disk is too full to open it; raise
    StoreError if it may contain projects of people who log in."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(f"{place.absolute().as_uri()}?immutable=1", uri=True),
    )
    owned = select(t.projects.c.id).where(t.projects.c.owner != "").limit(1)
    with translate_errors(), engine.connect() as connection:
        has_owners = connection.execute(owned).first() is not None
    engine.dispose()
    log = Path(f"{place}-wal")
    if has_owners or (log.exists() and log.stat().st_size):
        raise StoreFullError("the disk is full: free some space, then go on")
    remove_sqlite_files(place)


def compact_database(store: Database) -> None:
    """Compact the SQLite file (VACUUM) and truncate its write-ahead log; do nothing on PostgreSQL.
    Raise StoreError if the store is in use or the disk has no room."""
    with store.begin_read() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")  # VACUUM runs outside of every transaction
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
