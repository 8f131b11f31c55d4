"""A training stays with its project, whatever that is called later."""

import pytest

from core.errors import NotFoundError
from core.jobs.owners import belongs_to, project_fields
from core.training.runs import Run


def test_a_renamed_project_keeps_its_trainings(manager, store, project, paths):
    run = Run.create(paths.runs, **project_fields(project))
    store.rename_project(project.id, "Another")
    assert [r.name for r in manager.runs(project)] == [run.name]


def test_a_new_project_of_an_old_name_has_none_of_its_trainings(manager, store, project, paths):
    Run.create(paths.runs, **project_fields(project))
    store.delete_project(project.id)
    new = store.create_project("Demo")
    assert manager.runs(new) == [] and manager.find_running(new) is None
    with pytest.raises(NotFoundError, match="deleted meanwhile"):
        manager.runs(project)


def test_an_id_that_is_given_again_is_another_project(store, project, paths):
    run = Run.create(
        paths.runs, **project_fields(project) | {"project_made_at": "2020-01-01T00:00:00"}
    )
    assert not belongs_to(run, project)


def test_a_run_of_before_ids_were_kept_goes_by_its_name(store, project, paths):
    run = Run.create(paths.runs, project="Demo")
    assert belongs_to(run, project)
    assert not belongs_to(run, store.create_project("Other"))
