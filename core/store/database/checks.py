"""Checks before samples enter a project or gesture: its skeleton, its kind, its keypoints' axes.

Still gestures have samples of one frame, moving gestures have clips.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.errors import KindError, NotFoundError, SkeletonError, StoreError
from core.store.database import schema as t
from core.store.rows import MOVING, NewSample, split_ids
from core.words import words

_AXES = {2: words("in the picture (x, y)"), 3: words("in space (x, y, z)")}
_SAMPLE = t.samples.c
_AXES_COUNT = func.length(_SAMPLE.keypoints) / func.length(_SAMPLE.scores)  # 4 bytes each


def check_recording(connection: Connection, session_id: int, gesture_id: int, owner: str) -> None:
    """Raise NotFoundError unless session and gesture belong to the same project of this owner."""
    session, gesture = t.sessions.c, t.gestures.c
    both = select(session.id).where(session.id == session_id, gesture.id == gesture_id)
    both = both.where(
        gesture.project_id == session.project_id, t.is_owned_by(session.project_id, owner)
    )
    if connection.execute(both).first() is None:
        raise NotFoundError(words("this session or gesture is gone: reload and choose another"))


def find_sample_home(connection: Connection, burst_id: int, owner: str) -> Any:
    """Return where a recording's samples belong: burst_id, project_id and gesture_id, the names of
    gesture and project, kind, skeleton and keypoints_only. Raise NotFoundError if the owner has no
    such recording, or its gesture, person or project is in the bin."""
    burst, session, project, gesture = t.bursts.c, t.sessions.c, t.projects.c, t.gestures.c
    found = (
        select(
            burst.id.label("burst_id"),
            session.project_id,
            burst.gesture_id,
            gesture.name.label("gesture"),
            gesture.kind,
            project.name.label("project"),
            project.skeleton,
            project.keypoints_only,
            t.persons.c.name.label("person"),
            gesture.deleted_at.label("gesture_deleted_at"),
            t.persons.c.deleted_at.label("person_deleted_at"),
            project.deleted_at.label("project_deleted_at"),
        )
        .select_from(t.bursts.join(t.sessions).join(t.gestures).join(t.persons))
        .join(t.projects, session.project_id == project.id)
        .where(burst.id == burst_id, project.owner == owner)
        .where(gesture.project_id == session.project_id)
    )
    home = connection.execute(found).first()
    if home is None:
        raise NotFoundError(f"no recording {burst_id}: start one first")
    for part in ("gesture", "person", "project"):
        if getattr(home, f"{part}_deleted_at") is not None:
            raise NotFoundError(
                words(
                    "“{name}” was deleted meanwhile: restore it, then go on",
                    name=getattr(home, part),
                )
            )
    return home


def check_samples(connection: Connection, home: Any, new: Sequence[NewSample]) -> None:
    """Raise KindError if new samples don't fit their gesture's kind, SkeletonError if they don't
    fit their project's skeleton or axes (see `check_axes`); `home` is of `find_sample_home`."""
    check_frame_counts(home.gesture, home.kind, [sample.frames for sample in new])
    other = {sample.skeleton for sample in new} - {home.skeleton}
    if other:
        raise SkeletonError(
            words(
                "these samples are {skeletons}, “{project}” takes {skeleton}: choose or create a "
                "project for them",
                skeletons=", ".join(sorted(other)),
                project=home.project,
                skeleton=home.skeleton,
            )
        )
    kinds = {(s.keypoints.shape[2], s.world is not None, s.estimator) for s in new}
    check_axes(connection, home.project_id, kinds)


def check_axes(connection: Connection, project_id: int, kinds: set[tuple[int, bool, str]]) -> None:
    """Check that new samples have as many axes as the project's samples; if all are x, y, z, set
    the project to train on 3-D keypoints.

    Args:
        kinds: of the new samples: number of axes, whether they have `world`, and their estimator.

    Raises:
        SkeletonError: other axes than the project's samples, or no 3-D keypoints although the
            project trains on them.
    """
    of = t.projects.c
    project = select(of.name, of.in_space).where(of.id == project_id)
    name, in_space = connection.execute(project).one()
    found = select(_AXES_COUNT).where(_SAMPLE.project_id == project_id)
    stored = {int(count) for count in connection.scalars(found.limit(1))}
    axes = {count for count, _, _ in kinds} | stored
    if len(axes) > 1:
        own = min(stored or axes)
        (other,) = axes - {own}
        raise SkeletonError(
            words(
                "these samples' keypoints are {axes}, those of “{project}” {own_axes}: choose or "
                "create a project for them",
                axes=_AXES[other],
                project=name,
                own_axes=_AXES[own],
            )
        )
    flat = sorted({estimator for count, world, estimator in kinds if count == 2 and not world})
    if in_space and flat:
        raise SkeletonError(
            words(
                "“{project}” learns from keypoints in space, which {estimators} does not find: "
                "choose other keypoints, or have the project learn from the picture",
                project=name,
                estimators=", ".join(flat),
            )
        )
    _train_in_space(connection, project_id, axes)


def check_imported_axes(connection: Connection, project_id: int) -> None:
    """Raise StoreError if an imported project mixes (x, y) and (x, y, z) samples; if all are x, y,
    z, set the project to train on 3-D keypoints."""
    found = select(_AXES_COUNT).where(_SAMPLE.project_id == project_id)
    axes = {int(count) for count in connection.scalars(found.distinct())}
    if len(axes) > 1:
        raise StoreError(words("some samples are in the picture (x, y), others in space (x, y, z)"))
    _train_in_space(connection, project_id, axes)


def _train_in_space(connection: Connection, project_id: int, axes: set[int]) -> None:
    """Set the project to train on 3-D keypoints if all its samples have three axes."""
    if axes == {3}:
        project = update(t.projects).where(t.projects.c.id == project_id)
        connection.execute(project.values(in_space=True))


def check_frame_counts(gesture: str, kind: str, counts: Iterable[int]) -> None:
    """Raise KindError if a moving gesture gets single frames, or a still gesture gets clips."""
    if any((count > 1) != (kind == MOVING) for count in counts):
        raise _make_kind_error(gesture, kind)


def check_stored_kinds(connection: Connection, *conditions: object) -> None:
    """Raise KindError if a sample outside the bin that meets the conditions is a clip of a still
    gesture, or a single frame of a moving gesture."""
    gesture = t.gestures.c
    found = select(gesture.name, gesture.kind).join_from(
        t.samples, t.gestures, _SAMPLE.gesture_id == gesture.id
    )
    wrong = (_SAMPLE.frames > 1) != (gesture.kind == MOVING)
    found = t.filter_deleted(found, t.samples).where(wrong, *conditions)
    row = connection.execute(found.limit(1)).first()
    if row is not None:
        raise _make_kind_error(row.name, row.kind)


def check_stored_ids(connection: Connection, ids: Iterable[int]) -> None:
    """Run `check_stored_kinds` on the samples with these ids."""
    for chunk in split_ids(ids):
        check_stored_kinds(connection, _SAMPLE.id.in_(chunk))


def _make_kind_error(gesture: str, kind: str) -> KindError:
    """Create the KindError that tells whether this gesture takes single frames or clips."""
    if kind == MOVING:
        return KindError(
            words(
                "“{gesture}” is a moving gesture: its samples are clips, and some of these are "
                "single frames; choose a gesture of their kind",
                gesture=gesture,
            )
        )
    return KindError(
        words(
            "“{gesture}” is a still gesture: its samples are single frames, and some of these are "
            "clips; choose a gesture of their kind",
            gesture=gesture,
        )
    )
