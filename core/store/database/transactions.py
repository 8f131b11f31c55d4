"""The database behind the store: short transactions, plain errors, and a bin.

Transactions begin as writers where they write, so that several processes take turns instead of
failing. Modules of queries (store, curation, …) read and write through this alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from core.errors import NotFoundError
from core.gestures.labels import safe_name
from core.store.database import schema as t
from core.store.database.engine import damage_of, open_engine, plain_errors, remove_sqlite
from core.store.database.undo_log import HistoryEntry, UndoLog, undo
from core.store.rows import now

OnAct = Callable[[int, HistoryEntry], None]


class Database:
    """A SQLite file or a PostgreSQL database; safe to use from several threads and processes.

    Args:
        place: a SQLite file (its folder is made), or a database URL.
        on_act: told the project's id and the new entry of its history once an action that can be
            undone is in the database, in the thread that did it.
        owner: whose projects it shows and changes; "": those made without login. Another's are as
            if they were not there.

    Raises:
        StoreError: the place can't be opened, or a newer Mudra wrote it.
    """

    def __init__(
        self,
        place: Path | str,
        on_act: OnAct = lambda project_id, entry: None,
        *,
        owner: str = "",
    ) -> None:
        self._on_act, self.owner = on_act, owner
        self._engine = open_engine(place)
        try:
            self._upgrade()
        except BaseException:
            self.close()
            raise

    def _upgrade(self) -> None:
        """Bring the tables up to date, in a connection of its own: foreign keys are off in it."""
        with plain_errors(), self._engine.connect() as plain:
            plain.detach()
            connection = plain.execution_options(writes=True, upgrades=True)
            with connection.begin():
                t.bring_up_to_date(connection)

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def begin_anew(self) -> None:
        """Remove SQLite's file with everybody's rows, and make an empty one.

        Raises:
            StoreError: it can't be removed.
        """
        self.close()
        remove_sqlite(Path(str(self._engine.url.database)))
        self._upgrade()

    def damage(self) -> str:
        """What is wrong with the file; "" when it is whole."""
        with plain_errors(), self._engine.connect() as connection:
            return damage_of(connection)

    def own(self, project_id: Any) -> Any:
        """The condition that a column names a project of the store's owner."""
        return t.owned(project_id, self.owner)

    def check_own(self, connection: Connection, project_id: int) -> None:
        """Before something of the project is changed.

        Raises:
            NotFoundError: it is another owner's, or gone.
        """
        of = t.projects.c
        mine = select(of.id).where(of.id == project_id, of.owner == self.owner)
        if connection.execute(mine).first() is None:
            raise NotFoundError(f"no project {project_id}: it is gone")

    def has_owners(self) -> bool:
        """Whether any project belongs to somebody who logged in."""
        return bool(self.rows(select(t.projects.c.id).where(t.projects.c.owner != "").limit(1)))

    def server_bytes(self) -> int:
        """How much room a server's database takes; 0 for a file."""
        if self._engine.dialect.name != "postgresql":
            return 0
        return int(self.rows(text("SELECT pg_database_size(current_database())"))[0][0])

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it or nothing, errors as ours."""
        with plain_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the data throughout."""
        with plain_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    def rows(self, statement: Any) -> Sequence[Any]:
        """What a statement that only reads finds."""
        with plain_errors(), self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def undoable(self, project_id: int, title: str = "") -> Iterator[UndoLog]:
        """A transaction whose changes can be undone; `title` says what was done, at the latest when
        it ends (`undo_log.title`)."""
        with self.writing() as connection:
            self.check_own(connection, project_id)
            undo_log = UndoLog(connection, project_id, title)
            yield undo_log
            entry = undo_log.write()
        if entry is not None:
            self._on_act(undo_log.project_id, entry)

    def note_added(self, project_id: int, title: str, new: Mapping[str, Iterable[int]]) -> None:
        """Write an action into the history whose new rows, ids by table, are in the database by
        now: undoing it puts them into the bin."""
        with self.undoable(project_id, title) as undo_log:
            for table, ids in new.items():
                undo_log.added(t.metadata.tables[table], ids)

    def change(self, table: Table, ids: Iterable[int], title: str, **values: Any) -> None:
        """Set these columns in the rows of these ids, as one action; {} in the title is the name.

        Raises:
            NotFoundError: some are gone; the others are changed.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted or not values:
            return
        project_id, title = self._about(table, wanted, title)
        with self.undoable(project_id, title) as undo_log:
            own = _project_column(table) == project_id
            changed = undo_log.set_where(table, table.c.id.in_(wanted) & own, **values)
        if changed < len(wanted):
            raise NotFoundError(f"{len(wanted) - changed} of {len(wanted)} {table.name} are gone")

    def to_bin(self, table: Table, row_id: int, title: str, its_samples: Any) -> None:
        """Both into the bin as one action, under one time, by which what came together is known."""
        at = now()
        with self.undoable(*self._about(table, [row_id], title)) as undo_log:
            here = (table.c.id == row_id) & table.c.deleted_at.is_(None)
            if not undo_log.set_where(table, here, deleted_at=at):
                raise NotFoundError(f"no such row {row_id} in {table.name}, or in the bin already")
            undo_log.set_where(
                t.samples, its_samples & t.samples.c.deleted_at.is_(None), deleted_at=at
            )

    def _about(self, table: Table, ids: Sequence[int], title: str) -> tuple[int, str]:
        """The project of the first of these rows that is there, and the title with its name."""
        owner = _project_column(table)
        columns = [owner, table.c.name] if "name" in table.c else [owner]
        for row_id in ids:
            for project_id, *name in self.rows(select(*columns).where(table.c.id == row_id)):
                return project_id, title.format(*name)
        raise NotFoundError(f"{len(ids)} of {len(ids)} {table.name} are gone")

    def history(self, project_id: int) -> list[HistoryEntry]:
        """What can be undone in the project, the latest first."""
        of = t.acts.c
        found = select(of.id, of.title, of.at)
        found = found.where(of.project_id == project_id, self.own(of.project_id))
        return [HistoryEntry(*row) for row in self.rows(found.order_by(of.id.desc()))]

    def undo(self, entry_id: int) -> int:
        """Set back what an action changed; how many rows are back.

        Raises:
            NotFoundError: it was undone already, or is too old.
            StoreError: a name that would come back is another's by now, or what samples belong
                to is in the bin; nothing is changed.
        """
        with self.writing() as connection:
            return undo(connection, entry_id, self.owner)


def _project_column(table: Table) -> Any:
    """The column that says which project a row of the table is, or is of."""
    return table.c.id if table is t.projects else table.c.project_id


def inserted(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert one row; its id."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def named(name: str) -> dict[str, str]:
    """The columns of a name.

    Raises:
        LabelError: it can't be one.
    """
    safe = safe_name(name)
    return {"name": safe, "key": safe.casefold()}
