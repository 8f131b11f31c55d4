"""All N samples of a project at once: their ids, persons and sessions, or their keypoints.

The index of 100,000 samples is read in well under a second, from a database index alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import String, and_, cast, func, select, true

from core.errors import NotFoundError
from core.gestures.features import get_feature_set
from core.pose.skeletons.table import skeleton_named
from core.store.database import schema as t
from core.store.rows import Sample, split_ids, to_floats
from core.store.store import Store
from core.words import words

Ints = NDArray[np.int64]
LEFT, RIGHT, UNKNOWN = 0, 1, -1
_HANDS = {"Left": LEFT, "Right": RIGHT}


@dataclass(frozen=True, eq=False)
class SampleIndex:
    """The samples of a project, newest first: (N,) ids of each sample, its gesture, person,
    session and recording; `hands` is LEFT, RIGHT or UNKNOWN."""

    ids: Ints
    gestures: Ints
    persons: Ints
    sessions: Ints
    recordings: Ints
    hands: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[Any]) -> "SampleIndex":
        """Return the samples at these indices, or of this mask."""
        return SampleIndex(*(getattr(self, column.name)[rows] for column in fields(self)))


def read_index(store: Store, project_id: int, *, deleted: bool = False) -> SampleIndex:
    """Read the index of the project's samples outside the bin or, with `deleted`, in the bin."""
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    groups = select(
        of.burst_id,
        of.gesture_id,
        of.handedness,
        func.aggregate_strings(cast(of.id, String), ",").label("ids"),
    ).where(of.project_id == project_id)
    groups = t.filter_deleted(groups, t.samples, deleted)
    grouped = groups.group_by(of.burst_id, of.gesture_id, of.handedness).subquery()
    found = (
        select(
            grouped.c.ids,
            grouped.c.gesture_id,
            session.person_id,
            session.id,
            burst.id,
            grouped.c.handedness,
        )
        .join_from(grouped, t.bursts, grouped.c.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .where(store.is_own(session.project_id))
    )
    rows = store.fetch_all(found)
    lists = [np.array(row[0].split(","), np.int64) for row in rows]
    columns = [[*row[1:5], _HANDS.get(row[5], UNKNOWN)] for row in rows]
    ids = np.concatenate([np.empty(0, np.int64), *lists])
    table = np.array(columns, np.int64).reshape(-1, 5)
    repeated = np.repeat(table, [len(part) for part in lists], axis=0)
    order = np.argsort(-ids)
    return SampleIndex(ids[order], *repeated[order].T)


def read_restorable_index(store: Store, project_id: int) -> SampleIndex:
    """Read the index of samples in the bin whose gesture and person are not in the bin."""
    binned = read_index(store, project_id, deleted=True)
    gestures = [gesture.id for gesture in store.gestures(project_id)]
    persons = [person.id for person in store.persons(project_id)]
    return binned.take(np.isin(binned.gestures, gestures) & np.isin(binned.persons, persons))


def _is_of_sessions(sessions: Collection[int] | None) -> Any:
    """Return the SQL condition that a sample was recorded in one of these sessions; None: any."""
    if sessions is None:
        return true()
    recordings = select(t.bursts.c.id).where(t.bursts.c.session_id.in_([*sessions]))
    return t.samples.c.burst_id.in_(recordings)


def read_samples(
    store: Store,
    ids: Sequence[int],
    *,
    project_id: int | None = None,
    sessions: Collection[int] | None = None,
) -> list[Sample]:
    """Read the samples with these ids (of one project and of sessions, or any if None) and their
    crops, in this order, including those in the bin; missing ids are skipped."""
    found: dict[int, Sample] = {}
    project = true() if project_id is None else t.samples.c.project_id == project_id
    own = project, _is_of_sessions(sessions)
    for chunk in split_ids(ids):
        samples = store.fetch_samples(and_(t.samples.c.id.in_(chunk), *own))
        found |= {sample.id: sample for sample in samples}
    return [found[i] for i in map(int, ids) if i in found]


def count_samples(
    store: Store, project_id: int, sessions: Collection[int] | None = None
) -> dict[int, int]:
    """Count each gesture's samples outside the bin: {gesture id: count}, without zero counts; of
    these sessions, or of all if None."""
    of = t.samples.c
    counts = select(of.gesture_id, func.count()).where(of.project_id == project_id)
    counts = counts.where(_is_of_sessions(sessions))
    counts = t.filter_deleted(counts.where(store.is_own(of.project_id)), t.samples)
    return {row[0]: row[1] for row in store.fetch_all(counts.group_by(of.gesture_id))}


def list_newest_ids(
    store: Store,
    project_id: int,
    gesture_id: int,
    limit: int,
    sessions: Collection[int] | None = None,
) -> list[int]:
    """Return the ids of a gesture's newest samples outside the bin, up to `limit`, newest first; of
    these sessions, or of all if None."""
    of = t.samples.c
    found = select(of.id).where(of.project_id == project_id, of.gesture_id == gesture_id)
    found = found.where(_is_of_sessions(sessions))
    found = t.filter_deleted(found, t.samples).where(store.is_own(of.project_id))
    return [row[0] for row in store.fetch_all(found.order_by(of.id.desc()).limit(limit))]


@dataclass(frozen=True, eq=False)
class Poses:
    """The keypoints of many samples; for a clip, the keypoints of its middle frame."""

    skeleton: str  # of all of them
    keypoints: NDArray[np.float32]  # (N, K, D) float32
    mirrored_view: NDArray[np.bool_]  # (N,) bool
    scores: NDArray[np.float32]  # (N,) float32, the mean of the keypoints' scores

    def features(self) -> NDArray[np.float32]:
        """Compute the (N, F) features."""
        features = get_feature_set(self.skeleton, self.keypoints.shape[-1])
        return np.asarray(features(self.keypoints, self.mirrored_view), np.float32)


def read_poses(store: Store, project_id: int, ids: Iterable[int]) -> Poses:
    """Read samples' keypoints in the order of the ids: x, y, z if the project trains on 3-D
    keypoints and all its samples have them, else pixels. Raise NotFoundError if one is missing."""
    project, of = store.find_project(project_id), t.samples.c
    size = skeleton_named(project.skeleton).size
    flat = select(of.id).where(of.project_id == project_id, ~t.has_keypoints(in_space=True))
    in_space = project.in_space and not store.fetch_all(flat.limit(1))
    columns = of.id, of.frames, t.keypoints_column(in_space), of.mirrored_view, of.scores
    rows: dict[int, Any] = {}
    wanted = [int(i) for i in dict.fromkeys(ids)]
    for chunk in split_ids(wanted):
        found = select(*columns).where(of.project_id == project_id, of.id.in_(chunk))
        rows |= {row[0]: row for row in store.fetch_all(found)}
    if len(rows) < len(wanted):
        raise NotFoundError(words("some samples are gone: reload and try again"))
    if not rows:
        nothing = np.empty((0, size, 3 if in_space else 2), np.float32)
        return Poses(project.skeleton, nothing, np.empty(0, bool), np.empty(0, np.float32))
    _, frames, keypoints, mirrored, scores = zip(*(rows[i] for i in wanted), strict=True)
    return Poses(
        project.skeleton,
        _join_middle_frames(keypoints, frames).reshape(len(rows), size, -1),
        np.array(mirrored, bool),
        _join_middle_frames(scores, frames).reshape(len(rows), size).mean(axis=1),
    )


def _join_middle_frames(blobs: Sequence[bytes], frames: Sequence[int]) -> NDArray[np.float32]:
    """Concatenate the numbers of each clip's middle frame to one flat array."""
    middles = []
    for blob, count in zip(blobs, frames, strict=True):
        frame_bytes = len(blob) // count
        start = count // 2 * frame_bytes
        middles.append(blob[start : start + frame_bytes])
    return to_floats(b"".join(middles))


@dataclass(frozen=True)
class SampleOrigin:
    """The gesture, person, session and recording of a sample; times are starts (ISO 8601, UTC)."""

    gesture: str
    emoji: str
    person: str
    session_id: int
    session_source: str
    session_at: str
    burst_id: int
    recording_at: str


def find_sample_origin(store: Store, sample_id: int) -> SampleOrigin:
    """Return a sample's origin; raise NotFoundError if the sample does not exist."""
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
        .select_from(t.SAMPLES_WITH_ORIGINS)
        .where(of.id == sample_id, store.is_own(of.project_id))
    )
    for row in store.fetch_all(found):
        return SampleOrigin(*row)
    raise NotFoundError(words("this sample is gone: reload and choose another"))
