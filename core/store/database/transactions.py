"""Short transactions with plain errors, and changes that can be undone.

Writers lock at the start of a transaction, so that several processes wait for each other instead of
failing. All queries of the store go through `Database`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, literal, select, text

from core.errors import NotFoundError
from core.gestures.labels import safe_name
from core.store.database import schema as t
from core.store.database.engine import open_engine, remove_sqlite_files, translate_errors
from core.store.database.undo_log import HistoryEntry, UndoLog, undo_entry
from core.store.database.upgrades import upgrade_schema
from core.store.rows import now
from core.words import words

OnChange = Callable[[int, HistoryEntry], None]
_ROWS = {
    "projects": words("projects"),
    "gestures": words("gestures"),
    "persons": words("persons"),
    "sessions": words("sessions"),
    "rules": words("rules"),
}


class Database:
    """A SQLite file or a PostgreSQL database; safe to use from several threads and processes.
    Raises StoreError: it can't be opened, or a newer version of Mudra wrote it.

    Args:
        place: a SQLite file (its folder is created) or a database URL.
        on_change: called with the project's id and the new history entry after each change that can
            be undone, in the thread that made it.
        owner: only this owner's projects are visible; "" for those created without login.
    """

    def __init__(
        self,
        place: Path | str,
        on_change: OnChange = lambda project_id, entry: None,
        *,
        owner: str = "",
    ) -> None:
        self._on_change, self.owner = on_change, owner
        self._engine = open_engine(place)
        try:
            self._create_or_upgrade_tables()
        except BaseException:
            self.close()
            raise

    def _create_or_upgrade_tables(self) -> None:
        """Create or upgrade the tables, on a separate connection without foreign key checks."""
        with translate_errors(), self._engine.connect() as plain:
            plain.detach()
            connection = plain.execution_options(writes=True, upgrades=True)
            with connection.begin():
                upgrade_schema(connection)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def recreate_sqlite(self) -> None:
        """Delete the SQLite file, with the data of all owners, and create an empty database."""
        self.close()
        remove_sqlite_files(Path(str(self._engine.url.database)))
        self._create_or_upgrade_tables()

    def find_damage(self) -> str:
        """Return the damage that SQLite's quick_check reports; "" if there is none."""
        with self.begin_read() as connection:
            if connection.dialect.name != "sqlite":
                return ""
            found = connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
        return "" if found == ["ok"] else "; ".join(map(str, found[:3]))

    def is_own(self, project_id: Any) -> Any:
        """Return the condition that a column of project ids names a project of the owner."""
        return t.is_owned_by(project_id, self.owner)

    def check_owner(self, connection: Connection, project_id: int) -> None:
        """Raise NotFoundError if the project does not exist or belongs to another owner."""
        of = t.projects.c
        own = select(of.id).where(of.id == project_id, of.owner == self.owner)
        if connection.execute(own).first() is None:
            raise NotFoundError(words("this project is gone: choose another"))

    def has_owners(self) -> bool:
        """Whether any project was created by a person who logged in."""
        owned = select(t.projects.c.id).where(t.projects.c.owner != "")
        return bool(self.fetch_all(owned.limit(1)))

    def server_size_bytes(self) -> int:
        """Return the size of a PostgreSQL database; 0 for a SQLite file."""
        if self._engine.dialect.name != "postgresql":
            return 0
        return int(self.fetch_all(text("SELECT pg_database_size(current_database())"))[0][0])

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction; roll it back if the block fails."""
        with translate_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Open a read-only transaction, which sees one snapshot of the data."""
        with translate_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    def fetch_all(self, statement: Any) -> Sequence[Any]:
        """Return all rows of a read-only statement."""
        with translate_errors(), self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def begin_undoable(self, project_id: int, title: str = "") -> Iterator[UndoLog]:
        """Yield an undo log with a write transaction. After the commit, the project's history has
        an entry with this title (or `undo_log.title`) if anything changed."""
        with self.begin_write() as connection:
            self.check_owner(connection, project_id)
            undo_log = UndoLog(connection, project_id, title)
            yield undo_log
            entry = undo_log.save()
        if entry is not None:
            self._on_change(undo_log.project_id, entry)

    def record_additions(
        self, project_id: int, title: str, new: Mapping[str, Iterable[int]]
    ) -> None:
        """Add rows that are already stored to the history; undo moves them to the bin."""
        with self.begin_undoable(project_id, title) as undo_log:
            for table, ids in new.items():
                undo_log.record_inserts(t.metadata.tables[table], ids)

    def update_rows(self, table: Table, ids: Iterable[int], title: str, **values: Any) -> None:
        """Set columns of the rows with these ids as one undoable action. Raise NotFoundError if
        rows are missing, after changing the rest.

        Args:
            title: a marked template; its field `name` is the first row's name, `new_name` the one
                that it gets.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted or not values:
            return
        new_name = values.get("name") or ""
        project_id, title = self._find_project_and_title(table, wanted, title, new_name)
        with self.begin_undoable(project_id, title) as undo_log:
            own = _project_id_column(table) == project_id
            changed = undo_log.update_where(table, table.c.id.in_(wanted) & own, **values)
        if changed < len(wanted):
            raise _missing_rows_error(len(wanted) - changed, len(wanted), table)

    def delete_with_samples(
        self, table: Table, row_id: int, title: str, samples_condition: Any
    ) -> None:
        """Move a row and its samples to the bin as one undoable action, with the same deletion
        time; raise NotFoundError if the row is already in the bin."""
        at = now()
        with self.begin_undoable(*self._find_project_and_title(table, [row_id], title)) as undo_log:
            row = (table.c.id == row_id) & table.c.deleted_at.is_(None)
            if not undo_log.update_where(table, row, deleted_at=at):
                raise NotFoundError(
                    words("this was deleted from the {rows} already", rows=_ROWS[table.name])
                )
            samples = samples_condition & t.samples.c.deleted_at.is_(None)
            undo_log.update_where(t.samples, samples, deleted_at=at)

    def _find_project_and_title(
        self, table: Table, ids: Sequence[int], title: str, new_name: str = ""
    ) -> tuple[int, str]:
        """Return the project id of the first existing row, and the title with that row's name
        filled in; raise NotFoundError if none of the rows exists."""
        columns = _project_id_column(table), table.c.get("name", literal(""))
        for row_id in ids:
            for project_id, name in self.fetch_all(select(*columns).where(table.c.id == row_id)):
                return project_id, words(title, name=name, new_name=new_name)
        raise _missing_rows_error(len(ids), len(ids), table)

    def list_history(self, project_id: int) -> list[HistoryEntry]:
        """Return the project's undoable actions, newest first."""
        of = t.acts.c
        found = select(of.id, of.title, of.at)
        found = found.where(of.project_id == project_id, self.is_own(of.project_id))
        return [HistoryEntry(*row) for row in self.fetch_all(found.order_by(of.id.desc()))]

    def undo(self, entry_id: int) -> int:
        """Undo an action, remove it from the history, and return how many rows were restored (see
        `undo_entry`). Raise StoreError, and change nothing, if a name has been taken meanwhile."""
        with self.begin_write() as connection:
            return undo_entry(connection, entry_id, self.owner)


def _missing_rows_error(missing: int, total: int, table: Table) -> NotFoundError:
    """Create the error that rows of a table don't exist any more."""
    return NotFoundError(
        words(
            "{missing} of {total} {rows} are gone",
            missing=missing,
            total=total,
            rows=_ROWS[table.name],
        )
    )


def _project_id_column(table: Table) -> Any:
    """Return the column of project ids in a table; of `projects`, the id."""
    return table.c.id if table is t.projects else table.c.project_id


def insert_row(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert one row and return its id."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def name_columns(name: str) -> dict[str, str]:
    """Return a name as the columns `name` and `key`; raise LabelError if it is invalid."""
    safe = safe_name(name)
    return {"name": safe, "key": safe.casefold()}
