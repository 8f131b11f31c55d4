"""What the tests of several rooms write to a store and read from it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from core.store import NewSample, Project, Store
from core.store.learned import count_estimators


def start_recording(
    store: Store, project: Project, gesture: str = "ok", person: str = "me", source: str = "webcam"
) -> int:
    """Start a recording of one of the project's gestures, in a session of its own."""
    [gesture_id] = [one.id for one in store.gestures(project.id) if one.name == gesture]
    session = store.start_session(project.id, store.ensure_person(project.id, person).id, source)
    return store.start_recording(session, gesture_id)


def record(store: Store, project: Project, new: Sequence[NewSample], *where: str) -> list[int]:
    """Store samples in a recording of their own, see `start_recording`; return their ids."""
    return store.add_samples(start_recording(store, project, *where), new)


def count_by_gesture(store: Store, project: Project) -> dict[str, int]:
    """Count a project's samples per gesture that has any."""
    return {row.gesture.name: row.samples for row in store.overview(project.id) if row.samples}


def count_by_estimator(store: Store, project_id: int) -> dict[str, int]:
    """Count a project's samples per estimator."""
    counts = count_estimators(store, project_id, None, in_space=False)
    return {count.estimator: count.samples for count in counts}


def run_at_once(*acts: Callable[[], object]) -> None:
    """Run these in a thread each, all together, and raise the first one's error."""
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            done.result()
