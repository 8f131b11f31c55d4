"""Data that Mudra derives from samples and pictures outside the database: one table of where each
kind is stored and what deletes it, for forgetting pictures, emptying the bin, deleting everything
and the Privacy page.

In memory nothing of a picture outlives the page that shows it.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.jobs.net_training import delete_packs, stop_net_training
from core.jobs.owners import belongs_to
from core.paths import Paths
from core.store import Project
from core.training.runs import RUNNING, list_runs
from core.words import mark

# actions that delete data, for people
WITH_PICTURES = mark("pictures when forgotten")
WITH_PROJECT = mark("with its project")
WITH_EVERYTHING = mark("with everything")


@dataclass(frozen=True)
class DerivedData:
    """One kind of derived data."""

    folders: str  # glob pattern of its folders below the workspace
    title: str  # for people
    # stored in runs that name their project, and deleted with the project
    in_project_runs: bool = False
    # deletes copies of a project's pictures; with None, unused copies
    delete_pictures: Callable[[Paths, Project | None], None] | None = None

    @property
    def deleted_by(self) -> tuple[str, ...]:
        """Return, as texts for people, which actions delete this kind of data."""
        with_pictures = [WITH_PICTURES] if self.delete_pictures else []
        with_project = [WITH_PROJECT] if self.in_project_runs else []
        return (*with_pictures, *with_project, WITH_EVERYTHING)


DERIVED = (
    DerivedData("runs", mark("your trainings and their models"), in_project_runs=True),
    DerivedData("nets", mark("your own nets")),
    DerivedData(
        "net-runs", mark("trainings of nets"), in_project_runs=True, delete_pictures=delete_packs
    ),
    DerivedData("packs", mark("crops of hands that nets learn from")),
    DerivedData("landmarks", mark("keypoints found in pictures")),
    DerivedData("lan", mark("the certificate of `studio --lan`")),
    DerivedData("incoming", mark("models that are just coming in")),
    DerivedData("incoming-*", mark("projects that are just coming in")),
)


def iterate_derived_folders(paths: Paths) -> Iterator[tuple[Path, DerivedData]]:
    """Yield each existing folder of derived data, with the kind of data it has."""
    for one in DERIVED:
        for folder in sorted(paths.workspace.glob(one.folders)):
            yield folder, one


def delete_derived_pictures(paths: Paths, project: Project | None = None) -> None:
    """Delete copies of the project's pictures outside the database, and stop training runs that use
    them; if `project` is None, delete only the copies that are not in use."""
    for one in DERIVED:
        if one.delete_pictures is not None:
            one.delete_pictures(paths, project)


def delete_project_runs(
    paths: Paths, deleted: Sequence[Project], remaining: Sequence[Project]
) -> None:
    """Delete the runs, and their models, that belong to a deleted project and not to a remaining
    one; stop running net training runs first."""
    for folder, one in iterate_derived_folders(paths):
        for run in list_runs(folder) if one.in_project_runs else ():
            with suppress(FileNotFoundError):  # deleted by another process
                if not any(belongs_to(run, p) for p in deleted):
                    continue
                if any(belongs_to(run, p) for p in remaining):
                    continue
                if one.delete_pictures is not None and run.status() == RUNNING:
                    stop_net_training(run)
                shutil.rmtree(run.path, ignore_errors=True)
