"""What Mudra derives from samples and pictures beside the database: one table of where it lies and
what deletes it. Forgetting pictures, emptying the bin, deleting everything and the Privacy page
walk it.

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


@dataclass(frozen=True)
class Derived:
    """One kind of derived data.

    Attributes:
        folders: pattern of its folders, below the workspace.
        what: what lies there, for people.
        of_projects: whether it lies in runs that say whose they are: a project that is deleted for
            good takes its own along.
        delete_pictures: deletes what holds pictures of a project; of none, what nobody uses.
    """

    folders: str
    what: str
    of_projects: bool = False
    delete_pictures: Callable[[Paths, Project | None], None] | None = None

    @property
    def goes_with(self) -> str:
        """What deletes it, for people."""
        with_pictures = ["pictures when forgotten"] if self.delete_pictures else []
        with_project = ["with its project"] if self.of_projects else []
        return ", ".join([*with_pictures, *with_project, "with everything"])


DERIVED = (
    Derived("runs", "your trainings and their models", of_projects=True),
    Derived("nets", "your own nets"),
    Derived("net-runs", "trainings of nets", of_projects=True, delete_pictures=delete_packs),
    Derived("packs", "crops of hands that nets learn from"),
    Derived("landmarks", "keypoints found in pictures"),
    Derived("incoming", "models that are just coming in"),
    Derived("incoming-*", "projects that are just coming in"),
)


def derived_folders(paths: Paths) -> Iterator[tuple[Path, Derived]]:
    """The folders of derived data that are there."""
    for one in DERIVED:
        for folder in sorted(paths.workspace.glob(one.folders)):
            yield folder, one


def delete_derived_pictures(paths: Paths, project: Project | None = None) -> None:
    """Delete every copy of the project's pictures, and stop what still learns from them; without a
    project, the copies that nobody uses."""
    for one in DERIVED:
        if one.delete_pictures is not None:
            one.delete_pictures(paths, project)


def delete_derived_of(paths: Paths, gone: Sequence[Project], kept: Sequence[Project]) -> None:
    """Delete what belongs to projects that are gone and to none that is kept."""
    for folder, one in derived_folders(paths):
        for run in list_runs(folder) if one.of_projects else ():
            with suppress(FileNotFoundError):  # deleted meanwhile
                if not any(belongs_to(run, p) for p in gone):
                    continue
                if any(belongs_to(run, p) for p in kept):
                    continue
                if one.delete_pictures is not None and run.status() == RUNNING:
                    stop_net_training(run)
                shutil.rmtree(run.path, ignore_errors=True)
