"""Which model answers for a project: after trainings, choices and imports, in the real store."""

import shutil
import time

import pytest

from core.exchange.model_files import export_model, import_model
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.active_model import STARTER, active_model, choose_model, follow_training
from core.jobs.owners import project_fields
from core.training.runs import Run
from tests.store.conftest import undo_latest


@pytest.fixture
def begun(store, project, paths):
    """Makes a training that goes on and has a model."""

    def begin(name: str = "Demo", **about) -> Run:
        run = Run.create(paths.runs, **project_fields(store.project(name)), **about)
        for file in ("model.onnx", "metadata.json"):
            shutil.copy(paths.starter / file, run.path)
        return run

    return begin


@pytest.fixture
def trained(begun):
    """Makes a training that has ended with a model."""

    def train(name: str = "Demo", **about) -> Run:
        run = begun(name, **about)
        run.log(event="result", seconds=1)
        run.log(event="end", status="done")
        return run

    return train


def answers(store, paths, name: str = "Demo") -> str:
    return active_model(paths, store.project(name)).name


def test_the_starter_answers_until_a_training_left_a_model(store, project, paths, trained):
    assert active_model(paths, project).folder == paths.starter
    Run.create(paths.runs, **project_fields(project))  # without a model yet
    store.create_project("Another")
    trained("Another")
    assert answers(store, paths) == STARTER


def test_of_bodies_the_arm_poses_answer_and_of_what_nobody_ships_a_model_for_nothing(store, paths):
    bodies = store.create_project("Bodies", skeleton="body_33")
    assert active_model(paths, bodies).folder == paths.arms
    assert GestureModel.load(paths.arms).skeleton.name == bodies.skeleton
    assert active_model(paths, store.create_project("Coco", skeleton="coco_17")).name == ""


def test_the_newest_training_answers_and_says_when_it_learned_of_how_many_samples(
    store, project, paths, trained
):
    trained()
    begun = time.time()
    run = trained(samples=120)
    found = active_model(paths, project)
    assert (found.name, found.folder, found.samples) == (run.name, run.path, 120)
    assert begun - 0.001 <= found.learned_at <= time.time() + 0.001  # told in milliseconds
    assert not found.chosen and not found.preliminary


def test_a_model_that_can_be_used_answers_before_its_training_ends(project, paths, trained, begun):
    trained()
    run = begun()
    run.log(event="usable")
    found = active_model(paths, project)
    assert found.name == run.name and found.preliminary
    run.log(event="result", seconds=1)
    assert not active_model(paths, project).preliminary


def test_an_older_one_that_was_chosen_goes_on_answering(store, project, paths, trained):
    older, _ = trained(), trained()
    choose_model(store, paths, project, older.name)
    newer = trained()
    follow_training(store, paths, project, newer)
    found = active_model(paths, store.project("Demo"))
    assert found.name == older.name and found.chosen
    choose_model(store, paths, store.project("Demo"), newer.name)  # and follow again
    assert answers(store, paths) == newer.name
    newest = trained()
    assert answers(store, paths) == newest.name


def test_the_starter_can_be_chosen_though_there_are_trainings(store, project, paths, trained):
    trained()
    choose_model(store, paths, project, STARTER)
    trained()
    assert active_model(paths, store.project("Demo")).folder == paths.starter


def test_a_choice_can_be_undone(store, project, paths, trained):
    older, newer = trained(), trained()
    choose_model(store, paths, project, older.name)
    assert undo_latest(store, project) == 1
    assert answers(store, paths) == newer.name


def test_a_chosen_model_that_was_the_newest_is_followed_by_the_next(store, project, paths, trained):
    """Before trainings answered by themselves each was chosen by hand."""
    one = trained()
    store.set_active_model(project.id, one.name)
    two = trained()
    assert answers(store, paths) == one.name
    follow_training(store, paths, project, two)
    assert answers(store, paths) == two.name


def test_a_chosen_model_that_is_gone_is_no_choice(store, project, paths, trained):
    one, two = trained(), trained()
    choose_model(store, paths, project, one.name)
    shutil.rmtree(one.path)
    assert answers(store, paths) == two.name


def test_a_model_from_a_file_answers_when_it_is_chosen_and_until_something_is_trained(
    store, project, paths, trained, tmp_path
):
    file = tmp_path / "a.gesture"
    export_model(GestureModel.load(paths.starter), file, paths)
    import_model(store, paths, "Demo", file)
    assert answers(store, paths) == STARTER
    taken = import_model(store, paths, "Demo", file, use=True)
    assert answers(store, paths) == taken.name
    run = trained()
    follow_training(store, paths, project, run)
    assert answers(store, paths) == run.name
