"""Which samples a project learns from, and which of their keypoints.

A sample is in space in one of two ways: its own keypoints are x, y, z, as a table of these has
them; or they are x, y in a picture and `world` stands beside them, as a camera's have it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select

from core.pose.finders import finders_of, keypoints_of_all
from core.store.database import schema as t
from core.store.database.transactions import Database

_OF = t.samples.c
SPACE_ALONE = func.length(_OF.keypoints) == 3 * func.length(_OF.scores)  # 4 bytes each
NO_SPACE = (
    "the project has no samples with keypoints in space: record some with MediaPipe or a depth "
    "camera, or import a table that has them"
)


def has_axes(in_space: bool) -> Any:
    """The condition that a sample has keypoints in space, or in the picture."""
    return _OF.world.is_not(None) | SPACE_ALONE if in_space else ~SPACE_ALONE


def keypoints_of(in_space: bool) -> Any:
    """The column of these."""
    return func.coalesce(_OF.world, _OF.keypoints) if in_space else _OF.keypoints


def counted_estimators(project_id: int, gesture_ids: Sequence[int] | None = None) -> Any:
    """Rows of estimator and number of samples outside the bin, the most frequent first."""
    counts = select(_OF.estimator, func.count()).where(_OF.project_id == project_id)
    counts = t.in_bin(counts, t.samples)
    if gesture_ids is not None:
        counts = counts.where(_OF.gesture_id.in_(gesture_ids))
    return counts.group_by(_OF.estimator).order_by(func.count().desc(), _OF.estimator)


def counted_able(project_id: int, gesture_ids: Sequence[int], in_space: bool) -> Any:
    """Rows of estimator, number of samples outside the bin, and how many of these have such
    keypoints, the most frequent of the latter first; read in one go."""
    able = func.count(case((has_axes(in_space), 1)))
    counts = select(_OF.estimator, func.count(), able).where(_OF.project_id == project_id)
    counts = t.in_bin(counts.where(_OF.gesture_id.in_(gesture_ids)), t.samples)
    return counts.group_by(_OF.estimator).order_by(able.desc(), _OF.estimator)


def usual_finders(
    store: Database, project_id: int, gesture_ids: Sequence[int], in_space: bool
) -> tuple[str, ...]:
    """Whose keypoints are learned where nobody says it."""
    rows = store.rows(counted_able(project_id, gesture_ids, in_space))
    return usual_of([name for name, _, able in rows if able], in_space)


def usual_of(able: Sequence[str], in_space: bool) -> tuple[str, ...]:
    """Of those who found such keypoints, the most frequent first: those in space are alike, in the
    picture they are of one estimator, the most frequent."""
    return keypoints_of_all(able[: None if in_space else 1])


def training_rows(
    project_id: int,
    gesture_ids: Sequence[int],
    estimators: Sequence[str],
    in_space: bool,
    *,
    clips: bool,
) -> Any:
    """Rows as `rows.to_training_data` takes them, outside the bin: of clips or of single frames."""
    burst, session = t.bursts.c, t.sessions.c
    return (
        select(
            _OF.id,
            _OF.gesture_id,
            keypoints_of(in_space),
            _OF.mirrored_view,
            t.persons.c.name,
            burst.session_id,
            _OF.burst_id,
            _OF.frames,
            _OF.times,
            _OF.estimator,
        )
        .join_from(t.samples, t.bursts, _OF.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .join(t.persons, session.person_id == t.persons.c.id)
        .where(_OF.project_id == project_id, _OF.deleted_at.is_(None))
        .where(_OF.estimator.in_(finders_of(estimators)), _OF.gesture_id.in_(gesture_ids))
        .where(_OF.frames > 1 if clips else _OF.frames == 1)
        .where(has_axes(in_space))
        .order_by(_OF.id)
    )
