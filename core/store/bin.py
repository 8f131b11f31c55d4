"""What lies in the bin and how it comes back; samples deleted, restored and moved.

Every action is written down, so that it can be undone (`Database.undo`). A sample is outside the
bin only while its gesture and its person are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from core.errors import NotFoundError, StoreError
from core.gestures.labels import format_count
from core.store.database import schema as t
from core.store.database.transactions import named
from core.store.database.undo_log import UndoLog
from core.store.kinds import check_stored, check_stored_ids
from core.store.rows import Gesture, chunks, now
from core.store.store import Store

PROJECT, GESTURE, PERSON = "project", "gesture", "person"
_TABLES = {PROJECT: t.projects, GESTURE: t.gestures, PERSON: t.persons}


@dataclass(frozen=True)
class Binned:
    """A project, gesture or person in the bin.

    Attributes:
        kind: PROJECT, GESTURE or PERSON.
        at: when it was deleted (ISO 8601, UTC).
        samples: how many come back with it.
        clash: what has its name by now; "" when the name is free.
    """

    kind: str
    id: int
    name: str
    at: str
    samples: int
    clash: str = ""


def list_bin(store: Store, project_id: int) -> list[Binned]:
    """Deleted projects, and the project's deleted gestures and persons, the latest first."""
    found = [*_binned(store, PROJECT, t.projects.c.owner == store.owner)]
    for kind in (GESTURE, PERSON):
        of = _TABLES[kind].c.project_id
        found += _binned(store, kind, (of == project_id) & store.own(of))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _binned(store: Store, kind: str, where: ColumnElement[bool]) -> list[Binned]:
    table = _TABLES[kind]
    rows = store.rows(t.in_bin(select(table).where(where), table, deleted=True))
    return [
        Binned(
            kind,
            row.id,
            row.name,
            row.deleted_at,
            _count(store, kind, row),
            _clash(store, row, kind),
        )
        for row in rows
    ]


def _count(store: Store, kind: str, row: Any) -> int:
    total = select(func.count()).select_from(t.samples)
    return int(store.rows(total.where(_came_with(kind, row)))[0][0])


def _came_with(kind: str, row: Any) -> Any:
    """That a sample went into the bin with this thing; of a project, that it did not go before."""
    of = t.samples.c
    if kind == PROJECT:
        return (of.project_id == row.id) & of.deleted_at.is_(None)
    owned = of.gesture_id == row.id if kind == GESTURE else t.recorded_by(row.id)
    return owned & (of.project_id == row.project_id) & (of.deleted_at == row.deleted_at)


def _clash(store: Store, row: Any, kind: str) -> str:
    table = _TABLES[kind]
    same = select(table.c.name).where(table.c.key == row.key)
    whose = "owner" if kind == PROJECT else "project_id"
    same = same.where(table.c[whose] == getattr(row, whose))
    there = store.rows(t.in_bin(same, table))
    return f"Another {kind} is called “{there[0][0]}” by now" if there else ""


def restore_from_bin(store: Store, project_id: int, kind: str, row_id: int, name: str = "") -> int:
    """Take a project, gesture or person out of the bin, with the samples that went there with it.

    Args:
        project_id: in whose history it is written down.
        name: its new name; the old one where empty.

    Returns:
        How many samples came with it. Those that another gesture or person in the bin owns, too,
        come with that one.

    Raises:
        NotFoundError: it is not in the bin.
        StoreError: the name is another's by now, or some samples are not of their gesture's kind;
            nothing is changed.
    """
    table = _TABLES[kind]
    with store.undoable(row_id if kind == PROJECT else project_id) as undo_log:
        found = t.in_bin(select(table), table, deleted=True).where(table.c.id == row_id)
        if kind != PROJECT:
            found = found.where(table.c.project_id == project_id)
        row = undo_log.connection.execute(found).first()
        if row is None:
            raise NotFoundError(f"this {kind} is not in the bin: it was restored already")
        undo_log.title = f"Restored the {kind} “{row.name}”"
        values = named(name) if name and name != row.name else {}
        undo_log.set(table, [row_id], deleted_at=None, **values)
        back = 0
        if kind != PROJECT:
            with_it = _came_with(kind, row)
            _to_other_owner(undo_log, kind, with_it)
            back = undo_log.set_where(t.samples, with_it, deleted_at=None)
            theirs = t.samples.c.gesture_id == row_id if kind == GESTURE else t.recorded_by(row_id)
            check_stored(undo_log.connection, t.samples.c.project_id == project_id, theirs)
    return back


