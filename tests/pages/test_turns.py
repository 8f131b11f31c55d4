"""What a session knows while one run of its page takes another's place."""

from threading import Thread

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import ScriptRunner
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
