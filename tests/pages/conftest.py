"""What the tests of the pages share: the app without a browser, its store, what a person does."""

import json
import re
import sys
import tempfile
from html import unescape

import numpy as np
import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.paths import Paths
from core.store import NewSample, Store

PAGES = ("studio", "demo", "record", "train", "live", "body")
ODD = "**b** <i>[x](http://x) :smile: $1$"


class NavigatedPages(PagesManager):
    """A server's pages after its first request: `st.navigation` has been called, and no page runs
    without app.py any more. AppTest would forget it before every run."""

    def __init__(self, *args, **more):
        type(self).uses_pages_directory = PagesManager.uses_pages_directory = False
        super().__init__(*args, **more)


@pytest.fixture(autouse=True)
def navigated_pages(monkeypatch):
    monkeypatch.setattr("streamlit.testing.v1.app_test.PagesManager", NavigatedPages)
    # AppTest leaves app.py there, which every process that is begun later would run
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    # AppTest has no browser session to ask
    monkeypatch.setattr("streamlit_webrtc.component.get_this_session_info", lambda: None)


@pytest.fixture
def open_app(workspace, tmp_path, monkeypatch):
    """open_app(page, project): another visitor's app; its temporary files are the test's own, for
    erasing everything takes those of all of the user's processes."""
    monkeypatch.setenv("MUDRA_WORKSPACE", str(workspace))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def open_app(page="studio", project=""):
        app = AppTest.from_file("../../app.py", default_timeout=60)
        if project:
            app.query_params["project"] = project
        return go(app, page)

    return open_app


@pytest.fixture
def app(open_app):
    """The app on an empty workspace, as a first visitor finds it."""
    return open_app()


@pytest.fixture
def first(app, store):
    return store.projects()[0]


@pytest.fixture
def store(workspace):
    store = Store(Paths.find(workspace).database)
    yield store
    store.close()


def run(app):
    app.run()
    assert not app.exception
    return app


def go(app, page):
    return run(app.switch_page(f"pages/{page}.py"))


def unfold(app, key, shown=True):
    """Open the popover of that key, or that tab of the tabs."""
    app.session_state[key] = shown
    return run(app)


def labelled(widgets, label):
    """The one with that label, else the first whose label begins so."""
    fitting = [one for one in widgets if one.label.startswith(label)]
    return next((one for one in fitting if one.label == label), None) or fitting[0]


def press(app, label):
    labelled([*app.button, *app.sidebar.button], label).click()
    return run(app)


def choose(app, title, option):
    labelled(app.button_group, title).set_value(option)
    return run(app)


def fill(app, label, value):
    """Type into a field, beside what is typed into others."""
    labelled([*app.text_input, *app.sidebar.text_input], label).set_value(value)
    return app


def create_project(app, name, kind="Hands"):
    labelled(app.sidebar.radio, "Type").set_value(kind)
    return press(fill(app, "Name", name), "Create")


def put_files(app, *files, into=""):
    """Put (name, content) pairs into the first field whose label begins so."""
    for name, content in files:
        labelled(app.file_uploader, into).upload(name, content)
    return app


def upload(app, *files, to=""):
    return run(put_files(app, *files, into=to))


def downloads(app):
    return [button.proto.label for button in app.get("download_button")]


def component(app, name):
    """The data that the page gives to its component of that name, or to that part of the stage."""
    given = [
        (e.proto.component_name, json.loads(e.proto.json or "{}"))
        for e in app.get("bidi_component")
    ]
    [found] = [data for kind, data in given if name in (kind, data.get("part"))]
    return found


def undo_offered(app):
    """What the bar at the top of the window offers to undo; "" where nothing."""
    [bar] = [h.proto.body for h in app.get("html") if 'role="status"' in h.proto.body]
    said = bar.removeprefix('<div role="status">').removesuffix("</div>")
    buttons = [b for b in app.button if (b.key or "").startswith("act_undo_")]
    assert len(buttons) == bool(said)
    return unescape(said)


def undo_here(app):
    next(b for b in app.button if (b.key or "").startswith("act_undo_")).click()
    run(app)


def texts(app):
    shown = [*app.markdown, *app.caption, *app.info, *app.success, *app.warning, *app.error]
    return "\n".join(str(e.value) for e in shown)


def plain(text):
    """Text without the backslashes that keep it from being Markdown."""
    return text.replace("\\", "")


def cards(app):
    """What the page shows of its gestures: the data of their cards."""
    return component(app, "cards")["state"]


def live_cards(app, project):
    """The gesture cards of the visitor's live session."""
    return app.session_state["live_session"].session.cards[project.id]


def tables(app):
    """The small tables of the page, each a dictionary from column to texts."""
    found = []
    for body in [html.proto.body for html in app.get("html") if "<table>" in html.proto.body]:
        heads = [unescape(head) for head in re.findall(r"<th [^>]*>(.*?)</th>", body)]
        cells = [
            unescape(re.sub(r"<i.*?</i>", "", c)) for c in re.findall(r"<td.*?>(.*?)</td>", body)
        ]
        found.append({head: cells[i :: len(heads)] for i, head in enumerate(heads)})
    return found


def gesture_id(store, name):
    return next(g.id for g in store.gestures(store.projects()[0].id) if g.name == name)


def record(store, gesture, n, *, seed=0, person="me", found_by="mediapipe-hands"):
    """n samples of hands spread about one random hand, in a recording of a session of their own."""
    project = store.projects()[0]
    session = store.start_session(project.id, store.ensure_person(project.id, person).id, "test")
    hand = np.random.default_rng(len(gesture)).uniform(100, 300, (21, 2))
    noise = np.random.default_rng(seed).normal(0, 3, (n, 21, 2))
    samples = [
        NewSample(k.astype(np.float32), np.ones(21, np.float32), "webcam", True, found_by)
        for k in hand + noise
    ]
    recording = store.start_recording(session, gesture_id(store, gesture))
    return store.add_samples(recording, samples)
