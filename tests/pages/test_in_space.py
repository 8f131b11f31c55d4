"""A project whose keypoints are in space on every page: its samples and its model are shown, and
what can't be done with them is said."""

import pytest

from core.exchange.model_files import create_card
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.trainings import train_here
from core.paths import Paths
from core.pose.finders import IN_BROWSER, MEDIAPIPE
from pages.panels.navigation import SECTIONS
from tests.pages.conftest import create_project, go, labelled, plain, texts
from tests.support.depth_recordings import record_rendered_hands
from tests.support.massing_net import save_massing_net


@pytest.fixture
def project(first, store, workspace):
    """The first visitor's project with rendered hands, and a model trained on them."""
    record_rendered_hands(store, first, picture=False)
    paths = Paths.find(workspace)
    result, _ = train_here(store, paths, first, epochs=1, progress=lambda *_: None)
    assert result.model is not None
    assert store.project(first.name).in_space
    return first


def test_every_page_opens_export_gives_the_model_and_train_keeps_to_space(app, project):
    for name in (name.lower() for names in SECTIONS.values() for name in names):
        assert not go(app, name).error, name
    go(app, "export")
    assert "answers match on 16 test hands" in app.success[0].value
    assert "in space: x right, y down, z away" in texts(app)
    go(app, "train")
    assert "Learns from 3-D keypoints" in texts(app)
    labelled(app.radio, "Learn from keypoints in").set_value("2-D (x, y)").run()
    assert "in space alone" in app.error[0].value


def test_a_new_project_of_hands_in_space_is_told_so_until_it_learns_from_the_picture(app, store):
    labelled(app.sidebar.checkbox, "Hands in 3-D").check()
    create_project(app, "Deep")
    assert store.project("Deep").in_space
    axes = labelled(go(app, "train").radio, "Learn from keypoints in")
    assert axes.value == "3-D (x, y, z)"
    axes.set_value("2-D (x, y)").run()
    assert not app.exception and not app.error
    assert not store.project("Deep").in_space
    assert "Learns from 3-D keypoints" not in texts(app)


def test_live_says_that_a_webcam_s_depth_is_estimated_and_a_depth_net_s_hands_are_learned_beside(
    app, store, workspace
):
    project, paths = store.create_project("Webcam", in_space=True), Paths.find(workspace)

    def learn(found_by):
        record_rendered_hands(store, project, found_by=found_by)
        learned = train_here(store, paths, project, epochs=1, progress=lambda *_: None)
        return GestureModel.load(learned[1].path)

    assert learn(MEDIAPIPE).estimators == (MEDIAPIPE,)
    app.session_state["project_id"] = project.id
    for page in ("live", "studio"):
        assert "MediaPipe estimates these points from colours alone" in texts(go(app, page))
    save_massing_net(paths.own_nets / "crossinfonet.mine")
    assert "no gesture is named here" in texts(go(app, "depth"))

    net = labelled(app.selectbox, "Net").value
    both = learn(net)
    assert both.estimators == (MEDIAPIPE, net) and both.about.estimator == MEDIAPIPE
    assert both.knows(IN_BROWSER[MEDIAPIPE]) and not both.knows("cpm.hand_light")
    assert "no gesture is named here" not in texts(go(app, "depth"))
    assert f"found by mediapipe-hands and {net} alone" in plain(create_card(both))
