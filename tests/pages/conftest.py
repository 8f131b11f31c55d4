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
def app(workspace, tmp_path, monkeypatch):
    """The app on an empty workspace, as a first visitor finds it; its temporary files are its own,
    for erasing everything takes those of all of the user's processes."""
    monkeypatch.setenv("MUDRA_WORKSPACE", str(workspace))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app = AppTest.from_file("../../app.py", default_timeout=60).run()
    assert not app.exception
    return app


@pytest.fixture
def store(workspace):
    store = Store(Paths.find(workspace).database)
    yield store
    store.close()


def go(app, page):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def unfold(app, key, shown=True):
    """Open the popover of that key, or that tab of the tabs."""
    app.session_state[key] = shown
    app.run()
    assert not app.exception
    return app


def press(app, label):
    next(b for b in [*app.button, *app.sidebar.button] if b.label == label).click().run()
    assert not app.exception
    return app


def choose(app, title, option):
    """Choose an option of a control by its title."""
    next(control for control in app.button_group if control.label == title).set_value(option)
    app.run()
    assert not app.exception
    return app


def upload(app, *files):
    """Put (name, content) pairs into the page's first field, beside what is there."""
    for name, content in files:
        app.file_uploader[0].upload(name, content)
    app.run()
    assert not app.exception
    return app


def undo_offered(app):
    """What the bar at the bottom of the window offers to undo; "" where nothing."""
    [bar] = [h.proto.body for h in app.get("html") if 'role="status"' in h.proto.body]
    said = bar.removeprefix('<div role="status">').removesuffix("</div>")
    buttons = [b for b in app.button if (b.key or "").startswith("act_undo_")]
    assert len(buttons) == bool(said)
    return unescape(said)


def undo_here(app):
    """Press the bar's Undo."""
    next(b for b in app.button if (b.key or "").startswith("act_undo_")).click().run()
    assert not app.exception


def texts(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.info, *app.error])


def cards(app):
    """What the page shows of its gestures: the data of their cards."""
    [found] = [e for e in app.get("bidi_component") if e.proto.component_name == "gesture_cards"]
    return json.loads(found.proto.json)


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


def record(store, gesture, n, *, seed=0, person="me", found_by="mediapipe-hands"):
    """n samples of hands spread about one random hand, in a recording of a session of their own."""
    project = store.projects()[0]
    gesture_id = next(g.id for g in store.gestures(project.id) if g.name == gesture)
    session = store.start_session(project.id, store.ensure_person(project.id, person).id, "test")
    hand = np.random.default_rng(len(gesture)).uniform(100, 300, (21, 2))
    noise = np.random.default_rng(seed).normal(0, 3, (n, 21, 2))
    samples = [
        NewSample(k.astype(np.float32), np.ones(21, np.float32), "webcam", True, found_by)
        for k in hand + noise
    ]
    return store.add_samples(store.start_recording(session, gesture_id), samples)
