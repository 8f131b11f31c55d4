"""A project of bodies on every page: made in the sidebar, with the arm poses to begin with."""

import pytest

from core.gestures.labels import ARM_POSES
from pages.panels.navigation import SECTIONS
from tests.pages.conftest import create_project, go, labelled, texts, upload

EVERY = [name.lower() for names in SECTIONS.values() for name in names]


@pytest.fixture
def bodies(app):
    """The app with a new project of bodies, made as a person makes it."""
    return create_project(app, "Arms", "Bodies")


def test_a_project_of_bodies_begins_with_the_arm_poses_and_is_shown_by_every_page(bodies, store):
    project = store.project("Arms")
    assert project.skeleton == "body_33"
    assert [g.label for g in store.gestures(project.id)] == [*ARM_POSES]
    assert "t\\_pose" in texts(go(bodies, "gestures"))
    for page in EVERY:
        assert not go(bodies, page).error, page


def test_live_and_record_look_for_bodies_and_never_for_hands(bodies):
    for page in ("live", "record", "studio"):
        go(bodies, page)
        assert labelled(bodies.selectbox, "Keypoint detector").options == ["MediaPipe pose"]
        assert "Several people" in [toggle.label for toggle in bodies.toggle]
        assert "Two hands" not in [toggle.label for toggle in bodies.toggle]


def test_heatmaps_begins_with_a_net_of_bodies_where_the_project_is_about_them(bodies, store):
    net = labelled(go(bodies, "heatmaps").selectbox, "Net")
    assert net.options == ["Light net of bodies", "MoveNet Thunder", "Light CPM"]
    assert net.value == "cpm.body_light"
    for view in ("multi", "hm"):
        bodies.session_state["maps_view"] = view
        assert "finger" not in texts(bodies.run())
    assert "each side's together" in texts(bodies)
    bodies.session_state["project_id"] = store.create_project("Hands").id
    net = labelled(bodies.run().selectbox, "Net")
    assert net.options == ["Light CPM", "Light net of bodies", "MoveNet Thunder"]
    assert net.value == "cpm.hand_light"


def test_files_finds_the_people_and_compares_nobody_with_what_is_no_gesture(
    bodies, weights_folder, shared_data
):
    picture = shared_data / "coco/mini/val2017/000000368212.jpg"
    upload(go(bodies, "files"), (picture.name, picture.read_bytes()))
    assert "**1** bodies" in texts(bodies) and "Starter: the arm poses" in str(bodies.selectbox)
    picture = shared_data / "coco/mini/train2017/000000000790.jpg"
    upload(bodies, (picture.name, picture.read_bytes()))
    assert "no gesture" in texts(bodies) and "most like none" not in texts(bodies)
