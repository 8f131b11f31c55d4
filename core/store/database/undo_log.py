"""The undo history: whatever changes rows of the store writes down what they held before.

An entry is one thing a person did, e.g. "12 samples moved". Its undo log holds, for each change,
the columns as they were and as they became; undoing sets back the rows that still are as the entry
left them, so that what somebody did since is never overwritten.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from core.errors import NotFoundError, StoreError
from core.store.database import schema as t
from core.store.kinds import check_stored_ids
from core.store.rows import chunks, now

KEPT = 50  # entries a project that can be undone


@dataclass(frozen=True)
class HistoryEntry:
    """One thing done that can be undone: what, and when (ISO 8601, UTC)."""

    id: int
    title: str
    at: str


class UndoLog:
    """What one entry of the history changes, within the transaction of `connection`."""

    def __init__(self, connection: Connection, project_id: int, title: str) -> None:
        self.connection = connection
        self.project_id, self.title = project_id, title
        self._changes: list[dict[str, Any]] = []

    def set(self, table: Table, ids: Iterable[int], **values: Any) -> int:
        """Set columns of the rows with these ids, remembering what they held.

        Returns:
            How many of them there are.
        """
        was: dict[tuple[Any, ...], list[int]] = {}
        columns = [table.c[name] for name in values]
        for chunk in chunks(ids):
            chosen = table.c.id.in_(chunk)
            for row_id, *held in self.connection.execute(
                select(table.c.id, *columns).where(chosen)
            ):
                was.setdefault(tuple(held), []).append(row_id)
            self.connection.execute(update(table).where(chosen).values(values))
        groups = [{"held": list(held), "ids": found} for held, found in was.items()]
        self._changes.append({"table": table.name, "became": values, "was": groups})
        return sum(map(len, was.values()))

    def set_where(self, table: Table, condition: Any, **values: Any) -> int:
        """The same for the rows that meet a condition."""
        found = self.connection.execute(select(table.c.id).where(condition))
        return self.set(table, found.scalars().all(), **values)

    def added(self, table: Table, ids: Iterable[int]) -> None:
        """These rows are new: undoing puts them into the bin."""
        held = [{"held": [now()], "ids": chunk} for chunk in chunks(ids)]
        change = {"table": table.name, "became": {"deleted_at": None}, "was": held}
        self._changes.append(change | {"added": True})

    def write(self) -> HistoryEntry | None:
        """Into the table of the history, where anything was changed; the oldest entries are
        forgotten."""
        if not any(change["was"] for change in self._changes):
            return None
        at = now()
        about = {"project_id": self.project_id, "title": self.title, "at": at}
        undo_log = json.dumps(self._changes, separators=(",", ":"))
        made = self.connection.execute(insert(t.acts).values(about | {"journal": undo_log}))
        of = t.acts.c
        kept = select(of.id).where(of.project_id == self.project_id)
        kept = kept.order_by(of.id.desc()).limit(KEPT)
        self.connection.execute(
            delete(t.acts).where(of.project_id == self.project_id, of.id.not_in(kept))
        )
        assert made.inserted_primary_key is not None
        return HistoryEntry(made.inserted_primary_key[0], self.title, at)


def undo(connection: Connection, entry_id: int, owner: str) -> int:
    """Set back what the entry's action changed; it is forgotten then.

    Returns:
        How many rows are back; fewer than were changed where somebody changed them since.

    Raises:
        NotFoundError: no such entry of the owner's, or it has been undone.
        StoreError: samples would come back to a gesture or person that is in the bin by now, or to
            a gesture of another kind.
    """
    found = select(t.acts.c.project_id, t.acts.c.journal).where(t.acts.c.id == entry_id)
    act = connection.execute(found.where(t.owned(t.acts.c.project_id, owner))).first()
    if act is None:
        raise NotFoundError("this can't be undone any more: it was undone already, or is too old")
    before = _without_owner(connection, act.project_id)
    changes = json.loads(act.journal)
    at = now()  # one time for all that goes to the bin, so that it can come back together
    back = sum(_set_back(connection, change, at) for change in reversed(changes))
    if _without_owner(connection, act.project_id) > before:
        raise StoreError(
            "this would leave samples whose gesture or person is in the bin: bring that back "
            "first, or move the samples"
        )
    of_samples = [change["was"] for change in changes if change["table"] == t.samples.name]
    check_stored_ids(connection, [i for was in of_samples for group in was for i in group["ids"]])
    connection.execute(delete(t.acts).where(t.acts.c.id == entry_id))
    return back


def _without_owner(connection: Connection, project_id: int) -> int:
    """How many samples are outside the bin while their gesture or person is in it."""
    of, binned = t.samples.c, {}
    for table in (t.gestures, t.persons):
        ids = select(table.c.id).where(table.c.project_id == project_id)
        binned[table.name] = t.in_bin(ids, table, deleted=True)
    list_sessions = select(t.sessions.c.id).where(t.sessions.c.person_id.in_(binned["persons"]))
    takes = select(t.bursts.c.id).where(t.bursts.c.session_id.in_(list_sessions))
    found = select(func.count()).where(of.project_id == project_id, of.deleted_at.is_(None))
    lost = of.gesture_id.in_(binned["gestures"]) | of.burst_id.in_(takes)
    return int(connection.execute(found.where(lost)).scalar_one())


def _set_back(connection: Connection, change: dict[str, Any], at: str) -> int:
    table, became = t.metadata.tables[change["table"]], change["became"]
    as_left = [table.c[name].is_not_distinct_from(value) for name, value in became.items()]
    back = 0
    for group in change["was"]:
        held = dict(zip(became, [at] if change.get("added") else group["held"], strict=True))
        for chunk in chunks(group["ids"]):
            statement = update(table).where(table.c.id.in_(chunk), *as_left).values(held)
            back += connection.execute(statement).rowcount
    return back
