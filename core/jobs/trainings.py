"""Start and stop the trainings of this process. All state is in the runs' folders, so that a
reloaded page, another tab or the command line shows the same."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from core.errors import NotFoundError, TrainingError
from core.gestures.data import GestureData
from core.gestures.evaluation.protocol import Protocol, name_choice
from core.gestures.loading import import_torch_first
from core.jobs.active_model import active_model, follow_training
from core.jobs.owners import belongs_to, project_fields
from core.paths import Paths
from core.pose.finders import keypoints_of_all
from core.progress import Progress, ignore_progress
from core.store import Project, Store
from core.store.learned import summarise_origin
from core.training.runs import DEAD, DONE, FAILED, REPLACED, RUNNING, STOPPED, Run, list_runs
from core.words import count_words, join_words, mark, words

KIND, TRAINING = "kind", "training"  # key of a start record, and its value if it is missing
MOTIONS_ORIGIN = "motions_origin"  # of the clips that are learned beside still samples
AUTOMATIC = "automatic"  # key of a start record: started after a recording, not by a button
KEPT_AUTOMATIC = 3  # complete automatic trainings that are kept
MIN_GESTURES, MIN_CLIPS = 2, 2  # to train with; clips of each gesture that moves

_EASY = 0.8  # accuracy; a lower one is no easy test
_EASY_TESTS = {  # by split, for those that say little about new people
    "session": words(
        "This test is easy: the test samples come from the same people. Let another person record "
        "every gesture."
    ),
    "burst": words(
        "This test is easy: the test samples come from the same sessions, in the same light. "
        "Record each gesture again at another time, best with another person."
    ),
    "tail": words(
        "This test is too easy: the test samples come from the same recordings. Record each "
        "gesture again to get a fair number."
    ),
}
_ENDS_DIFFER = words(
    "The end of your recordings looks different: check the samples that are wrong."
)
_AND, _THEN = mark("{first} and {rest}"), mark("{first} {rest}")


class TrainingManager:
    """Starts, lists and stops trainings of all visitors, in the runs' `folder`; finds projects by
    id."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self.store, self.folder, self._paths = store, paths.runs, paths
        self._lock = threading.Lock()
        self._threads: dict[str, Any] = {}

    def start_training(self, project: Project, *, seed: int = 0, epochs: int | None = None) -> Run:
        """Start training on the project's samples in a thread and return the run; raise
        TrainingError if a training or evaluation is already running."""
        start = _prepare_training(self.store, self._paths, project, seed=seed, epochs=epochs)
        return self.start(project, start)

    def restart_training(self, project: Project, *, epochs: int | None = None) -> Run:
        """Start an automatic training in place of the running one, and delete older ones; return
        its run. Raise TrainingError if an evaluation or another process's training is running."""
        start = _prepare_training(self.store, self._paths, project, epochs=epochs, automatic=True)
        with self._lock:
            thread = start(self._replace_running(project))
            self._threads[thread.run.name] = thread
            self._delete_automatic(project)
        return Run(thread.run.path)

    def start(self, project: Project, start_thread: Callable[[], Any]) -> Run:
        """Start a thread for the project and return its run; raise TrainingError if one is running.

        Args:
            start_thread: creates the run and its `RunThread`.
        """
        with self._lock:
            if self.find_running(project) is not None:
                raise _make_running_error(project)
            thread = start_thread()
            self._threads[thread.run.name] = thread
        return Run(thread.run.path)

    def thread(self, run: Run) -> Any:
        """Return the thread of a run of this process."""
        return self._threads[run.name]

    def find_running(self, project: Project) -> Run | None:
        """Return the project's running training or evaluation, of any process."""
        return next((run for run in self._all_runs(project) if run.status() == RUNNING), None)

    def runs(self, project: Project, kind: str = TRAINING) -> list[Run]:
        """Return the project's runs of a kind, newest first, without replaced ones."""
        runs = (run for run in self._all_runs(project) if run.about().get(KIND, TRAINING) == kind)
        return [run for run in runs if run.status() != REPLACED]

    def _all_runs(self, project: Project) -> Iterator[Run]:
        """Yield the project's runs of all kinds, newest first."""
        found = self.store.find_project(project.id)
        for run in list_runs(self.folder):
            with suppress(FileNotFoundError):  # deleted meanwhile
                if belongs_to(run, found):
                    yield run

    def _replace_running(self, project: Project) -> Any:
        """Stop and replace the project's running training; return its thread, None if none runs."""
        running = self.find_running(project)
        if running is None:
            return None
        thread = self._threads.get(running.name)
        if thread is None or KIND in running.about():
            raise _make_running_error(project)
        thread.replace()
        return thread

    def _delete_automatic(self, project: Project) -> None:
        """Delete ended automatic training runs, except the last few and the active model's."""
        ended = [run for run in self._all_runs(project) if run.status() != RUNNING]
        automatic = [r for r in ended if r.about().get(AUTOMATIC) or r.status() == REPLACED]
        complete = [run for run in automatic if run.status() in (DONE, STOPPED)]
        kept = {active_model(self._paths, self.store.find_project(project.id)).name}
        kept |= {run.name for run in (*automatic[:1], *complete[:KEPT_AUTOMATIC])}
        for run in automatic:
            if run.name not in kept:
                shutil.rmtree(run.path, ignore_errors=True)
                self._threads.pop(run.name, None)

    def can_stop(self, run: Run) -> bool:
        """Return whether a run is running in this process."""
        thread = self._threads.get(run.name)
        return thread is not None and thread.alive

    def stop_all(self) -> None:
        """Stop all runs in this process, waiting up to 10 s for each."""
        with self._lock:
            threads = [thread for thread in self._threads.values() if thread.alive]
        for thread in threads:
            thread.stop()
        for thread in threads:
            thread.wait(10)

    def stop(self, run: Run) -> None:
        """Stop a run after the current epoch and keep its model; raise TrainingError if it runs in
        another process."""
        if not self.can_stop(run):
            raise TrainingError(
                words("{run} runs in another process: stop it where it was started", run=run.name)
            )
        self._threads[run.name].stop()


