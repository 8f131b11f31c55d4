"""Evaluations besides training: leave-one-person-out, and comparing classifiers.

Convention: an evaluation is a run whose start record has a `kind`; its rows are logged one by one,
so that a reloaded page, another tab or the command line shows the same.
"""

from collections.abc import Callable
from typing import Any

from core.errors import ModelError, TrainingError
from core.files import update_json
from core.gestures.data import CLASSIFIERS, GestureData
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.modelfile.gesture_model import METADATA, GestureModel
from core.jobs.owners import project_fields
from core.jobs.trainings import KIND, TrainingManager, run_result, wait_for_thread
from core.progress import Progress
from core.store import Project
from core.training.background import RunThread, Stop
from core.training.runs import DONE, RUNNING, STOPPED, Run
from core.words import join_words, mark, words

LEFT_OUT, COMPARISON = "left_out", "comparison"
SUMMARY = "leave_one_person_out"  # in a model's metadata
NAMES = {
    "mlp": "MLP",
    "knn": "k-NN",
    "logreg": words("Logistic regression"),
    "forest": words("Random forest"),
}
_AND = mark("{first} and {rest}")


def start_leave_one_out(manager: TrainingManager, project: Project, training: Run) -> Run:
    """Start a leave-one-person-out evaluation of a training run in a thread and return its run; its
    summary is added to the model's metadata.

    Raises:
        TrainingError: something is running already, one person only, or the samples have changed.
        ModelError: the training has no model.
    """
    data, options, epochs, protocol = _load_training_setup(manager, project, training)
    persons = data.known_persons

    def evaluate(run: Run, stop: Stop) -> None:
        """Evaluate and log each person; unless stopped, store the summary as well."""
        from core.gestures.evaluation.leave_one_out import leave_one_person_out, summarise_persons

        found = leave_one_person_out(data, options, epochs, log=run.log, stop=stop)
        if not stop.is_set():
            summary = summarise_persons(found) | {"epochs": epochs} | protocol.to_dict()
            run.log(event="result", **summary)
            update_json(training.path / METADATA, {SUMMARY: summary})

    about = {"of": training.name, "persons": persons}
    return _start_evaluation(manager, project, LEFT_OUT, evaluate, about)


def start_comparison(
    manager: TrainingManager, project: Project, *, seed: int = 0, estimator: str | None = None
) -> Run:
    """Start a thread that compares all classifiers on one split of the project's samples; return
    the run. Raise TrainingError if a run is already active."""
    data = manager.store.training_data(project.id, estimators=[estimator] if estimator else ())

    def compare(run: Run, stop: Stop) -> None:
        """Compare the classifiers and log each one's figures, then the result."""
        from core.gestures.evaluation.comparison import compare_classifiers

        run.log(event="result", **compare_classifiers(data, seed=seed, log=run.log, stop=stop))

    about = {"seed": seed, "samples": len(data), "classifiers": list(CLASSIFIERS)}
    return _start_evaluation(manager, project, COMPARISON, compare, about)


def wait_for_evaluation(manager: TrainingManager, run: Run, progress: Progress) -> dict[str, Any]:
    """Wait for an evaluation in this process and return its result; Ctrl+C stops it. Raise
    TrainingError if it ends without a result."""
    wait_for_thread(manager.thread(run), lambda: progress(*read_evaluation_progress(run)[:2]))
    result = run_result(run)
    if result is None:
        raise TrainingError(words("ended before everything was measured: run it again"))
    return {key: value for key, value in result.items() if key not in ("time", "event")}


def read_evaluation_progress(run: Run) -> tuple[int, int, str]:
    """Return (number of persons or classifiers done, total, name of the next one or "")."""
    about = run.about()
    names = about["persons"] if about[KIND] == LEFT_OUT else about["classifiers"]
    done = len(run.records("person" if about[KIND] == LEFT_OUT else "classifier"))
    return done, len(names), str(names[done]) if done < len(names) else ""


def find_comparison(manager: TrainingManager, project: Project) -> Run | None:
    """Return the project's newest comparison with a result; None if there is none."""
    runs = manager.runs(project, COMPARISON)
    return next((run for run in runs if run_result(run)), None)


