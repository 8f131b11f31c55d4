"""No press is lost and no page breaks where much is told at one time: five mends of Streamlit
1.67, for it alone:

- Its browser side puts all that widgets say within one task of the browser into one message, and
  where one of them lies in a fragment, the message is of that fragment alone: a button outside of
  it is pressed, but the page is not drawn anew. Here a message that presses a button outside of its
  fragment is of the whole page, and what it says of another fragment is told to that one, too.
- What a fragment tells while another page was asked for is of the page before, which its run would
  bring back, or half of it. Here it is not heard: the page that comes draws it anew, and its next
  message tells the same.
- A fragment that runs takes back what was drawn of it and is not sent yet, but not what was drawn
  after it in the same place, which then hangs in the air ("Bad delta path index"), and the browser
  side gives up. Here nothing of a whole page is taken back.
- A run that was told to stop takes back what is known by now, and the last words of one that has
  ended are lost: see turns.py.
"""

from contextlib import suppress
from typing import Any

import streamlit
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.state.session_state import Value, WStates

from pages.panels import turns

_KNOWN = "1.67."
_SEEN = "_mudra_widgets_seen"  # of a session: what it was told of each widget
_PAGES = "_mudra_pages"  # of a session: the page that its browser is at, and one that it has left
_TRIGGERS = {"trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value"}
_request_rerun = AppSession.request_rerun
_clear = ForwardMsgQueue.clear


def install() -> None:
    """Patch Streamlit's session and message queue for all sessions of this process, if its version
    is a known one; a second call has no effect."""
    if streamlit.__version__.startswith(_KNOWN):
        AppSession.request_rerun = _request_rerun_of_all  # type: ignore[assignment,method-assign]
        ForwardMsgQueue.clear = _clear_no_page  # type: ignore[assignment,method-assign]
        turns.install()


def _clear_no_page(
    queue: ForwardMsgQueue,
    retain_lifecycle_msgs: bool = False,
    fragment_ids_this_run: list[str] | None = None,
) -> None:
    """Clear the message queue, but keep a page that is still queued when a fragment runs."""
    if fragment_ids_this_run and any(map(_is_of_page, queue._queue)):
        queue._delta_index_map = {}  # what comes now goes behind it, not in its place
    else:
        _clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)


def _is_of_page(message: Any) -> bool:
    """Return whether a message marks the start or end of a whole page's run."""
    bounds = message.HasField("new_session") or message.HasField("script_finished")
    return bounds and not message.metadata.run.fragment_ids


def _request_rerun_of_all(session: AppSession, client_state: Any) -> None:
    """Request a rerun of every fragment whose widgets changed, or of the page; ignore messages of a
    page that was left."""
    if client_state is None:
        return _request_rerun(session, client_state)
    if _is_of_a_page_left(session, client_state):
        return None
    others = _others(session, client_state)
    if "" in others:
        client_state.fragment_id, others = "", set()
    _request_rerun(session, client_state)
    for fragment in sorted(others):  # what they were told is drawn by them alone
        client_state.fragment_id = fragment
        _request_rerun(session, client_state)
    return None


def _others(session: AppSession, client_state: Any) -> set[str]:
    """Return the ids of other fragments whose widgets a fragment's message changes; {""} if the
    whole page must rerun."""
    new = _new(session, client_state.widget_states.widgets)
    own = client_state.fragment_id
    if not own:
        return set()
    others = {widget: _fragment_of(session, widget) for widget in new}
    pressed = any(new[widget] and others[widget] != own for widget in new)
    return {""} if pressed else {*others.values()} - {own}


def _is_of_a_page_left(session: AppSession, client_state: Any) -> bool:
    """Return whether a fragment of the previous page sent the message, before the browser received
    the next page."""
    at, left = vars(session).get(_PAGES, ("", ""))
    page = client_state.page_script_hash
    if client_state.fragment_id and page == left != at:
        return True
    if page == at:
        left = ""
    elif not client_state.fragment_id:
        left = at
    vars(session)[_PAGES] = (page, left)
    return False


def _new(session: AppSession, widgets: Any) -> dict[str, bool]:
    """Return the ids of widgets whose value changed since the last message, each with whether it
    was pressed."""
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
    """Return the serialized value with which a widget was drawn; None if it was never drawn."""
    state = session.session_state
    with suppress(KeyError):  # the script may be changing it just now
        drawn = WStates({widget: Value(state[widget])}, state._new_widget_state.widget_metadata)
        if said := drawn.get_serialized(widget):
            return said.SerializeToString(deterministic=True)
    return None


def _fragment_of(session: AppSession, widget: str) -> str:
    """Return the id of the fragment that drew the widget; "" for the page itself."""
    known = session.session_state._new_widget_state.widget_metadata.get(widget)
    return (known.fragment_id or "") if known else ""
