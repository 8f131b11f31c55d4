"""The undo history: each change records the values that it replaced.

An entry is one action of a person, e.g. "12 samples moved". For each changed table it has the
columns before and after; undo only restores rows that still are as the action left them, so later
changes are never overwritten.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from core.errors import NotFoundError, StoreError
from core.store.database import schema as t
from core.store.database.checks import check_stored_ids
from core.store.rows import now, split_ids
from core.words import words

MAX_ENTRIES = 50  # of a project


@dataclass(frozen=True)
class HistoryEntry:
    """An action that can be undone: its title and time (ISO 8601, UTC)."""

    id: int
    title: str
    at: str


class UndoLog:
    """Records the changes of one action, within the transaction of `connection`."""

    def __init__(self, connection: Connection, project_id: int, title: str) -> None:
        self.connection = connection
        self.project_id, self.title = project_id, title
        self._changes: list[dict[str, Any]] = []

    def update_ids(self, table: Table, ids: Iterable[int], **values: Any) -> int:
        """Set columns of these rows and record the old values; return the number of rows."""
        old_values: dict[tuple[Any, ...], list[int]] = {}
        columns = [table.c[name] for name in values]
        for chunk in split_ids(ids):
            chosen = table.c.id.in_(chunk)
            rows = self.connection.execute(select(table.c.id, *columns).where(chosen))
            for row_id, *held in rows:
                old_values.setdefault(tuple(held), []).append(row_id)
            self.connection.execute(update(table).where(chosen).values(values))
        groups = [{"held": list(held), "ids": found} for held, found in old_values.items()]
        self._changes.append({"table": table.name, "became": values, "was": groups})
        return sum(map(len, old_values.values()))

    def update_where(self, table: Table, condition: Any, **values: Any) -> int:
        """Set columns where a condition holds, recording the old values; return how many rows."""
        found = self.connection.execute(select(table.c.id).where(condition))
        return self.update_ids(table, found.scalars().all(), **values)

    def record_inserts(self, table: Table, ids: Iterable[int]) -> None:
        """Record that these rows are new, so that undo moves them to the bin."""
        held = [{"held": [now()], "ids": chunk} for chunk in split_ids(ids)]
        change = {"table": table.name, "became": {"deleted_at": None}, "was": held}
        self._changes.append(change | {"added": True})

    def save(self) -> HistoryEntry | None:
        """Insert the entry into the history and delete the project's oldest entries beyond
        MAX_ENTRIES; return None if nothing changed."""
        if not any(change["was"] for change in self._changes):
            return None
        at = now()
        row = {"project_id": self.project_id, "title": str(self.title), "at": at}
        journal = json.dumps(self._changes, separators=(",", ":"))
        added = self.connection.execute(insert(t.acts).values(row | {"journal": journal}))
        of = t.acts.c
        newest = select(of.id).where(of.project_id == self.project_id)
        newest = newest.order_by(of.id.desc()).limit(MAX_ENTRIES)
        self.connection.execute(
            delete(t.acts).where(of.project_id == self.project_id, of.id.not_in(newest))
        )
        assert added.inserted_primary_key is not None
        return HistoryEntry(added.inserted_primary_key[0], self.title, at)


def undo_entry(connection: Connection, entry_id: int, owner: str) -> int:
    """Undo a history entry, last change first, and delete it; return the number of rows changed.
    Raises NotFoundError: no such entry of the owner, or it was undone already; StoreError: samples
    would return to a gesture or person in the bin, or to a gesture of another kind."""
    found = select(t.acts.c.project_id, t.acts.c.journal).where(t.acts.c.id == entry_id)
    entry = connection.execute(found.where(t.is_owned_by(t.acts.c.project_id, owner))).first()
    if entry is None:
        raise NotFoundError(
            words("this can't be undone any more: it was undone already, or is too old")
        )
    before = _count_orphans(connection, entry.project_id)
    changes = json.loads(entry.journal)
    at = now()  # one time for everything that goes to the bin, so that it is restored together
    restored = sum(_revert_change(connection, change, at) for change in reversed(changes))
    if _count_orphans(connection, entry.project_id) > before:
        raise StoreError(
            words(
                "this would leave samples whose gesture or person is in the bin: restore that "
                "first, or move the samples"
            )
        )
    of_samples = [change["was"] for change in changes if change["table"] == t.samples.name]
    check_stored_ids(connection, [i for was in of_samples for group in was for i in group["ids"]])
    connection.execute(delete(t.acts).where(t.acts.c.id == entry_id))
    return restored


def _count_orphans(connection: Connection, project_id: int) -> int:
    """Count samples outside the bin whose gesture or person is in the bin."""
    of, binned = t.samples.c, {}
    for table in (t.gestures, t.persons):
        ids = select(table.c.id).where(table.c.project_id == project_id)
        binned[table.name] = t.filter_deleted(ids, table, deleted=True)
    sessions = select(t.sessions.c.id).where(t.sessions.c.person_id.in_(binned["persons"]))
    recordings = select(t.bursts.c.id).where(t.bursts.c.session_id.in_(sessions))
    found = select(func.count()).where(of.project_id == project_id, of.deleted_at.is_(None))
    orphans = of.gesture_id.in_(binned["gestures"]) | of.burst_id.in_(recordings)
    return int(connection.execute(found.where(orphans)).scalar_one())


def _revert_change(connection: Connection, change: dict[str, Any], at: str) -> int:
    """Restore the old values of rows unchanged since then; return the number of these rows."""
    table, became = t.metadata.tables[change["table"]], change["became"]
    unchanged = [table.c[name].is_not_distinct_from(value) for name, value in became.items()]
    restored = 0
    for group in change["was"]:
        held = dict(zip(became, [at] if change.get("added") else group["held"], strict=True))
        for chunk in split_ids(group["ids"]):
            rows = update(table).where(table.c.id.in_(chunk), *unchanged)
            restored += connection.execute(rows.values(held)).rowcount
    return restored
