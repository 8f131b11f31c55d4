"""A project by name, for whoever brings something into it."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import NotFoundError
from core.pose.skeletons.table import HAND_21
from core.store.deleting import forget_project
from core.store.rows import Project
from core.store.store import Store


@contextmanager
def project_to_fill(
    store: Store, target: str | Project, skeleton: str = HAND_21.name, *, in_space: bool = False
) -> Iterator[tuple[Project, bool]]:
    """The project of that name, and whether it was made just now as there was none; a new one is
    forgotten where what follows fails before a sample came in; `in_space`: it learns so. A Project
    that is given is filled whatever it is called by now, and never made anew.

    Raises:
        NotFoundError: the project that was given is gone.
    """
    if isinstance(target, Project):
        yield find_project(store, target.id), False
        return
    name = target
    try:
        project, fresh = store.project(name), False
    except NotFoundError:
        project, fresh = store.create_project(name, skeleton=skeleton, in_space=in_space), True
    try:
        yield project, fresh
    except BaseException:
        if fresh:
            forget_project(store, project.id, unless_used=True)
        raise


def find_project(store: Store, project_id: int) -> Project:
    """The project as it is now.

    Raises:
        NotFoundError: it was deleted.
    """
    for project in store.projects():
        if project.id == project_id:
            return project
    raise NotFoundError("this project was deleted meanwhile: choose another, or restore it")
