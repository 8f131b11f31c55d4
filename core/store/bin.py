"""Delete, restore and move samples; list and restore what is in the bin.

Each action can be undone. A sample is outside the bin only while its gesture and person are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from core.errors import NotFoundError, StoreError
from core.store.database import schema as t
from core.store.database.checks import check_stored_ids, check_stored_kinds
from core.store.database.transactions import name_columns
from core.store.database.undo_log import UndoLog
from core.store.rows import Gesture, now, split_ids
from core.store.store import Store
from core.words import count_words, mark, words

PROJECT, GESTURE, PERSON = mark("project"), mark("gesture"), mark("person")
_TABLES = {PROJECT: t.projects, GESTURE: t.gestures, PERSON: t.persons}
_CLASHES = {
    PROJECT: mark("Another project is called “{name}” by now"),
    GESTURE: mark("Another gesture is called “{name}” by now"),
    PERSON: mark("Another person is called “{name}” by now"),
}
_RESTORED = {
    PROJECT: mark("Restored the project “{name}”"),
    GESTURE: mark("Restored the gesture “{name}”"),
    PERSON: mark("Restored the person “{name}”"),
}
_NOT_IN_BIN = {
    PROJECT: mark("this project is not in the bin: it was restored already"),
    GESTURE: mark("this gesture is not in the bin: it was restored already"),
    PERSON: mark("this person is not in the bin: it was restored already"),
}


@dataclass(frozen=True)
class BinEntry:
    """A project, gesture or person in the bin."""

    kind: str  # PROJECT, GESTURE or PERSON
    id: int
    name: str
    at: str  # time of deletion (ISO 8601, UTC)
    samples: int  # number of samples that are restored with it
    clash: str = ""  # a sentence about which row now has its name; "" if the name is free


def list_bin(store: Store, project_id: int) -> list[BinEntry]:
    """Return the bin's entries, newest first: the owner's deleted projects, and the deleted
    gestures and persons of this project."""
    found = _list_bin_entries(store, PROJECT, t.projects.c.owner == store.owner)
    for kind in (GESTURE, PERSON):
        column = _TABLES[kind].c.project_id
        found += _list_bin_entries(store, kind, (column == project_id) & store.is_own(column))
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _list_bin_entries(store: Store, kind: str, condition: ColumnElement[bool]) -> list[BinEntry]:
    """Return the bin's entries of one kind (project, gesture or person) that meet an SQL condition,
    with their sample counts and name clashes."""
    table = _TABLES[kind]
    entries = []
    for row in store.fetch_all(t.filter_deleted(select(table).where(condition), table, True)):
        samples = select(func.count()).select_from(t.samples).where(_is_deleted_with(kind, row))
        count = store.fetch_all(samples)[0][0]
        clash = _describe_name_clash(store, kind, row)
        entries.append(BinEntry(kind, row.id, row.name, row.deleted_at, count, clash))
    return entries


def _is_deleted_with(kind: str, row: Any) -> Any:
    """Return the SQL condition for samples that were deleted together with a row of this kind; for
    a project, all its samples outside the bin."""
    of = t.samples.c
    if kind == PROJECT:
        return (of.project_id == row.id) & of.deleted_at.is_(None)
    own = _is_sample_of(kind, row.id) & (of.project_id == row.project_id)
    return own & (of.deleted_at == row.deleted_at)


def _is_sample_of(kind: str, row_id: int) -> Any:
    """Return the SQL condition that a sample belongs to this gesture or person."""
    return t.samples.c.gesture_id == row_id if kind == GESTURE else t.is_of_person(row_id)


def _describe_name_clash(store: Store, kind: str, row: Any) -> str:
    """Return a sentence if another row now has the name of a row in the bin; otherwise ""."""
    table = _TABLES[kind]
    scope = "owner" if kind == PROJECT else "project_id"
    same = table.c.key == row.key, table.c[scope] == getattr(row, scope)
    found = store.fetch_all(t.filter_deleted(select(table.c.name).where(*same), table))
    return words(_CLASHES[kind], name=found[0][0]) if found else ""


def restore_from_bin(store: Store, project_id: int, kind: str, row_id: int, name: str = "") -> int:
    """Restore a project, gesture or person with the samples deleted with it, and return the number
    of restored samples. A sample that also belongs to another gesture or person in the bin stays
    there until that entry is restored.

    Args:
        project_id: the project whose history gets the action.
        name: a new name; "" keeps the old one.

    Raises:
        NotFoundError: it is not in the bin.
        StoreError: the name is taken, or samples don't fit their gesture's kind; nothing changed.
    """
    table = _TABLES[kind]
    with store.begin_undoable(row_id if kind == PROJECT else project_id) as undo_log:
        found = t.filter_deleted(select(table), table, deleted=True).where(table.c.id == row_id)
        if kind != PROJECT:
            found = found.where(table.c.project_id == project_id)
        row = undo_log.connection.execute(found).first()
        if row is None:
            raise NotFoundError(words(_NOT_IN_BIN[kind]))
        undo_log.title = words(_RESTORED[kind], name=row.name)
        columns = name_columns(name) if name and name != row.name else {}
        undo_log.update_ids(table, [row_id], deleted_at=None, **columns)
        if kind == PROJECT:
            return 0
        samples = _is_deleted_with(kind, row)
        _assign_to_other_entry(undo_log, kind, samples)
        restored = undo_log.update_where(t.samples, samples, deleted_at=None)
        own = t.samples.c.project_id == project_id
        check_stored_kinds(undo_log.connection, own, _is_sample_of(kind, row_id))
    return restored


def _assign_to_other_entry(undo_log: UndoLog, kind: str, samples: Any) -> None:
    """Give samples that also belong to another gesture or person in the bin that entry's deletion
    time, so that they are restored together with it."""
    other_kind = PERSON if kind == GESTURE else GESTURE
    other = _TABLES[other_kind]
    binned = select(other).where(other.c.project_id == undo_log.project_id)
    for row in undo_log.connection.execute(t.filter_deleted(binned, other, True)).all():
        theirs = samples & _is_sample_of(other_kind, row.id)
        undo_log.update_where(t.samples, theirs, deleted_at=row.deleted_at)


def restore_samples(store: Store, project_id: int, ids: Sequence[int]) -> int:
    """Restore samples from the bin and return how many; can be undone. Raise StoreError, and change
    nothing, if a sample's gesture or person is in the bin or the gesture is of another kind."""
    with store.begin_undoable(project_id) as undo_log:
        found = _find_restorable(undo_log.connection, project_id, ids)
        undo_log.title = count_words(len(found), "Restored {n:,} sample", "Restored {n:,} samples")
        restored = undo_log.update_ids(t.samples, found, deleted_at=None)
        check_stored_ids(undo_log.connection, found)
    return restored


