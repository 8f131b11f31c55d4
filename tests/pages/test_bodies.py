"""A project of bodies on every page: made in the sidebar, with the arm poses to begin with."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.gestures.labels import ARM_POSES
from tests.pages.conftest import PAGES, go, press, texts

EVERY = (*PAGES, "gestures", "review", "files", "export", "heatmaps", "depth", "privacy")


@pytest.fixture
def bodies(app):
    """The app with a new project of bodies, made as a person makes it."""
    next(i for i in app.sidebar.text_input if i.label == "Name").set_value("Arms")
    next(r for r in app.sidebar.radio if r.label == "Type").set_value("Bodies")
    return press(app, "Create")


def test_a_project_of_bodies_is_made_in_the_sidebar_and_begins_with_the_arm_poses(bodies, store):
    project = store.project("Arms")
    assert project.skeleton == "body_33"
    assert [g.label for g in store.gestures(project.id)] == [*ARM_POSES]
    assert "t\\_pose" in texts(go(bodies, "gestures"))


def test_hands_are_what_a_project_is_about_unless_told(app, store):
    next(i for i in app.sidebar.text_input if i.label == "Name").set_value("More")
    press(app, "Create")
    assert store.project("More").skeleton == "hand_21"


@pytest.mark.parametrize("page", EVERY)
def test_every_page_shows_a_project_of_bodies(bodies, page):
    go(bodies, page)
    assert not bodies.error


def test_live_and_record_look_for_bodies_and_never_for_hands(bodies):
    for page in ("live", "record", "studio"):
        go(bodies, page)
        [chosen] = [box for box in bodies.selectbox if box.label == "Keypoint detector"]
        assert chosen.options == ["MediaPipe pose"]
        assert "Several people" in [toggle.label for toggle in bodies.toggle]
        assert "Two hands" not in [toggle.label for toggle in bodies.toggle]


def test_heatmaps_begins_with_a_net_of_bodies_where_the_project_is_about_them(bodies, store):
    [net] = [box for box in go(bodies, "heatmaps").selectbox if box.label == "Net"]
    assert net.options == ["Light net of bodies", "Light CPM"]
    assert net.value == "cpm.body_light"
    bodies.session_state["project_id"] = store.create_project("Hands").id
    [net] = [box for box in bodies.run().selectbox if box.label == "Net"]
    assert net.options == ["Light CPM", "Light net of bodies"]
    assert net.value == "cpm.hand_light"


def test_what_is_said_of_a_body_s_heatmaps_speaks_of_no_finger(bodies):
    for view in ("multi", "hm"):
        bodies.session_state["maps_view"] = view
        assert "finger" not in texts(go(bodies, "heatmaps"))
    assert "each side's together" in texts(bodies)


def test_files_finds_the_people_in_a_picture(bodies, weights_folder, shared_data):
    picture = shared_data / "coco/mini/val2017/000000368212.jpg"
    go(bodies, "files").file_uploader[0].upload(picture.name, picture.read_bytes())
    bodies.run()
    assert "**1** bodies" in texts(bodies) and "Starter: the arm poses" in str(bodies.selectbox)


def test_files_compares_nobody_with_what_is_no_gesture(bodies, weights_folder, shared_data):
    picture = shared_data / "coco/mini/train2017/000000000790.jpg"
    go(bodies, "files").file_uploader[0].upload(picture.name, picture.read_bytes())
    bodies.run()
    assert "no gesture" in texts(bodies) and "most like none" not in texts(bodies)


def test_who_remains_of_two_people_is_called_by_the_number_that_the_video_shows():
    def page():
        import numpy as np

        from core.live.live import Latest
        from core.pose.types import Pose
        from core.reading.reading import HandReading
        from pages.panels.live.readings import show_answers

        pose = Pose(np.zeros((33, 2), np.float32), np.ones(33, np.float32))
        two = HandReading(pose, hand="body", number=2)
        show_answers(Latest((two,), numbered=True), "remaining", "body_33")
        show_answers(Latest((two,)), "only", "body_33")
        one = HandReading(pose, hand="body", number=1, half=True)
        show_answers(Latest((one, two), numbered=True), "both", "body_33")

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    shown = [json.loads(e.proto.json)["hands"] for e in app.get("bidi_component")]
    remaining, only, both = [[hand["note"] for hand in hands] for hands in shown]
    assert remaining == ["person 2"] and only == [""]
    assert both[0].startswith("person 1 · Trained on whole bodies") and both[1] == "person 2"


def test_live_says_when_most_of_half_a_minute_shows_half_of_a_body():
    def page():
        from dataclasses import replace

        import numpy as np

        from core.gestures.modelfile.drift import MIN_SEEN_S
        from core.gestures.modelfile.gesture_model import GestureModel
        from core.live.live import Latest
        from core.paths import Paths
        from core.pose.types import Pose
        from core.reading.reading import HandReading
        from pages.panels.live.readings import warn_about_drift

        pose = Pose(np.zeros((33, 2), np.float32), np.ones(33, np.float32))
        half = Latest(hands=(HandReading(pose, half=True),))
        arms = GestureModel.load(Paths.arms)
        for second in range(int(MIN_SEEN_S) + 1):  # as seldom as any page looks
            warn_about_drift(replace(half, taken_s=second), arms)

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    [said] = [warning.value for warning in app.warning]
    assert said.startswith("The model was trained on whole bodies and sees half of one")
