"""Curating gestures, persons and sessions: order, merge, rename, assign, delete.

Every action is written down, so that it can be undone (`Database.undo`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from core.errors import KindError, NotFoundError, StoreError
from core.gestures.labels import format_count, safe_name
from core.store.database import schema as t
from core.store.database.transactions import named
from core.store.rows import now
from core.store.store import Store


@dataclass(frozen=True)
class Session:
    """A session: one session of a person, or one import.

    Attributes:
        name: what it was called, e.g. "in the car"; "" for most.
        source: "webcam", "picture", …
        started_at: ISO 8601, UTC.
        samples: outside the bin.
    """

    id: int
    name: str
    person_id: int
    person: str
    source: str
    started_at: str
    samples: int

    @property
    def title(self) -> str:
        """Its name, else when it was."""
        return self.name or self.started_at[:16].replace("T", " ")


# ------------------------------------------------------------------------------------- gestures


def order_gestures(store: Store, project_id: int, ids: Sequence[int]) -> None:
    """Put the project's gestures into this order; those not named follow as they were."""
    there = [gesture.id for gesture in store.gestures(project_id)]
    named_first = [i for i in dict.fromkeys(ids) if i in there]
    wanted = named_first + [i for i in there if i not in named_first]
    with store.undoable(project_id, "Ordered the gestures") as undo_log:
        for position, gesture_id in enumerate(wanted):
            undo_log.set(t.gestures, [gesture_id], position=position)


def merge_gestures(store: Store, project_id: int, gesture_id: int, into_id: int) -> None:
    """All recordings and samples of one gesture become another's, the first goes to the bin.

    Raises:
        StoreError: both are the same.
        KindError: one is still and the other moves.
        NotFoundError: one of them is gone.
    """
    gestures = {gesture.id: gesture for gesture in store.gestures(project_id)}
    _two_there(gestures, gesture_id, into_id, "gesture")
    if gestures[gesture_id].kind != gestures[into_id].kind:
        raise KindError(
            f"“{gestures[gesture_id].name}” is a {gestures[gesture_id].kind} gesture, "
            f"“{gestures[into_id].name}” a {gestures[into_id].kind} one: choose two of one kind"
        )
    title = f"Merged “{gestures[gesture_id].name}” into “{gestures[into_id].name}”"
    with store.undoable(project_id, title) as undo_log:
        of = t.samples.c
        here = (of.gesture_id == gesture_id) & of.deleted_at.is_(None)
        undo_log.set_where(t.samples, here, gesture_id=into_id)
        undo_log.set_where(t.bursts, t.bursts.c.gesture_id == gesture_id, gesture_id=into_id)
        undo_log.set(t.gestures, [gesture_id], deleted_at=now())


# -------------------------------------------------------------------------- persons and sessions


def list_sessions(store: Store, project_id: int) -> list[Session]:
    """The project's sessions whose person is not in the bin, newest first."""
    of, person = t.sessions.c, t.persons.c
    per_session = (
        select(t.bursts.c.session_id, func.count().label("samples"))
        .join_from(t.samples, t.bursts, t.samples.c.burst_id == t.bursts.c.id)
        .where(t.samples.c.project_id == project_id, t.samples.c.deleted_at.is_(None))
        .group_by(t.bursts.c.session_id)
        .subquery()
    )
    samples = func.coalesce(per_session.c.samples, 0)
    found = (
        select(
            of.id,
            func.coalesce(of.name, ""),
            person.id,
            person.name,
            of.source,
            of.started_at,
            samples,
        )
        .join_from(t.sessions, t.persons, of.person_id == person.id)
        .outerjoin(per_session, per_session.c.session_id == of.id)
        .where(of.project_id == project_id, store.own(of.project_id))
        .where(person.deleted_at.is_(None))
        .order_by(of.id.desc())
    )
    return [Session(*row) for row in store.rows(found)]


def rename_person(store: Store, person_id: int, name: str) -> None:
    """Give a person another name.

    Raises:
        StoreError: the name is another's: merge the two.
        LabelError: it can't be a name.
    """
    store.change(t.persons, [person_id], f"Renamed “{{}}” to “{_plain(name)}”", **named(name))


def merge_persons(store: Store, project_id: int, person_id: int, into_id: int) -> None:
    """All sessions of one person become another's, the first goes to the bin.

    Raises:
        StoreError: both are the same.
        NotFoundError: one of them is gone.
    """
    persons = {person.id: person for person in store.persons(project_id)}
    _two_there(persons, person_id, into_id, "person")
    title = f"Merged “{persons[person_id].name}” into “{persons[into_id].name}”"
    with store.undoable(project_id, title) as undo_log:
        theirs = t.sessions.c.person_id == person_id
        undo_log.set_where(t.sessions, theirs, person_id=into_id)
        undo_log.set(t.persons, [person_id], deleted_at=now())


def name_session(store: Store, session_id: int, name: str) -> None:
    """Call a session something; "" takes the name away.

    Raises:
        LabelError: it can't be a name.
    """
    given = safe_name(name) if name.strip() else None
    store.change(t.sessions, [session_id], "Named a session", name=given)


def assign_sessions(store: Store, project_id: int, ids: Sequence[int], person: str) -> None:
    """Say who was recorded in these sessions; a person of that name is made where missing.

    Raises:
        LabelError: it can't be a name.
    """
    who = store.ensure_person(project_id, person)
    title = f"Gave {format_count(len(ids), 'session')} to “{who.name}”"
    with store.undoable(project_id, title) as undo_log:
        of = t.sessions.c
        undo_log.set_where(
            t.sessions, of.id.in_(ids) & (of.project_id == project_id), person_id=who.id
        )


def delete_session_samples(store: Store, project_id: int, session_ids: Sequence[int]) -> int:
    """All samples of sessions go to the bin; how many there were."""
    taken = select(t.bursts.c.id).where(t.bursts.c.session_id.in_(session_ids))
    of = t.samples.c
    here = of.burst_id.in_(taken) & (of.project_id == project_id) & of.deleted_at.is_(None)
    with store.undoable(project_id) as undo_log:
        gone = undo_log.set_where(t.samples, here, deleted_at=now())
        undo_log.title = (
            f"Deleted {format_count(gone, 'sample')} of {format_count(len(session_ids), 'session')}"
        )
    return gone


def _two_there(there: Mapping[int, object], one: int, other: int, kind: str) -> None:
    if one == other:
        raise StoreError(f"a {kind} can't be merged into itself: choose another")
    if one not in there or other not in there:
        raise NotFoundError(f"that {kind} is gone: reload and choose another")


def _plain(name: str) -> str:
    """For a title that is formatted: braces mean themselves."""
    return safe_name(name).replace("{", "{{").replace("}", "}}")
