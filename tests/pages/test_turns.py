"""What a session knows and sends while one run of its page takes another's place."""

import asyncio
import sys
from threading import Thread

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.runtime import Runtime, RuntimeConfig
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState

from pages.panels import turns


def run_of(state):
    """What a run knows of its session, and who runs it."""
    runner = ScriptRunner(
        session_id="session",
        main_script_path="app.py",
        session_state=state,
        uploaded_file_mgr=None,
        script_cache=None,
        initial_rerun_data=RerunData(),
        user_info={},
        fragment_storage=None,
        pages_manager=None,
        event_loop=None,
    )
    return runner._session_state, runner


def as_told(value, *_):
    return value


def told(kind, value):
    return WidgetStates(widgets=[WidgetState(id="widget", **{kind: value})])


@pytest.mark.parametrize("kind", ["bool_value", "trigger_value"])
def test_a_run_that_was_told_to_stop_takes_nothing_back(kind):
    turns.install()
    state = SessionState()
    (old, runner), (new, _) = run_of(state), run_of(state)
    widget = WidgetMetadata("widget", as_told, as_told, kind)
    old.register_widget(widget, "key")
    runner.request_stop()
    new.on_script_will_rerun(told(kind, True))
    old.on_script_will_rerun(told(kind, False))
    old.on_script_finished(frozenset())
    assert new["key"] is True


def test_one_run_waits_while_another_changes_what_both_know():
    turns.install()
    state, order = SessionState(), []
    (old, _), (new, _), (other, _) = run_of(state), run_of(state), run_of(SessionState())

    def finish(run, name):
        run.on_script_finished(frozenset())
        order.append(name)

    threads = [Thread(target=finish, args=args) for args in ((new, "new"), (other, "other"))]
    with old._lock:  # as while it tells callbacks
        for thread in threads:
            thread.start()
        threads[1].join(10)
        threads[0].join(0.2)
        order.append("old")
    threads[0].join(10)
    assert order == ["other", "old", "new"]


APP = """
import streamlit as st

@st.fragment
def part():
    st.text(f"part: {st.button('press', key='press')}")

part()
st.text(f"page: {st.checkbox('box', key='box')}")
"""


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Path of an app that a server of this process runs."""
    path = tmp_path / "app.py"
    path.write_text(APP)
    monkeypatch.setattr(Runtime, "_instance", None)
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a run is it
    config = (str(path), MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/upload"))
    Runtime(RuntimeConfig(*config))
    turns.install()
    return path


def session_of(app):
    uploads = MemoryUploadedFileManager("/upload")
    return AppSession(ScriptData(str(app)), uploads, ScriptCache(), None, {})


def tell(session, *widgets, part=False):
    """The browser tells what its widgets say, of the fragment or of the whole page."""
    [fragment] = session._fragment_storage._fragments if part else [""]
    states = WidgetStates(widgets=widgets)
    session.request_rerun(ClientState(fragment_id=fragment, widget_states=states))


def end_unheard(session):
    """Its run ends while the server is too busy to hear it."""
    session._scriptrunner._script_thread.join(10)


async def shown(session):
    while session._scriptrunner:
        await asyncio.sleep(0.01)
    messages = session._browser_queue.flush()
    return [m.delta.new_element.text.body for m in messages if m.delta.new_element.text.body]


def press_and_box(session):
    known = session.session_state._new_widget_state.widget_metadata
    [press] = [i for i in known if i.endswith("press")]
    [box] = [i for i in known if i.endswith("box")]
    return WidgetState(id=press, trigger_value=True), WidgetState(id=box, bool_value=True)


def test_what_a_run_has_drawn_is_sent_though_a_part_is_told_something_before_it_was_heard(app):
    async def story():
        session = session_of(app)
        tell(session)
        end_unheard(session)
        press, _ = press_and_box(session)
        tell(session, press, part=True)
        assert {"page: False", "part: True"} <= {*await shown(session)}

    asyncio.run(story())


def test_a_part_s_press_that_waits_is_not_lost_where_the_whole_page_is_told_something(app):
    async def story():
        session = session_of(app)
        tell(session)
        end_unheard(session)
        press, box = press_and_box(session)
        tell(session, press, part=True)
        tell(session, box)
        assert (await shown(session))[-2:] == ["part: True", "page: True"]

    asyncio.run(story())


CHOOSES = """
import time
from pathlib import Path

import streamlit as st

from core.pose.skeletons.table import HAND_21
from pages.panels.camera.keypoints import request_keypoint, pick_keypoint

@st.fragment
def part():
    if st.button("press", key="press", on_click=lambda: request_keypoint("maps", HAND_21, 8)):
        Path("{0}/chosen").touch()
        while not Path("{0}/told").exists():
            time.sleep(0.01)
        st.rerun()

part()
st.text(f"page: {{pick_keypoint('maps', HAND_21)}}")
"""


def test_a_keypoint_that_was_clicked_stays_though_a_timer_tells_the_one_before(app, tmp_path):
    app.write_text(CHOOSES.format(tmp_path))

    async def story():
        session = session_of(app)
        tell(session)
        assert "page: None" in await shown(session)
        known = session.session_state._new_widget_state.widget_metadata
        [press], [joint] = ([i for i in known if i.endswith(end)] for end in ("press", "joint"))
        tell(session, WidgetState(id=press, trigger_value=True), part=True)
        while not (tmp_path / "chosen").exists():
            await asyncio.sleep(0.01)
        told = {known[joint].value_type: "all keypoints"}
        tell(session, WidgetState(id=joint, **told), part=True)
        (tmp_path / "told").touch()
        assert (await shown(session))[-1] == "page: 8"

    asyncio.run(story())
