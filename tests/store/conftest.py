"""Samples, recordings and gestures for the tests of the store and of what reads it."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.store import NewSample
from tests.support.stored import record


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where the test's store is, on either kind of database."""
    if request.param == "sqlite":
        return tmp_path / "mudra.db"
    return request.getfixturevalue("postgresql_url")


def run_sql(path, *statements) -> list:
    """Run statements on a database's file; the last one's rows."""
    with closing(sqlite3.connect(path)) as database, database:
        return [database.execute(statement).fetchall() for statement in statements][-1]


only_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


def sample(seed: int = 0, **changes) -> NewSample:
    rng = np.random.default_rng(seed)
    values = {
        "keypoints": rng.normal(100, 40, (21, 2)).astype(np.float32),
        "scores": np.ones(21, np.float32),
        "source": "webcam",
        "mirrored_view": True,
        "estimator": "mediapipe-hands",
    }
    return NewSample(**values | changes)


def clip(frames=4) -> NewSample:
    """A hand that is still for so many frames."""
    scores = np.ones((frames, 21), np.float32)
    keypoints = np.ones((frames, 21, 2), np.float32)
    return sample(keypoints=keypoints, scores=scores, times_s=np.arange(frames) / 30)


def person(seed=0, frames=1, **changes) -> NewSample:
    """A body's 33 keypoints, a clip of them where there are several frames."""
    rng = np.random.default_rng(seed)
    values = {
        "keypoints": rng.normal(200, 60, (frames, 33, 2)).astype(np.float32),
        "scores": rng.random((frames, 33), np.float32),
        "estimator": "mediapipe-pose",
        "skeleton": "body_33",
    }
    return sample(**values | changes)


def count(store, project) -> int:
    return sum(o.samples for o in store.overview(project.id))


def take(store, project, gesture="ok", person="me", n=3):
    """Ids of n samples in a recording of a session of their own."""
    return record(store, project, [sample()] * n, gesture, person)


def gesture_id(store, project, name):
    return gesture(store, project, name).id


def names(store, project):
    return [g.name for g in store.gestures(project.id)]


def gesture(store, project, name):
    return next(g for g in store.gestures(project.id) if g.name == name)


def undo_latest(store, project) -> int:
    return store.undo(store.list_history(project.id)[0].id)
