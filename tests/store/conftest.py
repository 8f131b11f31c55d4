"""Samples, recordings and gestures for the tests of the store and of what reads it."""

import numpy as np
import pytest

from core.store import NewSample


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where the test's store is, on either kind of database."""
    if request.param == "sqlite":
        return tmp_path / "mudra.db"
    return request.getfixturevalue("postgresql_url")


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


def burst(store, project, gesture: str = "ok", person: str = "me") -> int:
    who = store.ensure_person(project.id, person)
    session = store.start_session(project.id, who.id, "webcam")
    named = {g.name: g.id for g in store.gestures(project.id)}
    return store.start_recording(session, named[gesture])


def count(store, project) -> int:
    return sum(o.samples for o in store.overview(project.id))


def take(store, project, gesture="ok", person="me", n=3):
    """Ids of n samples in a recording of a session of their own."""
    who = store.ensure_person(project.id, person)
    session = store.start_session(project.id, who.id, "webcam")
    burst = store.start_recording(session, gesture_id(store, project, gesture))
    hand = np.zeros((21, 2), np.float32)
    one = NewSample(hand, np.ones(21, np.float32), "webcam", True, "mediapipe-hands")
    return store.add_samples(burst, [one] * n)


def gesture_id(store, project, name):
    return next(g.id for g in store.gestures(project.id) if g.name == name)


def names(store, project):
    return [g.name for g in store.gestures(project.id)]


def gesture(store, project, name):
    return next(g for g in store.gestures(project.id) if g.name == name)


def undo_latest(store, project) -> int:
    return store.undo(store.list_history(project.id)[0].id)
