"""No press is lost that comes together with another part's message.

Streamlit's browser side puts all that widgets say within one task of the browser into one message,
and where one of them lies in a fragment, the message is of that fragment alone: a button outside of
it is pressed, but the page is not drawn anew. Seen in Streamlit 1.67, and mended here for it alone:
a message that presses a button outside of its fragment is of the whole page, and what it says of
another fragment is told to that one, too.
"""

from contextlib import suppress
from typing import Any

import streamlit
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.session_state import Value, WStates

_KNOWN = "1.67."
_SEEN = "_mudra_widgets_seen"  # of a session: what it was told of each widget
_TRIGGERS = {"trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value"}
_request_rerun = AppSession.request_rerun


def install() -> None:
    """From now on in every session of this process; again does nothing."""
    if streamlit.__version__.startswith(_KNOWN):
        AppSession.request_rerun = _request_rerun_of_all  # type: ignore[assignment,method-assign]


def _request_rerun_of_all(session: AppSession, client_state: Any) -> None:
    others: set[str] = set()
    if client_state is not None:
        new = _new(session, client_state.widget_states.widgets)
        if fragment := client_state.fragment_id:
            others = {_fragment_of(session, widget) for widget in new} - {fragment}
            pressed = any(new[w] and _fragment_of(session, w) != fragment for w in new)
            if pressed or "" in others:
                client_state.fragment_id, others = "", set()
    _request_rerun(session, client_state)
    for fragment in sorted(others):  # what they were told is drawn by them alone
        client_state.fragment_id = fragment
        _request_rerun(session, client_state)


def _new(session: AppSession, widgets: Any) -> dict[str, bool]:
    """The widgets that have another value than in the message before, and whether they were
    pressed."""
    seen: dict[str, bytes] = vars(session).setdefault(_SEEN, {})
    new = {}
    for widget in widgets:
        said = widget.SerializeToString(deterministic=True)
        pressed = widget.WhichOneof("value") in _TRIGGERS
        if widget.id not in seen:
            seen[widget.id] = _drawn(session, widget.id) or said
        if pressed or seen[widget.id] != said:
            new[widget.id] = pressed
        seen[widget.id] = said
    return new


def _drawn(session: AppSession, widget: str) -> bytes | None:
    """What the widget would say of the value it was drawn with; None for one never drawn."""
    state = session.session_state
    with suppress(KeyError):  # the script may be changing it just now
        drawn = WStates({widget: Value(state[widget])}, state._new_widget_state.widget_metadata)
        if said := drawn.get_serialized(widget):
            return said.SerializeToString(deterministic=True)
    return None


def _fragment_of(session: AppSession, widget: str) -> str:
    """The fragment that the widget was drawn in; "" for none."""
    known = session.session_state._new_widget_state.widget_metadata.get(widget)
    return (known.fragment_id or "") if known else ""