def _to_other_owner(undo_log: UndoLog, kind: str, with_it: Any) -> None:
    """What another thing in the bin owns, too, belongs to that one's time from now on."""
    other = t.persons if kind == GESTURE else t.gestures
    for row in undo_log.connection.execute(
        t.in_bin(select(other).where(other.c.project_id == undo_log.project_id), other, True)
    ).all():
        owned = t.recorded_by(row.id) if kind == GESTURE else t.samples.c.gesture_id == row.id
        undo_log.set_where(t.samples, with_it & owned, deleted_at=row.deleted_at)


def restore_samples(store: Store, project_id: int, ids: Sequence[int]) -> int:
    """Take samples out of the bin; how many were there.

    Raises:
        StoreError: the gesture or person of some is in the bin, or the gesture of another kind;
            nothing is changed.
    """
    with store.undoable(project_id) as undo_log:
        there = _alive_owners(undo_log.connection, project_id, ids)
        undo_log.title = f"Restored {format_count(len(there), 'sample')}"
        back = undo_log.set(t.samples, there, deleted_at=None)
        check_stored_ids(undo_log.connection, there)
    return back


def _alive_owners(connection: Connection, project_id: int, ids: Sequence[int]) -> list[int]:
    found: list[int] = []
    for chunk in chunks(ids):
        theirs = (
            select(t.samples.c.id, t.gestures.c.deleted_at, t.persons.c.deleted_at)
            .join_from(t.samples, t.gestures, t.samples.c.gesture_id == t.gestures.c.id)
            .join(t.bursts, t.samples.c.burst_id == t.bursts.c.id)
            .join(t.sessions, t.bursts.c.session_id == t.sessions.c.id)
            .join(t.persons, t.sessions.c.person_id == t.persons.c.id)
            .where(t.samples.c.project_id == project_id, t.samples.c.id.in_(chunk))
        )
        rows = connection.execute(t.in_bin(theirs, t.samples, deleted=True)).all()
        if any(row[1] or row[2] for row in rows):
            raise StoreError(
                "the gesture or the person of some of these is in the bin: bring that back first"
            )
        found += [row[0] for row in rows]
    return found


def delete_samples(store: Store, project_id: int, ids: Sequence[int]) -> int:
    """Put samples of the project into the bin; how many were not there before."""
    with store.undoable(project_id) as undo_log:
        there = alive_samples(undo_log.connection, project_id, ids)
        undo_log.title = f"Deleted {format_count(len(there), 'sample')}"
        return undo_log.set(t.samples, there, deleted_at=now())


def move_samples(store: Store, project_id: int, ids: Sequence[int], gesture_id: int) -> int:
    """Give samples to another gesture of the project; how many changed. Those in the bin stay.

    Raises:
        NotFoundError: the project has no such gesture.
        KindError: single frames to a moving gesture, or clips to a still one; nothing is changed.
    """
    to = t.gestures.c
    target = select(to.name).where(to.id == gesture_id, to.project_id == project_id)
    with store.undoable(project_id) as undo_log:
        name = undo_log.connection.execute(t.in_bin(target, t.gestures)).scalar()
        if name is None:
            raise NotFoundError("that gesture is gone: choose another")
        others = t.samples.c.gesture_id != gesture_id
        there = alive_samples(undo_log.connection, project_id, ids, others)
        undo_log.title = f"Moved {format_count(len(there), 'sample')} to “{name}”"
        moved = undo_log.set(t.samples, there, gesture_id=gesture_id)
        check_stored_ids(undo_log.connection, there)
    return moved


def alive_samples(
    connection: Connection, project_id: int, ids: Sequence[int], *conditions: Any
) -> list[int]:
    """Those of the ids that are the project's samples, outside the bin, and meet the conditions."""
    of = t.samples.c
    here = t.in_bin(select(of.id).where(of.project_id == project_id, *conditions), t.samples)
    return [
        row
        for chunk in chunks(ids)
        for row in connection.execute(here.where(of.id.in_(chunk))).scalars()
    ]


def same_kind_gestures(store: Store, project_id: int, ids: Sequence[int]) -> list[Gesture]:
    """The project's gestures that all of these samples may be moved to, in their order; none where
    both single frames and clips are among the samples."""
    gestures = store.gestures(project_id)
    if len({gesture.kind for gesture in gestures}) < 2:
        return gestures
    of = t.samples.c
    clips = select(of.frames > 1).where(of.project_id == project_id).distinct()
    moving = {row[0] for chunk in chunks(ids) for row in store.rows(clips.where(of.id.in_(chunk)))}
    return [gesture for gesture in gestures if moving <= {gesture.moves}]
