"""The Demo page without a browser: the demo, the demo project."""

import pytest

from core.paths import Paths
from core.recording.demo import DEMO_PROJECT
from tests.pages.conftest import component, go, press, texts, undo_here, undo_offered


def named(app):
    """What the answer says of each hand."""
    return [hand["name"] for hand in component(app, "answer")["hands"]]


def test_the_demo_names_what_it_shows_and_can_be_stopped(app):
    go(app, "demo")
    assert named(app) == ["Sample hands"]
    press(app, "Play the demo")
    app.run()
    assert not app.error
    assert named(app)[0] in ("thumbs_up", "No gesture")
    press(app, "Stop the demo")
    assert named(app) == ["Sample hands"]


def test_the_demo_project_is_filled_and_chosen_and_goes_as_a_whole(app, store):
    go(app, "demo")
    press(app, "Fill a demo project")
    assert app.sidebar.selectbox[0].value == DEMO_PROJECT
    assert "360 samples of 9 gestures" in texts(app)
    press(app, "Fill a demo project")
    assert "360 samples of 9 gestures" in texts(app)
    assert sorted(p.name for p in store.projects()) == [DEMO_PROJECT, "My gestures"]
    go(app, "record")
    assert app.sidebar.selectbox[0].value == DEMO_PROJECT
    assert not app.error and undo_offered(app).startswith("Imported")
    undo_here(app)
    assert [p.name for p in store.projects()] == ["My gestures"]
    assert app.sidebar.selectbox[0].value == "My gestures"
    assert [p.name for p in store.projects(deleted=True)] == [DEMO_PROJECT]


@pytest.mark.parametrize("name", ["demo", "starter"])
def test_a_missing_file_of_the_demo_is_said_in_plain_words(
    open_app, workspace, monkeypatch, tmp_path, name
):
    paths = Paths(workspace, Paths.find().weights, **{name: tmp_path / "gone.csv"})
    monkeypatch.setattr(Paths, "find", classmethod(lambda cls, *args, **more: paths))
    assert "gone" in open_app("demo").error[0].value
