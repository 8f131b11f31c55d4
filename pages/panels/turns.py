"""A run that is told to stop takes nothing back: a mend of Streamlit 1.67, see messages.py.

A newer run begins while the older goes on until it next looks, and what both know is theirs to
change: the older brings the values that it began with, or ends a press, after the newer was told.
The page is then not drawn as the browser has it. Here an older run changes nothing any more, and
while one changes what both know the other waits.
"""

from collections.abc import Callable
from typing import Any

from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

_TURN = "_mudra_turn"  # of a session's state: held by the run that changes it
_begin = SafeSessionState.__init__
_CHANGES: dict[str, Callable[..., None]] = {
    "on_script_will_rerun": SafeSessionState.on_script_will_rerun,
    "on_script_finished": SafeSessionState.on_script_finished,
}


def install() -> None:
    """From now on in every run of this process; again does nothing."""
    SafeSessionState.__init__ = _begin_with_turn  # type: ignore[assignment,method-assign]
    for name, change in _CHANGES.items():
        setattr(SafeSessionState, name, _unless_stopped(change))


def _begin_with_turn(
    run: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]
) -> None:
    _begin(run, state, yield_callback)
    # each run had a lock of its own; the state has no room for one, what it holds has
    turn = vars(state.query_params).setdefault(_TURN, run._lock)
    object.__setattr__(run, "_lock", turn)


def _unless_stopped(change: Callable[..., None]) -> Callable[..., None]:
    def changed(run: SafeSessionState, *told: Any, **options: Any) -> None:
        with run._lock:
            if not _is_stopped(run):
                change(run, *told, **options)

    return changed


def _is_stopped(run: SafeSessionState) -> bool:
    runner = getattr(run._yield_callback, "__self__", None)  # who asks it whether to go on
    return runner is not None and runner._requests._state is ScriptRequestType.STOP
