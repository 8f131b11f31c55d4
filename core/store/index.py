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
from core.gestures.features import feature_set
from core.pose.skeletons.table import skeleton_named
from core.store.database import schema as t
from core.store.learned import has_axes, keypoints_of
from core.store.rows import Sample, array, chunks, to_sample
from core.store.store import Store

Ints = NDArray[np.int64]
LEFT, RIGHT, UNKNOWN = 0, 1, -1
_HANDS = {"Left": LEFT, "Right": RIGHT}


@dataclass(frozen=True, eq=False)
class SampleIndex:
    """The samples of a project, newest first.

    Attributes:
        ids, gestures, persons, sessions, recordings: (N,) the store's ids.
        hands: (N,) LEFT, RIGHT or UNKNOWN.
    """

    ids: Ints
    gestures: Ints
    persons: Ints
    sessions: Ints
    recordings: Ints
    hands: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[Any]) -> "SampleIndex":
        """The chosen rows (indices or mask)."""
        return SampleIndex(*(getattr(self, column.name)[rows] for column in fields(self)))


def read_index(store: Store, project_id: int, *, deleted: bool = False) -> SampleIndex:
    """The project's samples; `deleted` reads the bin instead."""
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    groups = select(
        of.burst_id,
        of.gesture_id,
        of.handedness,
        func.aggregate_strings(cast(of.id, String), ",").label("ids"),
    ).where(of.project_id == project_id)
    groups = t.in_bin(groups, t.samples, deleted)
    some = groups.group_by(of.burst_id, of.gesture_id, of.handedness).subquery()
    found = (
        select(
            some.c.ids,
            some.c.gesture_id,
            session.person_id,
            session.id,
            burst.id,
            some.c.handedness,
        )
        .join_from(some, t.bursts, some.c.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .where(store.own(session.project_id))
    )
    rows = store.rows(found)
    lists = [np.array(row[0].split(","), np.int64) for row in rows]
    columns = [[*row[1:5], _HANDS.get(row[5], UNKNOWN)] for row in rows]
    ids = np.concatenate([np.empty(0, np.int64), *lists])
    table = np.array(columns, np.int64).reshape(-1, 5)
    repeated = np.repeat(table, [len(part) for part in lists], axis=0)
    order = np.argsort(-ids)
    return SampleIndex(ids[order], *repeated[order].T)


def read_bin(store: Store, project_id: int) -> SampleIndex:
    """Samples in the bin whose gesture and person are not: those that come back alone."""
    sample_index = read_index(store, project_id, deleted=True)
    gestures = [gesture.id for gesture in store.gestures(project_id)]
    persons = [person.id for person in store.persons(project_id)]
    return sample_index.take(
        np.isin(sample_index.gestures, gestures) & np.isin(sample_index.persons, persons)
    )


def read_samples(
    store: Store, ids: Sequence[int], *, project_id: int | None = None
) -> list[Sample]:
    """The samples with these ids and their crops, in this order; those that are gone are left
    out, those in the bin are not. `project_id` leaves out those of other projects."""
    rows: dict[int, Any] = {}
    for chunk in chunks(ids):
        found = select(t.samples, t.crops.c.jpeg, t.projects.c.skeleton)
        found = found.outerjoin(t.crops, t.shown_crop).join(
            t.projects, t.samples.c.project_id == t.projects.c.id
        )
        found = found.where(t.samples.c.id.in_(chunk), t.projects.c.owner == store.owner)
        if project_id is not None:
            found = found.where(t.samples.c.project_id == project_id)
        rows |= {row.id: row for row in store.rows(found)}
    return [to_sample(rows[i]) for i in map(int, ids) if i in rows]


def count_samples(store: Store, project_id: int) -> dict[int, int]:
    """How many samples there are of each gesture that has any."""
    of = t.samples.c
    counts = select(of.gesture_id, func.count()).where(of.project_id == project_id)
    counts = counts.where(store.own(of.project_id))
    return {
        row[0]: row[1] for row in store.rows(t.in_bin(counts, t.samples).group_by(of.gesture_id))
    }


def newest_samples(store: Store, project_id: int, gesture_id: int, limit: int) -> list[int]:
    """Ids of a gesture's latest samples, the newest first."""
    of = t.samples.c
    found = select(of.id).where(of.project_id == project_id, of.gesture_id == gesture_id)
    found = t.in_bin(found, t.samples).where(store.own(of.project_id))
    found = found.order_by(of.id.desc()).limit(limit)
    return [row[0] for row in store.rows(found)]


@dataclass(frozen=True, eq=False)
class Poses:
    """What a look at all samples needs of each, in the index's order; a clip counts as its middle
    frame.

    Attributes:
        skeleton: whose keypoints.
        keypoints: (N, K, D) float32.
        mirrored_view: (N,) bool.
        scores: (N,) float32, the mean of the joints' scores.
    """

    skeleton: str
    keypoints: NDArray[np.float32]
    mirrored_view: NDArray[np.bool_]
    scores: NDArray[np.float32]

    def features(self) -> NDArray[np.float32]:
        """(N, F) features."""
        features = feature_set(self.skeleton, self.keypoints.shape[-1])
        found = features(self.keypoints, self.mirrored_view)
        return np.asarray(found, np.float32)


def read_poses(store: Store, project_id: int, ids: Iterable[int]) -> Poses:
    """Keypoints of the samples with these ids, in this order: in space where the project learns
    from these and all of its samples have them.

    Raises:
        NotFoundError: one of them is gone.
    """
    skeleton, in_space = store.learned_keypoints(project_id)
    size = skeleton_named(skeleton).size
    in_space = in_space and not _some_flat(store, project_id)
    parts = [_poses(store, project_id, chunk, size, in_space) for chunk in chunks(ids)]
    if not parts:
        nothing = np.empty((0, size, 3 if in_space else 2), np.float32)
        return Poses(skeleton, nothing, np.empty(0, bool), np.empty(0, np.float32))
    return Poses(skeleton, *(np.concatenate(column) for column in zip(*parts, strict=True)))


def _some_flat(store: Store, project_id: int) -> bool:
    """Whether some sample lacks keypoints in space: it was there before the project was to learn
    from these."""
    of = t.samples.c
    flat = select(of.id).where(of.project_id == project_id, ~has_axes(in_space=True))
    return bool(store.rows(flat.limit(1)))


def _poses(
    store: Store, project_id: int, ids: list[int], size: int, in_space: bool
) -> tuple[NDArray[Any], ...]:
    of = t.samples.c
    found = select(of.id, of.frames, keypoints_of(in_space), of.mirrored_view, of.scores)
    found = found.where(of.project_id == project_id, of.id.in_(ids))
    rows = {row[0]: row for row in store.rows(found)}
    if len(rows) < len(set(ids)):
        raise NotFoundError("some samples are gone: reload and try again")
    _, frames, keypoints, mirrored, scores = zip(*(rows[i] for i in ids), strict=True)
    return (
        _middles(keypoints, frames).reshape(len(ids), size, -1),
        np.array(mirrored, bool),
        _middles(scores, frames).reshape(len(ids), size).mean(axis=1),
    )


def _middles(blobs: Sequence[bytes], frames: Sequence[int]) -> NDArray[np.float32]:
    """The numbers of each clip's middle frame."""
    if max(frames) > 1:
        sizes = [len(blob) // n for blob, n in zip(blobs, frames, strict=True)]
        starts = [n // 2 * size for n, size in zip(frames, sizes, strict=True)]
        blobs = [b[i : i + n] for b, i, n in zip(blobs, starts, sizes, strict=True)]
    return array(b"".join(blobs))


@dataclass(frozen=True)
class SampleOrigin:
    """Where a sample comes from, beside what it says itself.

    Attributes:
        person: who showed it.
        session_source: what the session was: a camera, an import.
        session_at, recording_at: when the session and the recording began (ISO 8601, UTC).
    """

    gesture: str
    emoji: str
    person: str
    session_id: int
    session_source: str
    session_at: str
    burst_id: int
    recording_at: str


def sample_origin(store: Store, sample_id: int) -> SampleOrigin:
    """Who, when and from where.

    Raises:
        NotFoundError: no such sample.
    """
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    found = (
        select(
            t.gestures.c.name,
            t.gestures.c.emoji,
            t.persons.c.name,
            session.id,
            session.source,
            session.started_at,
            burst.id,
            burst.started_at,
        )
        .join_from(t.samples, t.gestures, of.gesture_id == t.gestures.c.id)
        .join(t.bursts, of.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .join(t.persons, session.person_id == t.persons.c.id)
        .where(of.id == sample_id, store.own(of.project_id))
    )
    for row in store.rows(found):
        return SampleOrigin(*row)
    raise NotFoundError(f"no sample {sample_id}: it is gone")
