"""Trainings begun by this process, one after the other or each in place of the one before, of still
gestures and of some that move."""

import subprocess
import sys

import numpy as np
import pytest

from core.errors import NotFoundError, TrainingError
from core.gestures.modelfile.gesture_model import MODEL, MOTIONS, GestureModel
from core.gestures.motion.windows import clip_to_window
from core.jobs.active_model import active_model
from core.jobs.evaluations import start_comparison, start_leave_one_out
from core.jobs.owners import belongs_to, project_fields
from core.jobs.trainings import (
    KEPT_AUTOMATIC,
    TrainingManager,
    load_training_data,
    preload_training,
    run_result,
    train_here,
)
from core.training.runs import Run, list_runs
from tests.conftest import wait_until
from tests.support.performances import perform, performed

PROJECT = "People"  # whose three still gestures three persons have recorded


@pytest.fixture
def project(store):
    """As a page has read it."""
    return store.project(PROJECT)


def ended(manager: TrainingManager, run: Run) -> str:
    manager.thread(run).wait(300)
    return run.status()


def test_a_training_answers_by_itself_first_early_and_then_whole(manager, store, paths, project):
    done = store.list_history(store.project(PROJECT).id)
    run = manager.start_training(project, epochs=3)
    wait_until(lambda: run.records("usable"))
    first = active_model(paths, store.project(PROJECT))
    assert first.name == run.name and GestureModel.load(first.folder).gestures
    assert ended(manager, run) == "done"
    found = active_model(paths, store.project(PROJECT))
    assert found.name == run.name and not found.preliminary
    assert not GestureModel.load(found.folder).about.preliminary
    assert store.list_history(store.project(PROJECT).id) == done  # nothing that one would undo


def test_a_newer_training_takes_the_place_of_one_that_goes_on(manager, store, paths, project):
    one = manager.restart_training(project)
    wait_until(lambda: one.records("epoch"))
    two = manager.restart_training(project, epochs=2)
    assert ended(manager, one) == "replaced" and not one.records("result")
    assert ended(manager, two) == "done"
    assert one.name not in [run.name for run in manager.runs(project)]
    assert active_model(paths, store.project(PROJECT)).name == two.name


def test_the_early_model_of_a_replaced_training_answers_until_the_next_can_be_used(
    manager, store, paths, project
):
    one = manager.restart_training(project)
    wait_until(lambda: one.records("usable"))
    two = manager.restart_training(project, epochs=2)
    ended(manager, one)
    found = active_model(paths, store.project(PROJECT)).name
    assert found == (two.name if two.records("usable") else one.name)
    ended(manager, two)
    assert active_model(paths, store.project(PROJECT)).name == two.name


def test_many_in_a_row_leave_the_last_few(manager, paths, project):
    asked_for = manager.runs(project)
    for _ in range(3 * KEPT_AUTOMATIC):
        Run.create(paths.runs, **project_fields(project), automatic=True).log(
            event="end", status="done"
        )
    for _ in range(3):
        last = manager.restart_training(project, epochs=2)
    assert ended(manager, last) == "done"
    listed = manager.runs(project)
    assert [run.name for run in listed[:1]] == [last.name]
    assert len(listed) == 1 + KEPT_AUTOMATIC + len(asked_for) and listed[-1] == asked_for[0]
    assert len(list_runs(paths.runs)) <= len(listed) + 3
    assert ended(manager, manager.restart_training(project, epochs=2)) == "done"
    assert len(list_runs(paths.runs)) <= 1 + KEPT_AUTOMATIC + 1 + len(asked_for)


def test_what_else_is_done_with_the_samples_is_not_replaced(manager, paths, project):
    measuring = start_leave_one_out(manager, project, manager.runs(project)[0])
    with pytest.raises(TrainingError, match="being trained already"):
        manager.restart_training(project)
    manager.stop(measuring)
    ended(manager, measuring)
    elsewhere = Run.create(paths.runs, **project_fields(project))
    with pytest.raises(TrainingError, match="being trained already"):
        manager.restart_training(project)
    elsewhere.release()


def test_a_training_that_was_asked_for_waits_for_its_turn(manager, project):
    run = manager.restart_training(project, epochs=2)
    with pytest.raises(TrainingError, match="being trained already"):
        manager.start_training(project)
    assert ended(manager, run) == "done"


