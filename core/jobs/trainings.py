"""The trainings of this process: begun here, stopped here; everything else is in the run's folder,
so that a reloaded page, another tab or the command line sees the same."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import TrainingError
from core.gestures.data import CLASSIFIERS, GestureData
from core.gestures.model.gesture_model import METADATA, MODEL
from core.jobs.owners import belongs_to, owner_of
from core.learning.runs import DEAD, FAILED, RUNNING, Run, list_runs
from core.paths import Paths
from core.store import Store
from core.store.sources import origin_of

__all__ = [
    "ADVICE",
    "CLASSIFIERS",
    "KIND",
    "SPLITS",
    "TrainingManager",
    "failure_of",
    "has_model",
    "result_of",
    "train_here",
]

KIND, TRAINING = "kind", "training"  # what a run is; its start says so where it is no training

SPLITS = {
    "person": "other people than those it was trained on",
    "session": "other sessions of the same people",
    "burst": "other recordings of the same sessions",
    "tail": "the last fifth of each recording",
}
_NEW_PEOPLE = "With two persons or more, leaving each out once says how new people will do."
ADVICE = {  # per split that says little about new people: why, and what to do about it
    "session": "This number is optimistic: the model has seen the same people. Let another person "
    f"record every gesture. {_NEW_PEOPLE}",
    "burst": "This number is optimistic: the model has seen the same session, with the same light. "
    f"Record every gesture again at another time, best with another person. {_NEW_PEOPLE}",
    "tail": "This number is very optimistic: the model has seen the frames just before. Record "
    f"every gesture at least twice, best with another person. {_NEW_PEOPLE}",
}


class TrainingManager:
    """Shared by all visitors of one server."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self._store, self._paths = store, paths
        self._lock = threading.Lock()
        self._threads: dict[str, Any] = {}

    def begin(self, project: str, *, seed: int = 0, epochs: int = 40) -> Run:
        """Start training on the project's samples, in a thread.

        Raises:
            TrainingError: a training of the project runs already.
            NotFoundError: no such project.
        """
        data, origin = _material(self._store, project)
        about = self.owner(project) | {"origin": origin}
        return self.start(project, lambda: _start(data, self._paths, about, "mlp", seed, epochs))

    def start(self, project: str, begin: Callable[[], Any]) -> Run:
        """Begin a thread that works on a run of the project, unless one works already.

        Raises:
            TrainingError: one does.
        """
        with self._lock:
            if self.running(project) is not None:
                raise TrainingError(f"“{project}” is being trained already: wait or stop it")
            thread = begin()
            self._threads[thread.run.name] = thread
        return Run(thread.run.path)

    def thread(self, run: Run) -> Any:
        """The thread that works, or has worked, on a run of this process."""
        return self._threads[run.name]

    def data(self, project: str, estimator: str | None = None) -> GestureData:
        """The project's samples to learn from.

        Raises:
            NotFoundError: no such project.
        """
        return self._store.training_data(self._store.project(project).id, estimator=estimator)

    def owner(self, project: str) -> dict[str, Any]:
        """What a run of the project remembers of it.

        Raises:
            NotFoundError: no such project.
        """
        return owner_of(self._store.project(project))

    @property
    def folder(self) -> Path:
        """Where runs lie."""
        return self._paths.runs

    def running(self, project: str) -> Run | None:
        """The project's training or measurement that is under way, by whomever it was begun."""
        owner = self._store.project(project)
        runs = (run for run in list_runs(self.folder) if belongs_to(run, owner))
        return next((run for run in runs if run.status() == RUNNING), None)

    def runs(self, project: str, kind: str = TRAINING) -> list[Run]:
        """The project's trainings, or its measurements of a kind, newest first."""
        owner = self._store.project(project)
        runs = [run for run in list_runs(self.folder) if belongs_to(run, owner)]
        return [run for run in runs if run.about().get(KIND, TRAINING) == kind]

    def run(self, name: str) -> Run:
        """A training by its name."""
        return Run.open(self._paths.runs / name)

    def can_stop(self, run: Run) -> bool:
        """Whether it runs in this process."""
        thread = self._threads.get(run.name)
        return thread is not None and thread.alive

    def stop_all(self, wait_s: float = 10.0) -> None:
        """End all that this process trains, and wait a little for it."""
        with self._lock:
            threads = [thread for thread in self._threads.values() if thread.alive]
        for thread in threads:
            thread.stop()
        for thread in threads:
            thread.wait(wait_s)

    def stop(self, run: Run) -> None:
        """End it after the present epoch; the best epoch is kept.

        Raises:
            TrainingError: it runs in another process.
        """
        if not self.can_stop(run):
            raise TrainingError(f"{run.name} runs in another process: stop it where it was begun")
        self._threads[run.name].stop()


def train_here(
    store: Store,
    paths: Paths,
    project: str,
    *,
    classifier: str = "mlp",
    seed: int = 0,
    epochs: int = 40,
    estimator: str | None = None,
    progress: Callable[[int, int], None],
) -> tuple[Any, Run]:
    """Train and wait for the end; an interrupt ends it early and keeps the best epoch.

    Returns:
        The training's `TrainResult` and its run.

    Raises:
        MudraError: what went wrong.
    """
    data, origin = _material(store, project, estimator)
    about = owner_of(store.project(project)) | {"origin": origin}
    thread = _start(data, paths, about, classifier, seed, epochs)
    while thread.alive:
        try:
            thread.wait(0.2)
        except KeyboardInterrupt:
            thread.stop()
        done = thread.run.records("epoch")
        progress(done[-1]["epoch"] if done else 0, epochs)
    if thread.error is not None:
        raise thread.error
    return thread.result, thread.run


def _material(
    store: Store, project: str, estimator: str | None = None
) -> tuple[GestureData, dict[str, Any]]:
    """What there is to learn from, and where it comes from."""
    project_id = store.project(project).id
    data = store.training_data(project_id, estimator=estimator)
    return data, origin_of(store, project_id, data.estimator)


def _start(
    data: GestureData,
    paths: Paths,
    about: dict[str, Any],
    classifier: str,
    seed: int,
    epochs: int,
) -> Any:
    """The thread of a new training, with what its run is to remember."""
    # torch takes seconds to load and is needed by nothing before this
    from core.gestures.training.learner import TrainOptions, start_training

    options = TrainOptions(classifier, seed=seed, epochs=epochs)
    run = Run.create(
        paths.runs, classifier=classifier, seed=seed, epochs=epochs, samples=len(data), **about
    )
    return start_training(data, run, options)


def has_model(run: Run) -> bool:
    """Whether the run left a model that can be used."""
    return (run.path / MODEL).is_file() and (run.path / METADATA).is_file()


def result_of(run: Run) -> dict[str, Any] | None:
    """The run's result record, None while there is none."""
    results = run.records("result")
    return results[-1] if results else None


def failure_of(run: Run) -> str:
    """Why the run failed or died; "" when it did neither."""
    status = run.status()
    if status == DEAD:
        return "Mudra was stopped, or ran out of memory, while it trained: train again"
    ends = run.records("end")
    return str(ends[-1].get("message", "")) if ends and status == FAILED else ""
