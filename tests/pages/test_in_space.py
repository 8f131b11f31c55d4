"""A project whose keypoints are in space on every page: its samples and its model are shown, and
what can't be done with them is said."""

import numpy as np
import pytest

from core.exchange.model_files import create_card
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.trainings import train_here
from core.lab.renderer.render import render_hand
from core.paths import Paths
from core.pose.finders import IN_BROWSER, MEDIAPIPE
from core.store import NewSample
from tests.pages.conftest import go, press, texts
from tests.support.massing_net import save_massing_net

EACH = 6


@pytest.fixture
def project(app, store, workspace):
    """The first visitor's project with rendered hands, and a model trained on them."""
    project = store.projects()[0]
    gestures = {gesture.name: gesture.id for gesture in store.gestures(project.id)}
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "depth")
    for gesture, name in enumerate(("fist", "open_palm")):
        burst = store.start_recording(session, gestures[name])
        hands = [render_hand(gesture, n).joints_mm("hand_21") for n in range(EACH)]
        store.add_samples(burst, [sample(hand.astype(np.float32)) for hand in hands])
    paths = Paths.find(workspace)
    result, _ = train_here(store, paths, project, epochs=1, progress=lambda *_: None)
    assert result.model is not None
    assert store.project(project.name).in_space
    return project


def sample(keypoints):
    return NewSample(
        keypoints, np.ones(21, np.float32), "depth", False, "a net of depth", space="millimetres"
    )


@pytest.mark.parametrize(
    "page",
    ["studio", "record", "gestures", "review", "train", "live", "files", "heatmaps", "depth"],
)
def test_the_page_opens(app, project, page):
    go(app, page)
    assert not app.error


def test_export_gives_the_model_as_a_file(app, project):
    go(app, "export")
    assert not app.error
    assert "answers match on 16 test hands" in app.success[0].value
    assert "in space: x right, y down, z away" in texts(app)


def test_train_keeps_to_space_where_there_is_nothing_else(app, project):
    go(app, "train")
    assert "Learns from 3-D keypoints" in texts(app)
    [axes] = [radio for radio in app.radio if radio.label == "Learn from keypoints in"]
    axes.set_value("2-D (x, y)").run()
    assert "in space alone" in app.error[0].value


def test_a_new_project_of_hands_in_space_is_told_so_until_it_learns_from_the_picture(app, store):
    next(i for i in app.sidebar.text_input if i.label == "Name").set_value("Deep")
    next(c for c in app.sidebar.checkbox if c.label.startswith("Hands in 3-D")).check()
    press(app, "Create")
    assert store.project("Deep").in_space
    go(app, "train")
    [axes] = [radio for radio in app.radio if radio.label == "Learn from keypoints in"]
    assert axes.value == "3-D (x, y, z)"
    axes.set_value("2-D (x, y)").run()
    assert not app.exception and not app.error
    assert not store.project("Deep").in_space
    assert "Learns from 3-D keypoints" not in texts(app)


def test_live_says_that_a_webcam_s_depth_is_estimated_and_a_depth_net_s_hands_are_learned_beside(
    app, store, workspace
):
    project, paths = store.create_project("Webcam", in_space=True), Paths.find(workspace)
    gestures = {gesture.name: gesture.id for gesture in store.gestures(project.id)}
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "webcam")

    def learn(found_by):
        for seed, name in enumerate(("fist", "open_palm")):
            joints = [render_hand(seed, n).joints_mm("hand_21") for n in range(EACH)]
            new = [
                NewSample(
                    hand[:, :2], np.ones(21, np.float32), "w", True, found_by, world=hand / 1e3
                )
                for hand in np.float32(joints)
            ]
            store.add_samples(store.start_recording(session, gestures[name]), new)
        learned = train_here(store, paths, project, epochs=1, progress=lambda *_: None)
        return GestureModel.load(learned[1].path)

    assert learn(MEDIAPIPE).estimators == (MEDIAPIPE,)
    app.session_state["project_id"] = project.id
    for page in ("live", "studio"):
        assert "MediaPipe estimates these points from colours alone" in texts(go(app, page))
    save_massing_net(paths.own_nets / "crossinfonet.mine")
    assert "no gesture is named here" in texts(go(app, "depth"))

    [net] = [box.value for box in app.selectbox if box.label == "Net"]
    both = learn(net)
    assert both.estimators == (MEDIAPIPE, net) and both.estimator == MEDIAPIPE
    assert both.knows(IN_BROWSER[MEDIAPIPE]) and not both.knows("cpm.hand_light")
    assert "no gesture is named here" not in texts(go(app, "depth"))
    assert f"found by mediapipe-hands and {net} alone" in create_card(both).replace("\\", "")
