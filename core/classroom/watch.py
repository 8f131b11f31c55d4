"""A project as its guests see it: the model that answers now, and whether the project exists."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import MudraError, NotFoundError
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.active_model import active_model, find_shipped_model, model_changed_at
from core.paths import Paths
from core.store import Project, Store
from core.words import words

REREAD_S = 1.0
DELETED = words("The owner has deleted this project, so nothing more can be recorded.")
NO_MODEL = words("Nobody has trained this project yet.")
STARTER = words("The starter model answers until the owner trains this project.")


@dataclass(frozen=True, eq=False)
class ProjectView:
    """What guests see of a project: its model, or None; a sentence about it; `problem`: why nothing
    can be recorded, or ""."""

    model: GestureModel | None
    text: str
    problem: str = ""


class ProjectWatch:
    """Reads the view anew when it is asked for, but not within REREAD_S; shared by all guests of a
    project. Any thread may call it.

    Args:
        estimator: that finds the guests' keypoints; a model of another's isn't used.
        load: returns the model in a folder that changed at this time.
    """

    def __init__(
        self,
        store: Store,
        paths: Paths,
        project: Project,
        estimator: str,
        load: Callable[[Path, float], GestureModel],
    ) -> None:
        self._store, self._paths, self._project = store, paths, project
        self._estimator, self._load = estimator, load
        self._lock, self._read_s = threading.Lock(), float("-inf")
        self._view = ProjectView(None, "")

    def view(self) -> ProjectView:
        """Return what guests see now."""
        with self._lock:
            if time.monotonic() - self._read_s > REREAD_S:
                self._view, self._read_s = self._read(), time.monotonic()
            return self._view

    def _read(self) -> ProjectView:
        try:
            project = find_same_project(self._store, self._project)
        except NotFoundError:
            return ProjectView(None, "", DELETED)
        found = active_model(self._paths, project)
        if not found.name:
            return ProjectView(None, NO_MODEL)
        try:
            model = self._load(found.folder, model_changed_at(found.folder))
        except (MudraError, OSError):  # it is just being written
            return self._view
        if not model.knows(self._estimator):
            return ProjectView(None, words("The model was trained on other keypoints than these."))
        if found.name == find_shipped_model(project.skeleton):
            return ProjectView(model, STARTER)
        at = time.strftime("%H:%M", time.localtime(found.learned_at)) if found.learned_at else ""
        trained = (
            words("The model trained at {time} answers.", time=at)
            if at
            else words("The trained model answers.")
        )
        return ProjectView(model, trained)


def find_same_project(store: Store, project: Project) -> Project:
    """Return the project as it is now; raise NotFoundError, in words for guests, if it was deleted,
    also if another one has its id by now."""
    for found in store.projects():
        if (found.id, found.created_at) == (project.id, project.created_at):
            return found
    raise NotFoundError(DELETED)