def find_leave_one_out(manager: TrainingManager, project: Project, training: Run) -> Run | None:
    """Return the training run's newest leave-one-person-out run with a result; None if none."""
    runs = manager.runs(project, LEFT_OUT)
    return next(
        (run for run in runs if run.about()["of"] == training.name and run_result(run)), None
    )


def describe_comparison(comparison: dict[str, Any]) -> str:
    """Summarise a comparison in a sentence: which classifiers are better or worse than the MLP."""
    better, worse, same = (
        _join_classifier_names(comparison, verdict) for verdict in ("better", "worse", "same")
    )
    if better:
        return words("On these samples {names} did better than the MLP.", names=better)
    if worse and same:
        return words(
            "On these samples the MLP did better than {worse}; with {same} it is too close to "
            "call.",
            worse=worse,
            same=same,
        )
    if worse:
        return words("On these samples the MLP did better than {names}.", names=worse)
    return words(
        "No classifier differs clearly from the MLP: too close to call with this much data."
    )


def _join_classifier_names(comparison: dict[str, Any], verdict: str) -> str:
    """Join the names of the classifiers with this verdict: "a, b and c"; "" if none."""
    rows = [row for row in comparison["rows"] if compare_with_first(row) == verdict]
    names = [NAMES[row["classifier"]] for row in rows]
    return join_words(filter(None, [join_words(names[:-1]), *names[-1:]]), _AND)


def compare_with_first(row: dict[str, Any]) -> str:
    """Return "better", "worse" or "same", compared with the MLP by interval; "" for the MLP."""
    if "difference" not in row:
        return ""
    low, high = row["difference_interval"]
    return "better" if low > 0 else "worse" if high < 0 else "same"


def _start_evaluation(
    manager: TrainingManager,
    project: Project,
    kind: str,
    work: Callable[[Run, Stop], None],
    about: dict[str, Any],
) -> Run:
    """Start a thread that does `work` on a new run and logs the end; return the run."""

    def start_thread() -> RunThread:
        """Create the run and start the thread that works on it."""
        owner = project_fields(manager.store.find_project(project.id))
        run = Run.create(manager.folder, **{KIND: kind}, **owner, **about)

        def work_and_log_end(stop: Stop) -> None:
            work(run, stop)
            run.log(event="end", status=STOPPED if stop.is_set() else DONE)

        return RunThread(run, work_and_log_end)

    return manager.start(project, start_thread)


def _load_training_setup(
    manager: TrainingManager, project: Project, training: Run
) -> tuple[GestureData, Any, int, Protocol]:
    """Return a training run's samples, options, epochs and leave-one-person-out protocol."""
    from core.gestures.classifier.fitting import TrainOptions
    from core.gestures.modelfile.export import hash_data

    model = GestureModel.load(training.path)
    samples = manager.store.training_data(
        project.id, estimators=model.estimators, in_space=model.axes == 3
    )
    data = samples.drop_empty_gestures()
    persons = data.known_persons
    if len(persons) < 2:
        raise TrainingError(
            words(
                "all samples are of {people}, leaving one person out needs at least 2: let another "
                "person record the same gestures",
                people=join_words(persons, _AND) or words("unknown people"),
            )
        )
    if hash_data(data) != model.metadata.get("data_sha256"):
        raise TrainingError(
            words(
                "the samples have changed since this training: train again, then leave persons out"
            )
        )
    try:
        options = TrainOptions(seed=int(model.metadata["options"]["seed"]))
        epochs = model.metadata.get("epochs") or model.metadata["best_epoch"]  # in early models
        on = Protocol.from_dict(model.metadata).chosen.get("epochs", Part.FIXED)
        return data, options, int(epochs), Protocol("leave-one-person-out", {"epochs": on})
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            words(
                "{path} does not say how it was trained ({error}): train again",
                path=training.path / METADATA,
                error=repr(error),
            )
        ) from error


def is_running(run: Run | None, kind: str) -> bool:
    """Return whether a run is an evaluation of this kind that is running."""
    return run is not None and run.about().get(KIND) == kind and run.status() == RUNNING
