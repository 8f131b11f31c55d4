"""Which samples a project trains on, and where they come from.

2-D keypoints of different estimators can't be mixed, so those of the most frequent estimator
are used; 3-D keypoints can: x, y, z of a table, or the `world` next to a camera's x, y.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from core.errors import NotFoundError, SkeletonError
from core.gestures.features import get_feature_set
from core.pose.finders import finders_of, keypoints_of_all
from core.store.database import schema as t
from core.store.database.transactions import Database
from core.store.rows import Project
from core.words import mark, words

NOTHING_IN_SPACE = words(
    "the project has no samples with keypoints in space: record some with MediaPipe or a depth "
    "camera, or import a table that has them"
)
_MAX_NAMES = 100  # of sources in a model's metadata
_SAMPLE = t.samples.c


@dataclass(frozen=True)
class EstimatorCount:
    """Numbers of samples of one estimator: all, and those with the wanted keypoints."""

    estimator: str
    samples: int
    usable: int


def count_estimators(
    store: Database, project_id: int, gesture_ids: Sequence[int] | None, in_space: bool
) -> list[EstimatorCount]:
    """Count each estimator's usable samples, of these gestures or (if None) of all; most first."""
    usable = func.count(case((t.has_keypoints(in_space), 1)))
    counts = select(_SAMPLE.estimator, func.count(), usable).where(
        _SAMPLE.project_id == project_id, store.is_own(_SAMPLE.project_id)
    )
    counts = t.filter_deleted(counts, t.samples).group_by(_SAMPLE.estimator)
    if gesture_ids is not None:
        counts = counts.where(_SAMPLE.gesture_id.in_(gesture_ids))
    rows = store.fetch_all(counts.order_by(usable.desc(), _SAMPLE.estimator))
    return [EstimatorCount(*row) for row in rows]


def choose_estimators(counts: Sequence[EstimatorCount], in_space: bool) -> tuple[str, ...]:
    """Choose the default estimators to train on: for 3-D keypoints, all with usable samples; for
    2-D keypoints, only the first of `counts`, the most frequent one."""
    usable = [count.estimator for count in counts if count.usable]
    return keypoints_of_all(usable if in_space else usable[:1])


def build_training_query(
    project_id: int,
    gesture_ids: Sequence[int],
    estimators: Sequence[str],
    in_space: bool,
    *,
    clips: bool,
) -> Any:
    """Build the query for training samples, with the columns of `rows.to_training_data`."""
    return (
        select(
            _SAMPLE.id,
            _SAMPLE.gesture_id,
            t.keypoints_column(in_space),
            _SAMPLE.mirrored_view,
            t.persons.c.name,
            t.bursts.c.session_id,
            _SAMPLE.burst_id,
            _SAMPLE.frames,
            _SAMPLE.times,
            _SAMPLE.estimator,
        )
        .select_from(t.SAMPLES_WITH_SESSIONS.join(t.persons))
        .where(_SAMPLE.project_id == project_id, _SAMPLE.deleted_at.is_(None))
        .where(_SAMPLE.estimator.in_(finders_of(estimators)), _SAMPLE.gesture_id.in_(gesture_ids))
        .where(_SAMPLE.frames > 1 if clips else _SAMPLE.frames == 1)
        .where(t.has_keypoints(in_space))
        .order_by(_SAMPLE.id)
    )


def set_train_in_space(store: Database, project: Project, in_space: bool) -> None:
    """Set whether the project trains on 3-D keypoints (x, y, z) or on keypoints in the picture; can
    be undone. Raises SkeletonError: its skeleton has no 3-D features, or its samples have only 3-D
    keypoints; NotFoundError: it has samples, but none with 3-D keypoints."""
    if project.in_space == in_space:
        return
    if in_space:
        get_feature_set(project.skeleton, 3)

    def has_samples(condition: Any) -> bool:
        own = _SAMPLE.project_id == project.id, _SAMPLE.deleted_at.is_(None), condition
        return bool(store.fetch_all(select(_SAMPLE.id).where(*own).limit(1)))

    if in_space and has_samples(~t.IN_SPACE_ONLY) and not has_samples(t.has_keypoints(True)):
        raise NotFoundError(NOTHING_IN_SPACE)
    if not in_space and has_samples(t.IN_SPACE_ONLY):
        raise SkeletonError(
            words(
                "the samples of “{project}” are in space alone: there is nothing in the picture to "
                "learn from",
                project=project.name,
            )
        )
    title = mark("“{name}” learns from keypoints in the picture")
    if in_space:
        title = mark("“{name}” learns from keypoints in space")
    store.update_rows(t.projects, [project.id], title, in_space=in_space)


def summarise_origin(store: Database, project_id: int, ids: Iterable[int]) -> dict[str, Any]:
    """Return, ready for JSON, the samples' counts per source and per estimator version, and the
    first and last day of recording."""
    found = (
        select(_SAMPLE.id, t.sessions.c.source, _SAMPLE.estimator_version, _SAMPLE.taken_at)
        .select_from(t.SAMPLES_WITH_SESSIONS)
        .where(_SAMPLE.project_id == project_id, _SAMPLE.deleted_at.is_(None))
    )
    wanted = {int(i) for i in ids}
    rows = [row for row in store.fetch_all(found) if row.id in wanted]
    days = sorted({row.taken_at[:10] for row in rows})
    versions = (row.estimator_version or "not known" for row in rows)
    return {
        "sources": limit_names(Counter(row.source for row in rows)),
        "estimator_versions": limit_names(Counter(versions)),
        "recorded": [days[0], days[-1]] if days else None,
    }


def limit_names(counts: Counter[str]) -> dict[str, int]:
    """Return the hundred largest counts, largest first, with the sum of the rest as "others"."""
    shown = {name[:300]: count for name, count in counts.most_common(_MAX_NAMES)}
    others = counts.total() - sum(counts[name] for name, _ in counts.most_common(_MAX_NAMES))
    return shown | ({"others": others} if others else {})
