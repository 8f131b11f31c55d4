"""Trainings of projects whose gestures move, some of them or all."""

import numpy as np
import pytest

from core.gestures.modelfile.gesture_model import MODEL, MOTIONS, GestureModel
from core.gestures.motion.windows import clip_to_window
from core.jobs.active_model import active_model
from core.jobs.trainings import load_training_data, run_result, train_here
from tests.support.performances import perform, performed

PROJECT = "People"  # whose three still gestures three persons have recorded


@pytest.fixture
def project(store):
    return store.project(PROJECT)


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
