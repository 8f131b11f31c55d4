"""Whether samples go into a project: of its skeleton, with as many axes as its others."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from core.errors import SkeletonError
from core.store import schema as t
from core.store.rows import NewSample


def check_samples(connection: Connection, project_id: int, new: Sequence[NewSample]) -> bool:
    """Whether the project keeps keypoints only.

    Raises:
        SkeletonError: samples of another skeleton than its own, or in the picture where its others
            are in space.
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
    _check_axes(connection, project_id, str(name), new)
    return bool(keypoints_only)


_AXES = {2: "in the picture (x, y)", 3: "in space (x, y, z)"}


def _check_axes(
    connection: Connection, project_id: int, name: str, new: Sequence[NewSample]
) -> None:
    """What compares a project's samples needs the same numbers of each."""
    of = t.samples.c
    numbers = func.length(of.keypoints) / func.length(of.scores)  # 4 bytes each
    there = connection.execute(select(numbers).where(of.project_id == project_id).limit(1)).scalar()
    axes = {sample.keypoints.shape[2] for sample in new} | ({int(there)} if there else set())
    if len(axes) > 1:
        own = int(there) if there else min(axes)
        (other,) = axes - {own}
        raise SkeletonError(
            f"these samples' keypoints are {_AXES[other]}, those of “{name}” {_AXES[own]}: choose "
            "or make a project for them"
        )
