"""The commands that train classifiers and measure them: train, compare, evaluate."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from core.cli import common
from core.paths import Paths

app = typer.Typer()


@common.command(app)
def train(
    paths: Paths,
    project: common.TrainingProject,
    classifier: Annotated[str, Option(help="mlp, knn, logreg or forest.")] = "mlp",
    seed: int = 0,
    epochs: Annotated[
        int | None, Option(min=1, help="Number of epochs; default: as many as the data needs.")
    ] = None,
    estimator: common.TrainingEstimator = None,
    in_space: Annotated[
        bool | None,
        Option(
            "--in-space/--in-picture",
            help="From now on, learn from keypoints in space, or from those in the picture.",
        ),
    ] = None,
    leave_one_person_out: Annotated[
        bool, Option("--leave-one-person-out", help="Then measure each person as new.")
    ] = False,
) -> common.Answer:
    """Train a gesture classifier on a project's samples, and measure it on held-out people,
    sessions or recordings."""
    from core.gestures.data import CLASSIFIERS
    from core.jobs.trainings import describe_test_limits, excluded_samples_text, train_here
    from core.store.learned import set_train_in_space

    common.check_choice(classifier, CLASSIFIERS, "--classifier")
    if leave_one_person_out and classifier != "mlp":
        raise typer.BadParameter("it is for the mlp alone", param_hint="--leave-one-person-out")
    with common.open_store(paths) as store, common.progress_bar("training") as progress:
        meant = store.project(project)
        if in_space is not None:
            set_train_in_space(store, meant, in_space)
            meant = store.find_project(meant.id)
        left = not estimator and excluded_samples_text(store, meant)
        if left:
            print(f"warning: {left}", file=sys.stderr)
        result, run = train_here(
            store,
            paths,
            meant,
            classifier=classifier,
            seed=seed,
            epochs=epochs,
            estimator=estimator,
            progress=progress,
        )
    figures = result.figures
    document = {
        "model": str(result.model) if result.model else None,
        "run": run.name,
        "seconds": result.seconds,
        **result.protocol.to_dict(),
        "accuracy": figures["accuracy"],
        "interval": figures["interval"],
        "n": figures["n"],
        "per_gesture": figures["per_gesture"],
    }
    lines = [
        f"accuracy {format_percent(figures['accuracy'])} ({format_range(figures['interval'])}) on "
        f"{figures['n']} samples, split by {result.protocol.split}, {result.seconds:.1f} s",
        result.protocol.describe_choices(),
        describe_test_limits(result.protocol, figures["accuracy"]),
        f"model: {result.model}" if result.model else "a baseline: compared, not saved",
    ]
    if leave_one_person_out:
        with common.open_store(paths) as store:
            document["leave_one_person_out"] = found = measure_left_out(store, paths, meant, run)
        lines.append(format_left_out(found))
    return document, "\n".join(filter(None, lines))


@common.command(app)
def compare(
    paths: Paths,
    project: common.TrainingProject,
    seed: int = 0,
    estimator: common.TrainingEstimator = None,
) -> common.Answer:
    """Train every kind of classifier and compare them on the same held-out samples."""
    from core.jobs.evaluations import start_comparison, wait_for_evaluation
    from core.jobs.trainings import TrainingManager

    with common.open_store(paths) as store, common.progress_bar("comparing") as progress:
        manager = TrainingManager(store, paths)
        run = start_comparison(manager, store.project(project), seed=seed, estimator=estimator)
        found = wait_for_evaluation(manager, run, progress)
    return found, _format_comparison(found)


def measure_left_out(store: Any, paths: Paths, project: Any, run: Any) -> dict[str, Any]:
    """Run a leave-one-person-out evaluation, showing a progress bar; return its result."""
    from core.jobs.evaluations import start_leave_one_out, wait_for_evaluation
    from core.jobs.trainings import TrainingManager

    with common.progress_bar("leaving persons out") as progress:
        manager = TrainingManager(store, paths)
        return wait_for_evaluation(manager, start_leave_one_out(manager, project, run), progress)


def format_left_out(result: dict[str, Any]) -> str:
    """Format a leave-one-person-out evaluation: mean, worst person and a line for each person."""
    lines = [
        f"each person left out once: {format_percent(result['mean_accuracy'])} "
        f"({format_range(result['interval'])}) is the mean of the persons; "
        f"the worst is {result['worst_person']} with {format_percent(result['worst_accuracy'])}"
    ]
    for person, row in result["per_person"].items():
        document = (
            f"{format_percent(row['accuracy'])} ({format_range(row['interval'])})"
            if row["n"]
            else "–"
        )
        unjudged = f", {row['unjudged']} of gestures that no one else recorded"
        lines.append(f"  {person:24} {row['n']:6} {document}{unjudged if row['unjudged'] else ''}")
    return "\n".join(lines)


def _format_comparison(result: dict[str, Any]) -> str:
    """Format a comparison: a line for each classifier, and the conclusion."""
    from core.jobs.evaluations import describe_comparison

    lines = [f"{result['n']} held-out samples, split by {result['split']}"]
    for row in result["rows"]:
        lines.append(
            f"  {row['classifier']:8} {format_percent(row['accuracy']):>7} "
            f"({format_range(row['interval'])})  "
            f"{row['seconds']:.1f} s"
        )
    return "\n".join([*lines, describe_comparison(result)])


@common.command(app)
def evaluate(
    paths: Paths,
    model: common.ModelName,
    data: Annotated[Path, Option(help="A folder per class, a zip of one, or a table.")],
    layout: common.Layout = "auto",
    skeleton: common.TableSkeleton = None,
    mapping: common.Mapping = None,
    workers: common.Workers = 1,
    on: common.On = "local",
) -> common.Answer:
    """Evaluate a gesture model on labelled pictures or keypoints."""
    from core.gestures.modelfile.bundle import load_model
    from core.measuring.gesture_evaluation import evaluate_gestures

    chosen = load_model(paths.model(model))
    with common.progress_bar("detecting") as progress:
        found = evaluate_gestures(
            chosen,
            data,
            estimator_factory=common.estimator_factory(paths, chosen.about.estimator),
            layout=layout,
            skeleton=skeleton,
            mapping=mapping,
            workers=workers,
            on=on,
            progress=progress,
        )
    if found["unknown_folders"]:
        names = ", ".join(found["unknown_folders"])
        print(f"warning: counted as none: {names} (name their gesture with --map)", file=sys.stderr)
    if remark := found.get("remark"):
        print(f"warning: {data.name} {remark}", file=sys.stderr)
    return found, _format_evaluation(found)


_INTERVAL_NOTES = {
    "persons": "the 95 % intervals treat each person's rows as correlated",
    "bursts": "the 95 % intervals treat consecutive rows of one gesture as correlated",
    "pictures": "the 95 % intervals are for pictures taken one by one: frames of a video say less",
}


def _format_evaluation(result: dict[str, Any]) -> str:
    """Format a model's evaluation: accuracies, rejection rates and a line for each gesture."""

    def format_rate(key: str, row: dict[str, Any] = result) -> str:
        return "–" if row[key] is None else format_percent(row[key])

    def format_accuracy(suffix: str, row: dict[str, Any] = result) -> str:
        """Format a row's accuracy with its interval; “–” if it has none."""
        interval = row[f"interval{suffix}"]
        return format_rate(f"accuracy{suffix}", row) + (
            f" ({format_range(interval)})" if interval else ""
        )

    lines = [
        f"{result['n']} samples, {result['detected']} detected: accuracy {format_accuracy('')}, "
        f"of the detected {format_accuracy('_detected')}",
        f"turned away: {format_rate('rejected')} of the gestures; "
        f"got a gesture: {format_rate('false_accept')} of the others",
        _INTERVAL_NOTES[result["interval_counts"]],
    ]
    if "mean_accuracy" in result:
        lines.append(
            f"mean of {len(result['per_person'])} persons: {format_rate('mean_accuracy')}; "
            f"the worst is {result['worst_person']} with {format_rate('worst_accuracy')}"
        )
    if unjudged := result.get("unjudged"):
        names = ", ".join(f"{name} ({count})" for name, count in unjudged.items())
        lines.append(f"not judged, as the model knows no such gesture: {names}")
    for name, row in result["per_gesture"].items():
        lines.append(f"  {name:12} {row['n']:6} {format_accuracy('_detected', row)}")
    return "\n".join(lines)


def format_percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def format_range(interval: list[float]) -> str:
    low, high = interval
    return f"{100 * low:.1f} to {100 * high:.1f}"
