"""The trainings of this process: begun here, stopped here; everything else is in the run's folder,
so that a reloaded page, another tab or the command line sees the same."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import NotFoundError, TrainingError
from core.gestures.data import GestureData
from core.gestures.evaluation.protocol import Protocol
from core.gestures.labels import format_count
from core.gestures.loading import load_before_scipy
from core.jobs.answering import answering, follow
from core.jobs.owners import belongs_to, owner_of
from core.paths import Paths
from core.pose.finders import keypoints_of_all
from core.store import Project, Store
from core.store.learned import summarise_origin
from core.training.runs import DEAD, DONE, FAILED, REPLACED, RUNNING, STOPPED, Run, list_runs

KIND, TRAINING = "kind", "training"  # what a run is; its start says so where it is no training
MOTIONS_ORIGIN = "motions_origin"  # of the clips that are learned beside still samples
AUTOMATIC, KEPT = "automatic", 3  # so many trainings of those that nobody asked for one by one
LEAST, PERFORMED = 2, 2  # gestures, and clips of each that moves, to begin with

_NEW_PEOPLE = "With two persons or more, leaving each out once says how new people will do."
_ADVICE = {  # per split that says little about new people: why, and what to do about it
    "session": "This number is optimistic: the model has seen the same people. Let another person "
    f"record every gesture. {_NEW_PEOPLE}",
    "burst": "This number is optimistic: the model has seen the same session, with the same light. "
    f"Record every gesture again at another time, best with another person. {_NEW_PEOPLE}",
    "tail": "This number is very optimistic: the model has seen the frames just before. Record "
    f"every gesture at least twice, best with another person. {_NEW_PEOPLE}",
}


class TrainingManager:
    """Shared by all visitors of one server. A project that is given is meant whatever it is called
    by now."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self._store, self._paths = store, paths
        self._lock = threading.Lock()
        self._threads: dict[str, Any] = {}

    def begin(self, project: Project, *, seed: int = 0, epochs: int | None = None) -> Run:
        """Start training on the project's samples, in a thread.

        Raises:
            TrainingError: a training of the project runs already.
            NotFoundError: the project is gone.
        """
        begin = _training(self._store, self._paths, project, seed=seed, epochs=epochs)
        return self.start(project, begin)

    def learn_anew(self, project: Project, *, epochs: int | None = None) -> Run:
        """As `begin`, in place of a training that goes on: that one ends at once and is listed no
        more, and of the others that began here only the last few are kept.

        Raises:
            TrainingError: something else is done with the project's samples, or somewhere else.
            NotFoundError: no such project.
        """
        begin = _training(self._store, self._paths, project, epochs=epochs, automatic=True)
        with self._lock:
            before = self._given_up(project)
            thread = begin(before)
            self._threads[thread.run.name] = thread
            self._forget(project)
        return Run(thread.run.path)

    def start(self, project: Project, begin: Callable[[], Any]) -> Run:
        """Begin a thread that works on a run of the project, unless one works already.

        Raises:
            TrainingError: one does.
        """
        with self._lock:
            if self.running(project) is not None:
                raise TrainingError(f"“{project.name}” is being trained already: wait or stop it")
            thread = begin()
            self._threads[thread.run.name] = thread
        return Run(thread.run.path)

    def thread(self, run: Run) -> Any:
        """The thread that works, or has worked, on a run of this process."""
        return self._threads[run.name]

    def data(
        self, project: Project, estimators: Sequence[str] = (), *, in_space: bool | None = None
    ) -> GestureData:
        """The project's samples to learn from; see `Store.training_data`.

        Raises:
            NotFoundError: the project is gone.
        """
        owner = self._store.find_project(project.id)
        return self._store.training_data(owner.id, estimators=estimators, in_space=in_space)

    def owner(self, project: Project) -> dict[str, Any]:
        """What a run of the project remembers of it.

        Raises:
            NotFoundError: the project is gone.
        """
        return owner_of(self._store.find_project(project.id))

    @property
    def folder(self) -> Path:
        """Where runs lie."""
        return self._paths.runs

    def running(self, project: Project) -> Run | None:
        """The project's training or measurement that is under way, by whomever it was begun."""
        return next((run for run in self._all(project) if run.status() == RUNNING), None)

    def runs(self, project: Project, kind: str = TRAINING) -> list[Run]:
        """The project's trainings, or its measurements of a kind, newest first; without those that
        were replaced."""
        runs = (run for run in self._all(project) if run.about().get(KIND, TRAINING) == kind)
        return [run for run in runs if run.status() != REPLACED]

    def _all(self, project: Project) -> Iterator[Run]:
        owner = self._store.find_project(project.id)
        for run in list_runs(self.folder):
            with suppress(FileNotFoundError):  # forgotten just now
                if belongs_to(run, owner):
                    yield run

    def _given_up(self, project: Project) -> Any:
        """The thread of the training that goes on, which was told to end at once; None: none."""
        running = self.running(project)
        if running is None:
            return None
        thread = self._threads.get(running.name)
        if thread is None or KIND in running.about():
            raise TrainingError(f"“{project.name}” is being trained already: wait or stop it")
        thread.replace()
        return thread

    def _forget(self, project: Project) -> None:
        """Delete what was replaced, and trainings that nobody asked for but the last few."""
        ended = [run for run in self._all(project) if run.status() != RUNNING]
        anew = [r for r in ended if r.about().get(AUTOMATIC) or r.status() == REPLACED]
        whole = [run for run in anew if run.status() in (DONE, STOPPED)]
        kept = {answering(self._paths, self._store.find_project(project.id)).name}
        kept |= {run.name for run in (*anew[:1], *whole[:KEPT])}
        for run in anew:
            if run.name not in kept:
                shutil.rmtree(run.path, ignore_errors=True)
                self._threads.pop(run.name, None)

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
        """End it after the present epoch; what it has learned by then is kept.

        Raises:
            TrainingError: it runs in another process.
        """
        if not self.can_stop(run):
            raise TrainingError(f"{run.name} runs in another process: stop it where it was begun")
        self._threads[run.name].stop()


