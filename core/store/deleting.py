"""Out of the database for good: what lies in the bin, a project, its pictures, all rows.

What was done before can't be undone any more.
"""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, delete, select, update

from core.errors import StoreFullError
from core.store.database import schema as t
from core.store.database.engine import plain_errors, remove_sqlite
from core.store.database.transactions import Database
from core.store.transfer import PARTS, alone_in_bin, of_project

_SAMPLE = t.samples.c


def empty_bin(store: Database, project_id: int | None = None) -> dict[str, int]:
    """Delete for good what is in the bin, of one project or of all, projects in the bin included.

    What was done before can't be undone any more.

    Returns:
        How many rows of each kind went, "projects" among them; what clips were cut from, which
        nobody has deleted, goes uncounted.
    """
    gone: dict[str, int] = {}
    own = select(t.projects.c.id).where(t.projects.c.owner == store.owner)
    chosen = own if project_id is None else own.where(t.projects.c.id == project_id)
    with store.writing() as connection:
        connection.execute(delete(t.samples).where(of_project(t.samples, chosen), t.uncut))
        if project_id is None:
            away = own.where(t.projects.c.deleted_at.is_not(None))
            gone |= _delete_projects(connection, away)
        alone = alone_in_bin()
        doomed = select(_SAMPLE.id).where(of_project(t.samples, chosen), alone["samples"])
        connection.execute(delete(t.crops).where(t.crops.c.sample_id.in_(doomed)))
        for part in ("samples", "bursts", "sessions", "gestures", "persons"):
            table = t.metadata.tables[part]
            rows = delete(table).where(of_project(table, chosen), alone[part])
            gone[part] = gone.get(part, 0) + connection.execute(rows).rowcount
        for table in _undo_logs():
            connection.execute(delete(table).where(of_project(table, chosen)))
    return gone


def forget_project(store: Database, project_id: int, *, unless_used: bool = False) -> None:
    """Delete a project for good, with all that is its own; `unless_used` spares samples."""
    mine = select(_SAMPLE.id).where(_SAMPLE.project_id == project_id).limit(1)
    with store.writing() as connection:
        store.check_own(connection, project_id)
        if unless_used and connection.execute(mine).first():
            return
        _delete_projects(connection, select(t.projects.c.id).where(t.projects.c.id == project_id))


def _delete_projects(connection: Connection, ids: Any) -> dict[str, int]:
    """Projects and all that is theirs."""
    samples = select(_SAMPLE.id).where(of_project(t.samples, ids))
    connection.execute(delete(t.crops).where(t.crops.c.sample_id.in_(samples)))
    gone = {}
    tables = [t.metadata.tables[part] for part in reversed(PARTS)]
    for table in (*_undo_logs(), *tables):
        rows = delete(table).where(of_project(table, ids))
        gone[table.name] = connection.execute(rows).rowcount
    rows = delete(t.projects).where(t.projects.c.id.in_(ids))
    gone["projects"] = connection.execute(rows).rowcount
    return {name: gone[name] for name in ("projects", *PARTS)}


def _undo_logs() -> list[Table]:
    """Tables about a project's past, which no other table needs."""
    known = {"projects", "crops", "meta", *PARTS}
    tables = t.metadata.tables.values()
    return [table for table in tables if table.name not in known and "project_id" in table.c]


def forget_pictures(store: Database, project_id: int) -> int:
    """Delete the project's crops for good, those in the bin, too; from now on it keeps keypoints
    only.

    Returns:
        How many there were.
    """
    theirs = select(_SAMPLE.id).where(_SAMPLE.project_id == project_id)
    only = update(t.projects).where(t.projects.c.id == project_id).values(keypoints_only=True)
    with store.writing() as connection:
        store.check_own(connection, project_id)
        connection.execute(only)
        return connection.execute(delete(t.crops).where(t.crops.c.sample_id.in_(theirs))).rowcount


def empty_store(store: Database) -> None:
    """Delete the owner's projects for good, with all that is theirs.

    On a full disk SQLite's file is removed and made anew, unless others' projects are in it:
    deleting rows needs space.

    Raises:
        StoreError: they can't be deleted; all of them are there.
    """
    try:
        with store.writing() as connection:
            own = select(t.projects.c.id).where(t.projects.c.owner == store.owner)
            _delete_projects(connection, own)
    except StoreFullError:
        if store.owner or store.server_bytes() or store.has_owners():
            raise
        store.begin_anew()


def remove_file(place: Path) -> None:
    """Remove SQLite's file, which nobody has open: even opening it to delete rows needs space.

    Raises:
        StoreError: projects of people who log in are in it, or nobody can say.
    """
    alone = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(f"{place.absolute().as_uri()}?immutable=1", uri=True),
    )
    others = select(t.projects.c.id).where(t.projects.c.owner != "").limit(1)
    with plain_errors(), alone.connect() as connection:
        shared = connection.execute(others).first() is not None
    alone.dispose()
    log = Path(f"{place}-wal")
    if shared or (log.exists() and log.stat().st_size):
        raise StoreFullError("the disk is full: free some space, then go on")
    remove_sqlite(place)


def give_back_space(store: Database) -> None:
    """Rewrite SQLite's file without what was deleted, and empty its write-ahead log.

    Raises:
        StoreError: somebody else is reading or writing, or the disk has no room for the copy.
    """
    with store.reading() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")  # VACUUM runs outside of every transaction
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
