"""Which project a training belongs to: written when it begins, true whatever it is called later.

An id may be given again once a project is deleted for good, so the time it was made goes with it.
"""

from typing import Any

from core.store.rows import Project
from core.training.runs import Run


def owner_of(project: Project) -> dict[str, Any]:
    """What a run remembers of its project."""
    made = {"project_id": project.id, "project_made_at": project.created_at}
    return {"project": project.name} | made


def belongs_to(run: Run, project: Project) -> bool:
    """Whether it is the project's; runs of before ids were kept go by the name alone."""
    starts = run.records("start")  # none yet while another process is just writing the line
    if not starts:
        return False
    if "project_id" not in starts[0]:
        return bool(starts[0].get("project") == project.name)
    message = (starts[0]["project_id"], starts[0].get("project_made_at"))
    return message == (project.id, project.created_at)