BEGIN = {
    "train": lambda manager, project, _: manager.start_training(project, epochs=1),
    "learn as I go": lambda manager, project, _: manager.restart_training(project, epochs=1),
    "compare": lambda manager, project, _: start_comparison(manager, project),
    "leave persons out": start_leave_one_out,
}


@pytest.mark.parametrize("begin", BEGIN.values(), ids=BEGIN)
def test_the_project_that_was_meant_is_learned_where_another_has_its_name_by_now(
    manager, store, project, begin
):
    [trained], other = manager.runs(project), store.create_project("Other")
    store.rename_project(project.id, "Mine")
    store.rename_project(other.id, PROJECT)
    run = begin(manager, project, trained)
    assert belongs_to(run, project) and run.about()["project"] == "Mine"
    assert manager.runs(other) == []


@pytest.mark.parametrize("begin", BEGIN.values(), ids=BEGIN)
def test_a_project_that_was_deleted_meanwhile_is_not_learned(manager, store, project, begin):
    [trained] = manager.runs(project)
    store.delete_project(project.id)
    store.create_project(PROJECT)
    with pytest.raises(NotFoundError, match=r"^this project was deleted meanwhile"):
        begin(manager, project, trained)
    assert [run.name for run in list_runs(manager.folder)] == [trained.name]


# a thread stays in the middle of loading torch until the warming up is over, or waits for it
HALF_LOADED = """
import sys, threading
from importlib.machinery import PathFinder
from core.jobs.trainings import preload_training

middle, warmed = threading.Event(), threading.Event()

class Stays(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "torch._tensor":
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def stay(module):
            middle.set()
            warmed.wait(2)
            load(module)
        spec.loader.exec_module = stay
        return spec

sys.meta_path.insert(0, Stays)
first = threading.Thread(target=__import__, args=("torch",))
first.start()
assert middle.wait(60)
preload_training().join(60)
warmed.set()
first.join(60)
assert "core.gestures.classifier.learner" in sys.modules
"""


def test_warming_up_sees_no_half_of_what_another_thread_loads():
    told = [sys.executable, "-W", "ignore", "-c", HALF_LOADED]
    run = subprocess.run(told, capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0 and "Traceback" not in run.stderr, run.stderr


def test_warming_up_loads_torch_once():
    preload_training().join(120)
    assert "core.gestures.classifier.learner" in sys.modules
    assert preload_training() is preload_training()


def trained(store, paths, project):
    return train_here(store, paths, project, epochs=1, progress=lambda *_: None)[1]


def test_moving_gestures_are_learned_beside_still_ones_from_two_examples(store, paths, project):
    for name in ("swipe_left", "swipe_right"):
        perform(store, project.id, name, 2)
    run = trained(store, paths, project)
    result = run_result(run)
    assert [g["name"] for g in result["gestures"]] == ["thumbs_up", "fist", "open_palm"]
    beside = result["motions"]
    assert [g["name"] for g in beside["gestures"]] == ["swipe_left", "swipe_right"]
    assert (beside["matcher"], beside["split"]) == ("templates", "burst")
    model = GestureModel.load(active_model(paths, project).folder)
    assert model.path == run.path and model.steps is None
    seen = performed("swipe_right", np.random.default_rng(9))
    found = model.motions.predict(
        clip_to_window(seen.keypoints, seen.times_s)[None], np.array([seen.mirrored_view])
    )[0]
    assert model.motions.gestures[found[0].argmax()].name == "swipe_right"


def test_a_gesture_that_was_performed_once_waits_for_another_example(store, project):
    for name, times in (("swipe_left", 2), ("swipe_right", 1), ("clockwise", 2)):
        perform(store, project.id, name, times)
    still, clips = load_training_data(store, project.id)
    assert not still.is_moving
    assert {clips.gestures[i].name for i in clips.labels} == {"swipe_left", "clockwise"}


def test_a_project_whose_gestures_are_all_still_is_trained_as_ever(manager, project):
    [run] = manager.runs(project)
    assert "motions" not in run_result(run) and not (run.path / MOTIONS).exists()
    assert GestureModel.load(run.path).motions is None


def test_a_project_of_moving_gestures_alone_has_one_model_of_them(store, paths):
    project = store.create_project("Moves")
    for name in ("swipe_left", "clockwise"):
        perform(store, project.id, name, 3)
    run = trained(store, paths, project)
    model = GestureModel.load(run.path)
    assert model.motions is model and (run.path / MODEL).is_file()
    assert run_result(run)["matcher"] == "templates"
