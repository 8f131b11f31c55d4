"""Which samples there are, all of them at once: who, when and what of each, without the keypoints.

A hundred thousand come in well under a second, because an index alone answers. N samples.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import String, cast, func, select

from core.errors import NotFoundError
from core.store import schema as t
from core.store.history import chunks
from core.store.rows import Sample, array, to_sample
from core.store.store import Store

Ints = NDArray[np.int64]
LEFT, RIGHT, UNKNOWN = 0, 1, -1
_HANDS = {"Left": LEFT, "Right": RIGHT}


@dataclass(frozen=True, eq=False)
class Roster:
    """The samples of a project, newest first.

    Attributes:
        ids, gestures, persons, sessions, bursts: (N,) the store's ids.
        hands: (N,) LEFT, RIGHT or UNKNOWN.
    """

    ids: Ints
    gestures: Ints
    persons: Ints
    sessions: Ints
    bursts: Ints
    hands: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[Any]) -> "Roster":
        """The chosen rows (indices or mask)."""
        return Roster(*(getattr(self, column.name)[rows] for column in fields(self)))


def read_roster(store: Store, project_id: int, *, deleted: bool = False) -> Roster:
    """The project's samples; `deleted` reads the bin instead."""
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    groups = select(
        of.burst_id, of.gesture_id, of.handedness,
        func.aggregate_strings(cast(of.id, String), ",").label("ids"),
    ).where(of.project_id == project_id)  # fmt: skip
    groups = t.in_bin(groups, t.samples, deleted)
    some = groups.group_by(of.burst_id, of.gesture_id, of.handedness).subquery()
    found = (
        select(some.c.ids, some.c.gesture_id, session.person_id, session.id, burst.id,
               some.c.handedness)
        .join_from(some, t.bursts, some.c.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
    )  # fmt: skip
    rows = store.rows(found)
    lists = [np.array(row[0].split(","), np.int64) for row in rows]
    columns = [[*row[1:5], _HANDS.get(row[5], UNKNOWN)] for row in rows]
    ids = np.concatenate([np.empty(0, np.int64), *lists])
    table = np.array(columns, np.int64).reshape(-1, 5)
    repeated = np.repeat(table, [len(part) for part in lists], axis=0)
    order = np.argsort(-ids)
    return Roster(ids[order], *repeated[order].T)


def read_bin(store: Store, project_id: int) -> Roster:
    """Samples in the bin whose gesture and person are not: those that come back alone."""
    roster = read_roster(store, project_id, deleted=True)
    gestures = [gesture.id for gesture in store.gestures(project_id)]
    persons = [person.id for person in store.persons(project_id)]
    return roster.take(np.isin(roster.gestures, gestures) & np.isin(roster.persons, persons))


def read_samples(store: Store, ids: Sequence[int]) -> list[Sample]:
    """The samples with these ids and their crops, in this order; those that are gone are left
    out, those in the bin are not."""
    rows: dict[int, Any] = {}
    for chunk in chunks(ids):
        found = select(t.samples, t.crops.c.jpeg).outerjoin(t.crops)
        found = found.where(t.samples.c.id.in_(chunk))
        rows |= {row.id: row for row in store.rows(found)}
    return [to_sample(rows[i]) for i in map(int, ids) if i in rows]


@dataclass(frozen=True, eq=False)
class Poses:
    """What a look at all samples needs of each, in the roster's order.

    Attributes:
        keypoints: (N, K, 2) float32.
        mirrored_view: (N,) bool.
        scores: (N,) float32, the mean of the joints' scores.
    """

    keypoints: NDArray[np.float32]
    mirrored_view: NDArray[np.bool_]
    scores: NDArray[np.float32]


def read_poses(store: Store, project_id: int, ids: Iterable[int]) -> Poses:
    """Keypoints of the samples with these ids, in this order.

    Raises:
        NotFoundError: one of them is gone.
    """
    parts = [_poses(store, project_id, chunk) for chunk in chunks(ids)]
    if not parts:
        return Poses(np.empty((0, 21, 2), np.float32), np.empty(0, bool), np.empty(0, np.float32))
    return Poses(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _poses(store: Store, project_id: int, ids: list[int]) -> tuple[NDArray[Any], ...]:
    of = t.samples.c
    found = select(of.id, of.keypoints, of.mirrored_view, of.scores)
    found = found.where(of.project_id == project_id, of.id.in_(ids))
    rows = {row[0]: row for row in store.rows(found)}
    if len(rows) < len(set(ids)):
        raise NotFoundError("some samples are gone: reload and try again")
    _, keypoints, mirrored, scores = zip(*(rows[i] for i in ids), strict=True)
    return (
        array(b"".join(keypoints)).reshape(len(ids), -1, 2),
        np.array(mirrored, bool),
        array(b"".join(scores)).reshape(len(ids), -1).mean(axis=1),
    )


@dataclass(frozen=True)
class Provenance:
    """Where a sample comes from, beside what it says itself.

    Attributes:
        person: who showed it.
        session_source: what the session was: a camera, an import.
        session_at, burst_at: when the visit and the recording began (ISO 8601, UTC).
    """

    gesture: str
    emoji: str
    person: str
    session_id: int
    session_source: str
    session_at: str
    burst_id: int
    burst_at: str


def provenance(store: Store, sample_id: int) -> Provenance:
    """Who, when and from where.

    Raises:
        NotFoundError: no such sample.
    """
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    found = (
        select(t.gestures.c.name, t.gestures.c.emoji, t.persons.c.name, session.id, session.source,
               session.started_at, burst.id, burst.started_at)
        .join_from(t.samples, t.gestures, of.gesture_id == t.gestures.c.id)
        .join(t.bursts, of.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .join(t.persons, session.person_id == t.persons.c.id)
        .where(of.id == sample_id)
    )  # fmt: skip
    for row in store.rows(found):
        return Provenance(*row)
    raise NotFoundError(f"no sample {sample_id}: it is gone")
