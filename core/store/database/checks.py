"""Whether samples go into a project: of its skeleton, with as many axes as its others, and with
keypoints in space where it learns from these (`learned` says which samples are)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.errors import NotFoundError, SkeletonError, StoreError
from core.gestures.features import feature_set
from core.store.database import schema as t
from core.store.database.transactions import Database
from core.store.learned import NO_SPACE, SPACE_ALONE, has_axes
from core.store.rows import NewSample, Project

_AXES = {2: "in the picture (x, y)", 3: "in space (x, y, z)"}
_OF = t.samples.c
_AXES_COUNT = func.length(_OF.keypoints) / func.length(_OF.scores)  # 4 bytes each


def check_recording(connection: Connection, session_id: int, gesture_id: int, owner: str) -> None:
    """Before a recording of the gesture begins in the session.

    Raises:
        NotFoundError: one of them is gone, or they are not of one project of the owner's.
    """
    session, gesture = t.sessions.c, t.gestures.c
    both = select(session.id).where(session.id == session_id, gesture.id == gesture_id)
    both = both.where(gesture.project_id == session.project_id, t.owned(session.project_id, owner))
    if connection.execute(both).first() is None:
        raise NotFoundError("this session or gesture is gone: reload and choose another")


def home_of(connection: Connection, burst_id: int, owner: str) -> tuple[dict[str, int], str, str]:
    """The columns of a sample that say where it belongs; its gesture's name and kind.

    Raises:
        NotFoundError: nowhere, to another owner's, or to something that is in the bin.
    """
    of, session = t.bursts.c, t.sessions.c
    owners = (t.gestures, t.persons, t.projects)
    names = [part for table in owners for part in (table.c.name, table.c.deleted_at)]
    names.append(t.gestures.c.kind)
    found = (
        select(session.project_id, of.gesture_id, *names)
        .join_from(t.bursts, t.sessions, of.session_id == session.id)
        .join(t.gestures, of.gesture_id == t.gestures.c.id)
        .join(t.persons, session.person_id == t.persons.c.id)
        .join(t.projects, session.project_id == t.projects.c.id)
    )
    found = found.where(of.id == burst_id, t.projects.c.owner == owner)
    found = found.where(t.gestures.c.project_id == session.project_id)
    row = connection.execute(found).first()
    if row is None:
        raise NotFoundError(f"no recording {burst_id}: start one first")
    for name, deleted_at in (row[2:4], row[4:6], row[6:8]):
        if deleted_at is not None:
            raise NotFoundError(f"“{name}” was deleted meanwhile: bring it back, then go on")
    return {"burst_id": burst_id, "project_id": row[0], "gesture_id": row[1]}, row[2], row.kind


def check_samples(connection: Connection, project_id: int, new: Sequence[NewSample]) -> bool:
    """Whether the project keeps keypoints only.

    Raises:
        SkeletonError: samples of another skeleton than its own, in the picture where its others
            are in space, or without keypoints in space where it learns from these.
    """
    of = t.projects.c
    found = select(of.name, of.skeleton, of.keypoints_only).where(of.id == project_id)
    name, skeleton, keypoints_only = connection.execute(found).one()
    odd = {sample.skeleton for sample in new} - {skeleton}
    if odd:
        raise SkeletonError(
            f"these samples are {', '.join(sorted(odd))}, “{name}” takes {skeleton}: choose or "
            "make a project for them"
        )
    kinds = {(s.keypoints.shape[2], s.world is not None, s.estimator) for s in new}
    check_axes(connection, project_id, kinds)
    return bool(keypoints_only)


def check_axes(connection: Connection, project_id: int, kinds: set[tuple[int, bool, str]]) -> None:
    """What compares a project's samples needs the same numbers of each. A project whose first
    samples are in space alone learns from these, from now on.

    Args:
        kinds: of new samples: axes of their keypoints, whether `world` is beside them, and who
            found them.

    Raises:
        SkeletonError: they don't go with the project's.
    """
    of = t.projects.c
    name, in_space = connection.execute(
        select(of.name, of.in_space).where(of.id == project_id)
    ).one()
    there = connection.execute(select(_AXES_COUNT).where(_OF.project_id == project_id).limit(1))
    before = {int(axes) for axes in there.scalars()}
    axes = {kind[0] for kind in kinds} | before
    if len(axes) > 1:
        own = min(before or axes)
        (other,) = axes - {own}
        raise SkeletonError(
            f"these samples' keypoints are {_AXES[other]}, those of “{name}” {_AXES[own]}: choose "
            "or make a project for them"
        )
    flat = sorted({whose for count, beside, whose in kinds if count == 2 and not beside})
    if in_space and flat:
        raise SkeletonError(
            f"“{name}” learns from keypoints in space, which {', '.join(flat)} does not find: "
            "choose other keypoints, or have the project learn from the picture"
        )
    if axes == {3} and not in_space:
        connection.execute(update(t.projects).where(of.id == project_id).values(in_space=True))


def check_same_axes(connection: Connection, project_id: int) -> None:
    """After a whole project came in.

    Raises:
        StoreError: some of its samples' own keypoints are in the picture, others in space.
    """
    numbers = select(_AXES_COUNT).where(_OF.project_id == project_id).distinct()
    if len(connection.execute(numbers).all()) > 1:
        raise StoreError("some samples are in the picture (x, y), others in space (x, y, z)")


def settle_axes(connection: Connection, project_id: int) -> None:
    """A project with samples in space alone learns from these."""
    of = t.projects.c
    such = select(_OF.project_id).where(_OF.project_id == project_id, SPACE_ALONE)
    connection.execute(update(t.projects).where(of.id.in_(such)).values(in_space=True))


def learn_in_space(store: Database, project: Project, in_space: bool) -> None:
    """Have the project learn from keypoints in space, or from those in the picture, from now on;
    nothing where it does so already. It can be undone.

    Raises:
        SkeletonError: its skeleton has no features in space, or its samples are in space alone.
        NotFoundError: it has samples, and none of them in space.
    """
    if project.in_space == in_space:
        return
    with store.reading() as connection:
        _check_choice(connection, project, in_space)
    where = "in space" if in_space else "in the picture"
    store.change(
        t.projects, [project.id], f"“{{}}” learns from keypoints {where}", in_space=in_space
    )


def _check_choice(connection: Connection, project: Project, in_space: bool) -> None:
    if in_space:
        feature_set(project.skeleton, 3)
    own = (_OF.project_id == project.id) & _OF.deleted_at.is_(None)

    def some(condition: Any) -> bool:
        return connection.execute(select(_OF.id).where(own, condition).limit(1)).first() is not None

    if in_space and some(~SPACE_ALONE) and not some(has_axes(in_space=True)):
        raise NotFoundError(NO_SPACE)
    if not in_space and some(SPACE_ALONE):
        raise SkeletonError(
            f"the samples of “{project.name}” are in space alone: there is nothing in the picture "
            "to learn from"
        )