def _find_restorable(connection: Connection, project_id: int, ids: Sequence[int]) -> list[int]:
    """Return the ids of samples in the bin; raise StoreError if their gesture or person is, too."""
    in_bin = t.gestures.c.deleted_at.is_not(None) | t.persons.c.deleted_at.is_not(None)
    found: list[int] = []
    for chunk in split_ids(ids):
        chosen = (
            select(t.samples.c.id, in_bin.label("in_bin"))
            .select_from(t.SAMPLES_WITH_ORIGINS)
            .where(t.samples.c.project_id == project_id, t.samples.c.id.in_(chunk))
        )
        rows = connection.execute(t.filter_deleted(chosen, t.samples, deleted=True)).all()
        if any(row.in_bin for row in rows):
            raise StoreError(
                words(
                    "the gesture or the person of some of these is in the bin: restore that first"
                )
            )
        found += [row.id for row in rows]
    return found


def delete_samples(store: Store, project_id: int, ids: Sequence[int]) -> int:
    """Move samples to the bin and return how many were moved; can be undone."""
    with store.begin_undoable(project_id) as undo_log:
        found = filter_sample_ids(undo_log.connection, project_id, ids)
        undo_log.title = count_words(len(found), "Deleted {n:,} sample", "Deleted {n:,} samples")
        return undo_log.update_ids(t.samples, found, deleted_at=now())


def move_samples(store: Store, project_id: int, ids: Sequence[int], gesture_id: int) -> int:
    """Move samples outside the bin to another gesture and return how many moved; can be undone.
    Raises NotFoundError: the project has no such gesture; KindError: single frames to a moving
    gesture, or clips to a still one; nothing is changed."""
    gesture = t.gestures.c
    target = select(gesture.name).where(gesture.id == gesture_id, gesture.project_id == project_id)
    with store.begin_undoable(project_id) as undo_log:
        name = undo_log.connection.scalar(t.filter_deleted(target, t.gestures))
        if name is None:
            raise NotFoundError(words("that gesture is gone: choose another"))
        others = t.samples.c.gesture_id != gesture_id
        found = filter_sample_ids(undo_log.connection, project_id, ids, others)
        undo_log.title = count_words(
            len(found),
            "Moved {n:,} sample to “{gesture}”",
            "Moved {n:,} samples to “{gesture}”",
            gesture=name,
        )
        moved = undo_log.update_ids(t.samples, found, gesture_id=gesture_id)
        check_stored_ids(undo_log.connection, found)
    return moved


def filter_sample_ids(
    connection: Connection, project_id: int, ids: Sequence[int], *conditions: Any
) -> list[int]:
    """Return the ids of the project's samples that are outside the bin and meet SQL conditions."""
    of = t.samples.c
    own = select(of.id).where(of.project_id == project_id, *conditions)
    own = t.filter_deleted(own, t.samples)
    chunks = (connection.scalars(own.where(of.id.in_(chunk))) for chunk in split_ids(ids))
    return [sample_id for chunk in chunks for sample_id in chunk]


def list_move_targets(store: Store, project_id: int, ids: Sequence[int]) -> list[Gesture]:
    """Return the gestures that all of these samples can move to: still gestures for single frames,
    moving gestures for clips; empty for a mix of both."""
    gestures = store.gestures(project_id)
    if len({gesture.kind for gesture in gestures}) < 2:
        return gestures
    of = t.samples.c
    clips = select(of.frames > 1).where(of.project_id == project_id).distinct()
    chunks = (store.fetch_all(clips.where(of.id.in_(chunk))) for chunk in split_ids(ids))
    moving = {row[0] for chunk in chunks for row in chunk}
    return [gesture for gesture in gestures if moving <= {gesture.moves}]
