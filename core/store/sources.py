"""Where a project's samples come from, as a model trained on them remembers it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from core.pose.finders import finders_of
from core.store.database import schema as t
from core.store.learned import counted_able, usual_of
from core.store.store import Store


def origin_of(store: Store, project_id: int, ids: Iterable[int]) -> dict[str, Any]:
    """Of the project's samples with these ids: how many per source and per version of who found
    them, and the first and last day of recording; ready for JSON."""
    of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
    found = (
        select(of.id, session.source, of.estimator_version, of.taken_at)
        .join_from(t.samples, t.bursts, of.burst_id == burst.id)
        .join(t.sessions, burst.session_id == session.id)
        .where(of.project_id == project_id, of.deleted_at.is_(None))
    )
    wanted = {int(i) for i in ids}
    rows = [row for row in store.rows(found) if row.id in wanted]
    days = sorted({row.taken_at[:10] for row in rows})
    return {
        "sources": _most(Counter(row.source for row in rows)),
        "estimator_versions": _most(Counter(row.estimator_version or "not known" for row in rows)),
        "recorded": [days[0], days[-1]] if days else None,
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
