"""The trainings of this process: begun here, stopped here; everything else is in the run's folder,
so that a reloaded page, another tab or the command line sees the same."""

import threading
from collections.abc import Callable
from typing import Any

from core.errors import TrainingError
from core.gestures.data import CLASSIFIERS, GestureData
from core.gestures.model import METADATA, MODEL
from core.learning.runs import RUNNING, Run, list_runs
from core.studio.places import Places
from core.studio.provenance import origin_of
from core.studio.store import Store

__all__ = [
    "CLASSIFIERS",
    "SPLITS",
    "TrainingRoom",
    "failure_of",
    "has_model",
    "result_of",
    "train_here",
]

SPLITS = {
    "person": "other people than those it learned from",
    "session": "other sessions of the same people: new people may do worse",
    "burst": "other recordings of the same session: optimistic",
    "tail": "the last fifth of each recording: very optimistic, record every gesture twice",
}


class TrainingRoom:
    """Shared by all visitors of one server."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store, self._places = store, places
        self._lock = threading.Lock()
        self._threads: dict[str, Any] = {}

    def begin(self, project: str, *, seed: int = 0, epochs: int = 40) -> Run:
        """Start training on the project's samples, in a thread.

        Raises:
            TrainingError: a training of the project runs already.
            NotFoundError: no such project.
        """
        data, origin = _material(self._store, project)
        with self._lock:
            if self.running(project) is not None:
                raise TrainingError(f"“{project}” is being trained already: wait or stop it")
            about = {"project": project, "origin": origin}
            thread = _start(data, self._places, about, "mlp", seed, epochs)
            self._threads[thread.run.name] = thread
        return thread.run

    def running(self, project: str) -> Run | None:
        """The project's training that is under way, by whomever it was begun."""
        return next((run for run in self.runs(project) if run.status() == RUNNING), None)

    def runs(self, project: str) -> list[Run]:
        """The project's trainings, newest first."""
        return [run for run in list_runs(self._places.runs) if _project_of(run) == project]

    def run(self, name: str) -> Run:
        """A training by its name."""
        return Run.open(self._places.runs / name)

    def can_stop(self, run: Run) -> bool:
        """Whether it runs in this process."""
        thread = self._threads.get(run.name)
        return thread is not None and thread.alive

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
    places: Places,
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
    about = {"project": project, "origin": origin}
    thread = _start(data, places, about, classifier, seed, epochs)
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
    data: GestureData, places: Places, about: dict[str, Any], classifier: str, seed: int,
    epochs: int,
) -> Any:  # fmt: skip
    """The thread of a new training, with what its run is to remember."""
    # torch takes seconds to load and is needed by nothing before this
    from core.gestures.training import TrainOptions, start_training

    options = TrainOptions(classifier, seed=seed, epochs=epochs)
    run = Run.create(
        places.runs, classifier=classifier, seed=seed, epochs=epochs, samples=len(data), **about
    )  # fmt: skip
    return start_training(data, run, options)


def _project_of(run: Run) -> str | None:
    starts = run.records("start")  # none yet while another process is just writing the line
    return starts[0].get("project") if starts else None


def has_model(run: Run) -> bool:
    """Whether the run left a model that can be used."""
    return (run.path / MODEL).is_file() and (run.path / METADATA).is_file()


def result_of(run: Run) -> dict[str, Any] | None:
    """The run's result record, None while there is none."""
    results = run.records("result")
    return results[-1] if results else None


def failure_of(run: Run) -> str:
    """Why the run failed; "" when it did not."""
    ends = run.records("end")
    return str(ends[-1].get("message", "")) if ends else ""
