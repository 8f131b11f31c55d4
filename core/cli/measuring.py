"""What a training is worth on the command line: classifiers compared, persons left out."""

from typing import Any

import typer

from core.cli._shared import (
    Json,
    TrainingEstimator,
    TrainingProject,
    Workspace,
    open_store,
    progress_bar,
    say,
)
from core.paths import Paths

app = typer.Typer()


@app.command()
def compare(
    project: TrainingProject,
    seed: int = 0,
    estimator: TrainingEstimator = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Measure every classifier on the same samples that none of them was trained on."""
    from core.jobs.evaluations import start_comparison, wait_for_evaluation
    from core.jobs.trainings import TrainingManager

    paths = Paths.find(workspace)
    with open_store(paths) as store, progress_bar("comparing") as progress:
        manager = TrainingManager(store, paths)
        run = start_comparison(manager, store.project(project), seed=seed, estimator=estimator)
        found = wait_for_evaluation(manager, run, progress)
    say(found, _comparison_text(found), as_json)


def leave_out(store: Any, paths: Paths, project: Any, run: Any) -> dict[str, Any]:
    """Leave each person out as the run's model learned, with a progress bar."""
    from core.jobs.evaluations import start_leave_one_out, wait_for_evaluation
    from core.jobs.trainings import TrainingManager

    with progress_bar("leaving persons out") as progress:
        manager = TrainingManager(store, paths)
        return wait_for_evaluation(manager, start_leave_one_out(manager, project, run), progress)


def left_out_text(found: dict[str, Any]) -> str:
    """A line for the mean, the worst and each person."""
    lines = [
        f"each person left out once: {percent(found['mean_accuracy'])} "
        f"({interval_text(found['interval'])}) is the mean of the persons; "
        f"the worst is {found['worst_person']} with {percent(found['worst_accuracy'])}"
    ]
    for person, row in found["per_person"].items():
        document = (
            f"{percent(row['accuracy'])} ({interval_text(row['interval'])})" if row["n"] else "–"
        )
        unjudged = f", {row['unjudged']} of gestures that nobody else recorded"
        lines.append(f"  {person:24} {row['n']:6} {document}{unjudged if row['unjudged'] else ''}")
    return "\n".join(lines)


def _comparison_text(found: dict[str, Any]) -> str:
    from core.jobs.evaluations import comparison_text

    lines = [f"{found['n']} held-out samples, split by {found['split']}"]
    for row in found["rows"]:
        lines.append(
            f"  {row['classifier']:8} {percent(row['accuracy']):>7} "
            f"({interval_text(row['interval'])})  "
            f"{row['seconds']:.1f} s"
        )
    return "\n".join([*lines, comparison_text(found)])


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def interval_text(interval: list[float]) -> str:
    low, high = interval
    return f"{100 * low:.1f} to {100 * high:.1f}"
