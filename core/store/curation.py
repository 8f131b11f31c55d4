"""Order, merge, rename and assign gestures, persons and sessions; every action can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from core.errors import KindError, NotFoundError, StoreError
from core.gestures.labels import safe_name
from core.store.database import schema as t
from core.store.database.transactions import name_columns
from core.store.rows import STILL, Gesture, now
from core.store.store import Store
from core.words import count_words, mark, words


@dataclass(frozen=True)
class Session:
    """A recording session of a person, or one import."""

    id: int
    name: str  # e.g. "in the car"; "" for most
    person_id: int
    person: str
    source: str  # "webcam", "picture", …
    started_at: str  # ISO 8601, UTC
    samples: int  # number outside the bin

    @property
    def title(self) -> str:
        """Its name, or its date and time."""
        return self.name or self.started_at[:16].replace("T", " ")


def order_gestures(store: Store, project_id: int, ids: Sequence[int]) -> None:
    """Sort the project's gestures in the order of these ids; gestures that are not listed keep
    their order and come last. Can be undone."""
    existing = [gesture.id for gesture in store.gestures(project_id)]
    first = [i for i in dict.fromkeys(ids) if i in existing]
    order = first + [i for i in existing if i not in first]
    with store.begin_undoable(project_id, words("Ordered the gestures")) as undo_log:
        for position, gesture_id in enumerate(order):
            undo_log.update_ids(t.gestures, [gesture_id], position=position)


def merge_gestures(store: Store, project_id: int, gesture_id: int, into_id: int) -> None:
    """Move all recordings and samples of a gesture to another gesture, then move the empty gesture
    to the bin; can be undone. Raises StoreError: both are the same; KindError: one is still and the
    other moving; NotFoundError: one of them is gone."""
    gestures = {gesture.id: gesture for gesture in store.gestures(project_id)}
    _check_mergeable(gestures, gesture_id, into_id, "gesture")
    first, other = gestures[gesture_id], gestures[into_id]
    if first.kind != other.kind:
        raise _other_kind_error(first, other)
    title = words("Merged “{name}” into “{other}”", name=first.name, other=other.name)
    with store.begin_undoable(project_id, title) as undo_log:
        of = t.samples.c
        samples = (of.gesture_id == gesture_id) & of.deleted_at.is_(None)
        undo_log.update_where(t.samples, samples, gesture_id=into_id)
        undo_log.update_where(t.bursts, t.bursts.c.gesture_id == gesture_id, gesture_id=into_id)
        undo_log.update_ids(t.gestures, [gesture_id], deleted_at=now())


def list_sessions(store: Store, project_id: int) -> list[Session]:
    """Return the project's sessions with person and sample count, newest first."""
    of, person = t.sessions.c, t.persons.c
    per_session = (
        select(t.bursts.c.session_id, func.count().label("samples"))
        .join_from(t.samples, t.bursts)
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
        .join_from(t.sessions, t.persons)
        .outerjoin(per_session, per_session.c.session_id == of.id)
        .where(of.project_id == project_id, store.is_own(of.project_id))
        .where(person.deleted_at.is_(None))
        .order_by(of.id.desc())
    )
    return [Session(*row) for row in store.fetch_all(found)]


def describe_source(source: str) -> str:
    """Return a session's source for people: the webcam, a depth source, or an imported file."""
    file = source.removeprefix("import ")
    if file != source:
        return words("import {file}", file=file)
    return words("webcam") if source == "webcam" else source


def rename_person(store: Store, person_id: int, name: str) -> None:
    """Rename a person; raise StoreError if another person has that name. Can be undone."""
    title = mark("Renamed “{name}” to “{new_name}”")
    store.update_rows(t.persons, [person_id], title, **name_columns(name))


def merge_persons(store: Store, project_id: int, person_id: int, into_id: int) -> None:
    """Move all sessions of a person to another person, then move the first person to the bin; can
    be undone. Raise StoreError if both are the same, NotFoundError if one is missing."""
    persons = {person.id: person for person in store.persons(project_id)}
    _check_mergeable(persons, person_id, into_id, "person")
    first, other = persons[person_id], persons[into_id]
    title = words("Merged “{name}” into “{other}”", name=first.name, other=other.name)
    with store.begin_undoable(project_id, title) as undo_log:
        sessions = t.sessions.c.person_id == person_id
        undo_log.update_where(t.sessions, sessions, person_id=into_id)
        undo_log.update_ids(t.persons, [person_id], deleted_at=now())


def name_session(store: Store, session_id: int, name: str) -> None:
    """Name a session; "" removes the name."""
    new_name = safe_name(name) if name.strip() else None
    store.update_rows(t.sessions, [session_id], mark("Named a session"), name=new_name)


def assign_sessions(store: Store, project_id: int, ids: Sequence[int], person: str) -> None:
    """Assign sessions to the person with this name, created if missing; can be undone."""
    assigned = store.ensure_person(project_id, person)
    title = count_words(
        len(ids),
        "Gave {n:,} session to “{person}”",
        "Gave {n:,} sessions to “{person}”",
        person=assigned.name,
    )
    with store.begin_undoable(project_id, title) as undo_log:
        sessions = t.sessions.c.id.in_(ids) & (t.sessions.c.project_id == project_id)
        undo_log.update_where(t.sessions, sessions, person_id=assigned.id)


def delete_session_samples(store: Store, project_id: int, session_ids: Sequence[int]) -> int:
    """Move all samples of these sessions to the bin and return how many; can be undone."""
    recordings = select(t.bursts.c.id).where(t.bursts.c.session_id.in_(session_ids))
    of = t.samples.c
    samples = of.burst_id.in_(recordings) & (of.project_id == project_id) & of.deleted_at.is_(None)
    sessions = count_words(len(session_ids), "{n:,} session", "{n:,} sessions")
    with store.begin_undoable(project_id) as undo_log:
        count = undo_log.update_where(t.samples, samples, deleted_at=now())
        undo_log.title = count_words(
            count,
            "Deleted {n:,} sample of {sessions}",
            "Deleted {n:,} samples of {sessions}",
            sessions=sessions,
        )
    return count


def _check_mergeable(existing: Mapping[int, object], first: int, other: int, kind: str) -> None:
    """Raise StoreError if both ids are the same, NotFoundError if one doesn't exist."""
    if first == other:
        raise StoreError(words(_MERGED_INTO_ITSELF[kind]))
    if first not in existing or other not in existing:
        raise NotFoundError(words(_GONE[kind]))


_MERGED_INTO_ITSELF = {
    "gesture": mark("a gesture can't be merged into itself: choose another"),
    "person": mark("a person can't be merged into itself: choose another"),
}
_GONE = {
    "gesture": mark("that gesture is gone: reload and choose another"),
    "person": mark("that person is gone: reload and choose another"),
}


def _other_kind_error(first: Gesture, other: Gesture) -> KindError:
    """Create the error that a still and a moving gesture can't be merged."""
    names = {"name": first.name, "other": other.name}
    if first.kind == STILL:
        return KindError(
            words(
                "“{name}” is a still gesture, “{other}” a moving one: choose two of one kind",
                **names,
            )
        )
    return KindError(
        words(
            "“{name}” is a moving gesture, “{other}” a still one: choose two of one kind", **names
        )
    )
