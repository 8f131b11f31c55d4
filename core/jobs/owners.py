"""Which project a run belongs to, written at its start, so that the project can be renamed.

The creation time goes with the id, which may be reused once a project is deleted for good.
"""

from typing import Any

from core.store.rows import Project
from core.training.runs import Run


def project_fields(project: Project) -> dict[str, Any]:
    """Return the project's name, id and creation time for a run's start record."""
    created = {"project_id": project.id, "project_made_at": project.created_at}
    return {"project": project.name} | created


def belongs_to(run: Run, project: Project) -> bool:
    """Return whether a run is of this project, by id and creation time; by name for old runs."""
    starts = run.records("start")  # none while another process is writing the line
    if not starts:
        return False
    if "project_id" not in starts[0]:
        return bool(starts[0].get("project") == project.name)
    recorded = (starts[0]["project_id"], starts[0].get("project_made_at"))
    return recorded == (project.id, project.created_at)
