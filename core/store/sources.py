"""Where a project's samples come from, as a model trained on them remembers it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from core.pose.finders import finders_of
from core.store import schema as t
from core.store.learned import counted_able, usual_of
from core.store.store import Store


def origin_of(store: Store, project_id: int, estimators: Sequence[str]) -> dict[str, Any]:
    """Samples per source and per version of who found them, and the first and last day of
    recording, of the enabled gestures' samples by these estimators; ready for JSON.
    """
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    enabled = [gesture.id for gesture in store.gestures(project_id, enabled_only=True)]
    found = (
        select(
            session.source,
            of.estimator_version,
            func.count(),
            func.min(of.taken_at),
            func.max(of.taken_at),
        )
        .join_from(t.samples, t.bursts, of.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .where(of.project_id == project_id, of.deleted_at.is_(None))
        .where(of.estimator.in_(finders_of(estimators)), of.gesture_id.in_(enabled))
        .group_by(session.source, of.estimator_version)
    )
    sources: dict[str, int] = {}
    versions: dict[str, int] = {}
    days: list[str] = []
    for source, version, n, first, last in store.rows(found):
        sources[source] = sources.get(source, 0) + n
        versions[version or "not known"] = versions.get(version or "not known", 0) + n
        days += [first[:10], last[:10]]
    return {
        "sources": _most(sources),
        "estimator_versions": _most(versions),
        "recorded": [min(days), max(days)] if days else None,
    }


def left_out(store: Store, project_id: int) -> dict[str, int]:
    """Samples of the enabled gestures that `Store.training_data` leaves out, by estimator."""
    _, in_space = store.learned_keypoints(project_id)
    enabled = [gesture.id for gesture in store.gestures(project_id, enabled_only=True)]
    rows = store.rows(counted_able(project_id, enabled, in_space))
    usual = finders_of(usual_of([name for name, _, able in rows if able], in_space))
    left = {name: n - able * (name in usual) for name, n, able in rows}
    return {name: n for name, n in left.items() if n}


def _most(counts: dict[str, int], kept: int = 100) -> dict[str, int]:
    """The most frequent first; the rest as one."""
    order = sorted(counts.items(), key=lambda pair: -pair[1])
    others = sum(n for _, n in order[kept:])
    shown = {name[:300]: n for name, n in order[:kept]}
    return shown | ({"others": others} if others else {})
