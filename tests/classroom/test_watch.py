"""Guests see the model that the project uses now, and that the project is gone."""

import pytest

from core.classroom import watch as module
from core.classroom.watch import DELETED, STARTER, ProjectWatch
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from core.pose.finders import MEDIAPIPE


@pytest.fixture
def watch(store, project, workspace, monkeypatch):
    """watch(estimator): a watch that reads anew whenever it is asked."""
    monkeypatch.setattr(module, "REREAD_S", -1.0)

    def watch_with(estimator=MEDIAPIPE):
        paths = Paths.find(workspace)
        return ProjectWatch(store, paths, project, estimator, lambda f, at: GestureModel.load(f))

    return watch_with


def test_the_starter_answers_first(watch):
    view = watch().view()
    assert (view.text, view.problem) == (STARTER, "") and view.model is not None


def test_a_model_of_other_keypoints_is_not_used(watch):
    view = watch("cpm.openpose_hand").view()
    assert view.model is None and "other keypoints" in view.text


def test_a_project_that_is_gone_is_said_also_if_another_has_its_id(watch, store, project):
    one = watch()
    assert one.view().problem == ""
    store.delete_project(project.id)
    assert one.view().problem == DELETED


def test_within_a_second_nothing_is_read_again(watch, monkeypatch, store, project):
    one = watch()
    first = one.view()
    monkeypatch.setattr(module, "REREAD_S", 60.0)
    store.delete_project(project.id)
    assert one.view() is first
