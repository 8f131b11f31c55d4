"""A run that is told to stop takes nothing back, and one that has ended is heard to its end: mends
of Streamlit 1.67, see messages.py.

A newer run begins while the older goes on until it next looks, and what both know is theirs to
change: the older brings the values that it began with, or ends a press, after the newer was told.
The page is then not drawn as the browser has it. Here an older run changes nothing any more, and
while one changes what both know the other waits.

What a run has drawn is not heard any more once another was begun in its place. For a whole page
that is right, but a fragment draws itself alone: where it is told something while the last words of
a run that has ended are on their way, half of a page would never be shown. Here it waits for them.
"""

from collections.abc import Callable
from typing import Any

from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner import RerunData, ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

_TURN = "_mudra_turn"  # of a session's state: held by the run that changes it
_WAITING = "_mudra_waiting"  # of a session: what fragments were told after their run had ended
_begin = SafeSessionState.__init__
_create_runner = AppSession._create_scriptrunner
_hear = AppSession._handle_scriptrunner_event_on_event_loop
_CHANGES: dict[str, Callable[..., None]] = {
    "on_script_will_rerun": SafeSessionState.on_script_will_rerun,
    "on_script_finished": SafeSessionState.on_script_finished,
}


def install() -> None:
    """Patch Streamlit's session state and runner for all runs of this process; a second call has no
    effect."""
    SafeSessionState.__init__ = _begin_with_turn  # type: ignore[assignment,method-assign]
    for name, change in _CHANGES.items():
        setattr(SafeSessionState, name, _unless_stopped(change))
    AppSession._create_scriptrunner = _create_after_last_words  # type: ignore[assignment,method-assign]
    AppSession._handle_scriptrunner_event_on_event_loop = _hear_and_go_on  # type: ignore[assignment,method-assign]


def _begin_with_turn(
    run: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]
) -> None:
    """Initialise a run's session state with a lock shared by all runs of the session."""
    _begin(run, state, yield_callback)
    # each run had a lock of its own; the state has no room for one, what it holds has
    turn = vars(state.query_params).setdefault(_TURN, run._lock)
    object.__setattr__(run, "_lock", turn)


def _unless_stopped(change: Callable[..., None]) -> Callable[..., None]:
    """Wrap a session-state method: under the lock, do nothing if its run was stopped."""

    def changed(run: SafeSessionState, *told: Any, **options: Any) -> None:
        with run._lock:
            if not _is_stopped(run):
                change(run, *told, **options)

    return changed


def _is_stopped(run: SafeSessionState) -> bool:
    runner = getattr(run._yield_callback, "__self__", None)  # who asks it whether to go on
    return runner is not None and runner._requests._state is ScriptRequestType.STOP


def _create_after_last_words(session: AppSession, told: RerunData) -> None:
    """Queue a rerun request; create the runner once the previous runner has sent its last event."""
    waiting: list[RerunData] = vars(session).setdefault(_WAITING, [])
    waiting.append(told)
    if session._scriptrunner is None:  # its last word was heard, or a whole page takes its place
        together = _as_one(waiting)
        waiting.clear()
        _create_runner(session, together)


def _as_one(told: list[RerunData]) -> RerunData:
    """Merge rerun requests into one, as Streamlit's own queue does."""
    requests = ScriptRequests()
    for one in told:
        requests.request_rerun(one)
    return requests.on_scriptrunner_ready().rerun_data


def _hear_and_go_on(
    session: AppSession, sender: Any, event: ScriptRunnerEvent, *told: Any, **options: Any
) -> None:
    """Handle a runner's event, then create the runner that waits for this one's end, unless the
    session is closing."""
    _hear(session, sender, event, *told, **options)
    waiting = vars(session).get(_WAITING)
    open_still = session._state != AppSessionState.SHUTDOWN_REQUESTED
    if waiting and open_still and session._scriptrunner is None:
        _create_after_last_words(session, waiting.pop())