def train_here(
    store: Store,
    paths: Paths,
    project: Project,
    *,
    classifier: str = "mlp",
    seed: int = 0,
    epochs: int | None = None,
    estimator: str | None = None,
    progress: Callable[[int, int], None],
) -> tuple[Any, Run]:
    """Train and wait for the end; an interrupt ends it early and keeps what it has learned.

    Returns:
        The training's `TrainResult` and its run.

    Raises:
        MudraError: what went wrong.
    """
    begin = _training(
        store, paths, project, estimator, classifier=classifier, seed=seed, epochs=epochs
    )
    thread = begin()
    while thread.alive:
        try:
            thread.wait(0.2)
        except KeyboardInterrupt:
            thread.stop()
        if done := thread.run.records("epoch"):
            progress(done[-1]["epoch"], done[-1]["epochs"])
    if thread.error is not None:
        raise thread.error
    return thread.result, thread.run


def _training(
    store: Store,
    paths: Paths,
    project: Project,
    estimator: str | None = None,
    *,
    classifier: str = "mlp",
    seed: int = 0,
    epochs: int | None = None,
    automatic: bool = False,
) -> Callable[..., Any]:
    """What begins a training's thread on the samples there are now, after another thread where it
    is given one.

    Raises:
        NotFoundError: the project is gone.
    """
    owner = store.find_project(project.id)
    data, clips = learned_from(store, owner.id, estimator)
    about = owner_of(owner) | {"origin": summarise_origin(store, owner.id, data.sample_ids)}
    if clips is not None:
        about |= {MOTIONS_ORIGIN: summarise_origin(store, owner.id, clips.sample_ids)}
    about |= {"classifier": classifier, "seed": seed, "epochs": epochs, "samples": len(data)}
    about |= {AUTOMATIC: True} if automatic else {}

    def begin(after: Any = None) -> Any:
        warm_up().join()  # what both load at one time, either may see half of
        from core.gestures.classifier.fitting import TrainOptions
        from core.gestures.classifier.learner import train
        from core.training.background import RunThread

        run = Run.create(paths.runs, **about)

        def work(stop: Any) -> Any:
            if after is not None:
                after.wait()
            options = TrainOptions(classifier, seed=seed, epochs=epochs)
            result = train(data, run, options, clips=clips, stop=stop)
            follow(store, paths, owner, run)
            return result

        return RunThread(run, work)

    return begin


def learned_from(
    store: Store, project_id: int, estimator: str | None = None
) -> tuple[GestureData, GestureData | None]:
    """What a training of the project learns from: the samples of still gestures, and beside them
    the clips of moving ones where there are enough of them; or the clips alone.

    Raises:
        NotFoundError: there are no samples.
    """
    data = store.training_data(project_id, estimators=[estimator] if estimator else ())
    moving = any(g.moves for g in store.gestures(project_id, enabled_only=True))
    if data.moving or not moving:
        return data, None
    with suppress(NotFoundError):  # as long as nothing was performed
        clips = store.training_data(project_id, estimators=data.estimators, clips=True)
        if (often := performed_often(clips)) is not None:
            return (often, None) if len(np.unique(data.labels)) < LEAST else (data, often)
    return data, None


def not_learned(store: Store, project: Project) -> str:
    """What a training of the project leaves out, and why, in a sentence; "" where it takes all."""
    out = store.count_excluded(project.id)
    if not out:
        return ""
    who, count = " and ".join(keypoints_of_all(out)), format_count(sum(out.values()), "sample")
    if project.in_space:
        return f"Leaves out {count} of {who}'s keypoints: they aren't in space."
    return (
        f"Leaves out {count} of {who}'s keypoints: most samples have others, and in the picture "
        "those of one alone are learned together."
    )


def performed_often(clips: GestureData) -> GestureData | None:
    """The clips of the gestures that have PERFORMED of them; None where that is no two gestures."""
    counts = np.bincount(clips.labels, minlength=len(clips.gestures))
    often = counts >= PERFORMED
    return clips.take(often[clips.labels]) if often.sum() >= LEAST else None


@cache
def warm_up() -> threading.Thread:
    """Load what a training needs, beside all else and once: the first is as quick as the next."""

    def load() -> None:
        load_before_scipy()
        import core.gestures.classifier.learner  # noqa: F401 - torch and scikit-learn, seconds

    thread = threading.Thread(target=load, name="warming up", daemon=True)
    thread.start()
    return thread


def result_of(run: Run) -> dict[str, Any] | None:
    """The run's result record, None while there is none."""
    results = run.records("result")
    return results[-1] if results else None


def advice(protocol: Protocol) -> str:
    """Say why figures are optimistic, and what to do about it; "" where they are not."""
    chosen = " and ".join(protocol.chosen_on_reported)
    on_reported = (
        f"This number is optimistic: the samples it is reported on chose the {chosen}, too. Train "
        "again, to the end."
    )
    return " ".join(filter(None, [_ADVICE.get(protocol.split), chosen and on_reported]))


def failure_of(run: Run) -> str:
    """Why the run failed or died; "" when it did neither."""
    status = run.status()
    if status == DEAD:
        return "Mudra was stopped, or ran out of memory, while it trained: train again"
    ends = run.records("end")
    return str(ends[-1].get("message", "")) if ends and status == FAILED else ""
