"""The model that a project uses: the chosen one, else the newest training's, else the starter.

A training's model is used as soon as it has a preliminary one. An older model that was chosen stays
in use; choosing the newest follows later trainings again.
"""

from dataclasses import dataclass
from pathlib import Path

from core.gestures.modelfile.gesture_model import METADATA, MODEL, MOTIONS
from core.jobs.owners import belongs_to
from core.paths import Paths
from core.pose.skeletons.table import SUBJECTS, skeleton_named
from core.store import Project, Store
from core.training.runs import DONE, LOG, STOPPED, Run, list_runs

STARTER, ARMS = "starter", "arms"
_COMPLETE = (DONE, STOPPED)


@dataclass(frozen=True)
class ActiveModel:
    """The model that a project uses."""

    name: str  # of its run, or STARTER, as `Paths.model` takes it
    folder: Path  # of the model
    chosen: bool = False  # later trainings don't replace it
    learned_at: float | None = None  # when it was saved, in seconds since 1970; None without a log
    samples: int | None = None  # number of training samples; None without a log
    preliminary: bool = False  # its training is running or was interrupted; it was not evaluated


def active_model(paths: Paths, project: Project) -> ActiveModel:
    """Return the project's model: the chosen one, else the newest trained, else the shipped one."""
    if project.active_model is not None:
        folder = paths.model(project.active_model)
        if has_model(Run(folder)):
            return _describe_model(folder, project.active_model, chosen=True)
    run = _find_newest_training(paths, project)
    if run is not None:
        return _describe_model(run.path, run.name)
    name = find_shipped_model(project.skeleton)
    return ActiveModel(name, paths.model(name))


def find_shipped_model(skeleton: str) -> str:
    """Return the name of the shipped model for a skeleton; "" if there is none."""
    if skeleton_named(skeleton).is_hand:
        return STARTER
    return ARMS if skeleton == SUBJECTS["Bodies"].name else ""


def choose_model(store: Store, paths: Paths, project: Project, name: str) -> None:
    """Set the active model: STARTER or a run's model; the newest run's means always the newest."""
    newest = _find_newest_training(paths, project)
    follows = newest is not None and newest.name == name
    store.set_active_model(project.id, None if follows else name)


def follow_training(store: Store, paths: Paths, project: Project, run: Run) -> None:
    """After a training run, activate its model if the active model was the newest one before."""
    chosen = next((p.active_model for p in store.projects() if p.id == project.id), None)
    before = (other for other in list_runs(paths.runs) if other.name != run.name)
    ended = (
        r for r in before if has_model(r) and belongs_to(r, project) and r.status() in _COMPLETE
    )
    newest = next(ended, None)
    if chosen is not None and newest is not None and chosen == newest.name:
        store.set_active_model(project.id, None)


def has_model(run: Run) -> bool:
    """Whether the run has a usable model, possibly a preliminary one."""
    return (run.path / MODEL).is_file() and (run.path / METADATA).is_file()


def model_changed_at(folder: Path) -> float:
    """Return when the files of a model and of its moving gestures last changed, epoch seconds."""
    places = (folder, folder / MOTIONS)
    files = [f for place in places for name in (MODEL, METADATA) if (f := place / name).is_file()]
    return max((file.stat().st_mtime for file in files), default=0.0)


def _find_newest_training(paths: Paths, project: Project) -> Run | None:
    """Return the project's newest training with a model; None if there is none."""
    runs = (run for run in list_runs(paths.runs) if has_model(run) and belongs_to(run, project))
    return next((run for run in runs if "imported" not in run.about()), None)


def _describe_model(folder: Path, name: str, *, chosen: bool = False) -> ActiveModel:
    """Read a model's time, number of samples and `preliminary` flag from its log."""
    if not (folder / LOG).is_file():
        return ActiveModel(name, folder, chosen)
    records = Run(folder).records()
    saved = [r for r in records if r["event"] in ("usable", "result")]
    return ActiveModel(
        name,
        folder,
        chosen,
        learned_at=saved[-1]["time"] if saved else None,
        samples=records[0].get("samples"),
        preliminary=bool(saved) and saved[-1]["event"] == "usable",
    )