def _make_running_error(project: Project) -> TrainingError:
    return TrainingError(
        words("“{project}” is being trained already: wait or stop it", project=project.name)
    )


def train_here(
    store: Store,
    paths: Paths,
    project: Project,
    *,
    classifier: str = "mlp",
    seed: int = 0,
    epochs: int | None = None,
    estimator: str | None = None,
    progress: Progress = ignore_progress,
) -> tuple[Any, Run]:
    """Train a classifier on a project's samples, wait, and return the `TrainResult` and the run.
    Ctrl-C stops it early and keeps the model; an error in the training is raised."""
    thread = _prepare_training(
        store, paths, project, estimator, classifier=classifier, seed=seed, epochs=epochs
    )()

    def report() -> None:
        if done := thread.run.records("epoch"):
            progress(done[-1]["epoch"], done[-1]["epochs"])

    wait_for_thread(thread, report)
    return thread.result, thread.run


def wait_for_thread(thread: Any, report: Callable[[], None]) -> None:
    """Wait for a run's thread, call `report` every 0.2 s, and raise its error; Ctrl+C stops it."""
    while thread.alive:
        try:
            thread.wait(0.2)
        except KeyboardInterrupt:
            thread.stop()
        report()
    if thread.error is not None:
        raise thread.error


def _prepare_training(
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
    """Load the samples; return a function that starts the training thread, which first waits for
    the previous thread if one is passed."""
    found = store.find_project(project.id)
    data, clips = load_training_data(store, found.id, estimator)
    about = project_fields(found) | {"origin": summarise_origin(store, found.id, data.sample_ids)}
    if clips is not None:
        about |= {MOTIONS_ORIGIN: summarise_origin(store, found.id, clips.sample_ids)}
    about |= {"classifier": classifier, "seed": seed, "epochs": epochs, "samples": len(data)}
    about |= {AUTOMATIC: True} if automatic else {}

    def start_thread(previous: Any = None) -> Any:
        """Create a run and start its training thread, which waits for `previous` first."""
        preload_training().join()  # two threads that import at once may see half a module
        from core.gestures.classifier.fitting import TrainOptions
        from core.gestures.classifier.learner import train
        from core.training.background import RunThread

        run = Run.create(paths.runs, **about)

        def train_and_follow(stop: Any) -> Any:
            """Train, then activate the new model if the project uses its newest model."""
            if previous is not None:
                previous.wait()
            options = TrainOptions(classifier, seed=seed, epochs=epochs)
            result = train(data, run, options, clips=clips, stop=stop)
            follow_training(store, paths, found, run)
            return result

        return RunThread(run, train_and_follow)

    return start_thread


def load_training_data(
    store: Store, project_id: int, estimator: str | None = None
) -> tuple[GestureData, GestureData | None]:
    """Load (samples of still gestures, clips of moving gestures or None if too few); if all
    gestures are moving, (clips, None). Raise NotFoundError if there are no samples."""
    data = store.training_data(project_id, estimators=[estimator] if estimator else ())
    moving = any(g.moves for g in store.gestures(project_id, enabled_only=True))
    if data.is_moving or not moving:
        return data, None
    with suppress(NotFoundError):  # no clips yet
        clips = store.training_data(project_id, estimators=data.estimators, clips=True)
        if (enough := _drop_rare_gestures(clips)) is not None:
            has_still = len(np.unique(data.labels)) >= MIN_GESTURES
            return (data, enough) if has_still else (enough, None)
    return data, None


def _drop_rare_gestures(clips: GestureData) -> GestureData | None:
    """Drop gestures with fewer than MIN_CLIPS clips; return None if fewer than two are left."""
    counts = np.bincount(clips.labels, minlength=len(clips.gestures))
    enough = counts >= MIN_CLIPS
    return clips.take(enough[clips.labels]) if enough.sum() >= MIN_GESTURES else None


def excluded_samples_text(store: Store, project: Project) -> str:
    """Return text on how many samples training excludes, of which estimators and why; or ""."""
    excluded = store.count_excluded(project.id)
    if not excluded:
        return ""
    who, count = join_words(keypoints_of_all(excluded), _AND), sum(excluded.values())
    if project.in_space:
        return count_words(
            count,
            "Leaves out {n:,} sample of {who}'s keypoints: they aren't in space.",
            "Leaves out {n:,} samples of {who}'s keypoints: they aren't in space.",
            who=who,
        )
    return count_words(
        count,
        "Leaves out {n:,} sample of {who}'s keypoints: a model of 2-D keypoints learns from one "
        "estimator, and most samples are from another.",
        "Leaves out {n:,} samples of {who}'s keypoints: a model of 2-D keypoints learns from one "
        "estimator, and most samples are from another.",
        who=who,
    )


@cache
def preload_training() -> threading.Thread:
    """Import torch and scikit-learn in a background thread, once per process; return the thread."""

    def load() -> None:
        import_torch_first()
        import core.gestures.classifier.learner  # noqa: F401

    thread = threading.Thread(target=load, name="preload", daemon=True)
    thread.start()
    return thread


def run_result(run: Run) -> dict[str, Any] | None:
    """Return the run's result record, None while there is none."""
    results = run.records("result")
    return results[-1] if results else None


def describe_test_limits(protocol: Protocol, accuracy: float) -> str:
    """Return why the test says little about new people and what to do; "" if it says enough. A low
    accuracy is never called the result of an easy test."""
    limits = _EASY_TESTS.get(protocol.split, "") if accuracy >= _EASY else ""
    if protocol.split == "tail" and not limits:
        limits = _ENDS_DIFFER
    chosen = join_words(map(name_choice, protocol.chosen_on_reported), _AND)
    on_reported = words(
        "The test samples chose the {choices}, too. Train again, to the end.", choices=chosen
    )
    return join_words(filter(None, [limits, chosen and on_reported]), _THEN)


def describe_failure(run: Run) -> str:
    """Return why the run failed, or that its process died; "" if it did neither."""
    status = run.status()
    if status == DEAD:
        return words("Mudra was stopped, or ran out of memory, while it trained: train again")
    ends = run.records("end")
    return str(ends[-1].get("message", "")) if ends and status == FAILED else ""
