"""Where Live's Actions tell gestures: the switches of OSC and WebSocket."""

from typing import Any

import streamlit as st

from core.actions.osc import LOCAL, OUT_PORT
from core.actions.websocket import PORT, check_origins, new_token, origin_of
from core.errors import ActionError
from core.gestures.labels import safe_label
from pages.panels.machine import pick_osc_host, sits_here


def pick_receivers(of: str) -> dict[str, Any]:
    """Draw the switches; what `Settings` takes of them.

    Args:
        of: ends the widgets' keys.
    """
    return _pick_osc(of) | _pick_websocket(of)


def _pick_osc(of: str) -> dict[str, Any]:
    is_on = st.toggle(
        "OSC",
        key=f"act_osc{of}",
        persist_state="session",
        help="/wek/outputs with the gesture's number, as Wekinator sends it, and "
        "/mudra/gesture with its name.",
    )
    if not is_on:
        return {}
    with st.container(horizontal=True):
        host = pick_osc_host(f"act_host{of}")
        if not host:
            return {}
        return {
            "osc": True,
            "osc_host": host,
            "osc_port": _port("Its port", OUT_PORT, f"act_osc_port{of}"),
        }


def _pick_websocket(of: str) -> dict[str, Any]:
    if not sits_here():
        st.caption(
            "The WebSocket is for programs of the machine that runs Mudra, and others can reach "
            "this studio: its port stays closed."
        )
        return {}
    is_on = st.toggle(
        "WebSocket",
        key=f"act_ws{of}",
        persist_state="session",
        help="Lines of JSON for programs of this machine.",
    )
    return {"websocket": True} | _pick_clients(of) if is_on else {}


def _pick_clients(of: str) -> dict[str, Any]:
    """Draw who may connect."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        port = _port("On the port", PORT, f"act_ws_port{of}")
        anew = st.button("New token", icon="🔑", help="Whoever listens must come again with it.")
    if anew or "act_token" not in st.session_state:
        st.session_state["act_token"] = new_token()
    token = st.session_state["act_token"]
    st.caption("The address for the receiver, a secret like a password:")
    st.code(f"ws://{LOCAL}:{port}/?token={token}", language=None, wrap_lines=True)
    typed = st.text_input(
        "Pages that may listen",
        key=f"act_origins{of}",
        persist_state="session",
        max_chars=500,
        placeholder="http://localhost:5500",
        help="Programs need the address alone. A page in a browser is let in when "
        "it comes from one of these, too.",
    )
    origins = origin_of(st.context.url)
    try:
        origins += check_origins(typed)
    except ActionError as error:
        st.error(safe_label(str(error)), icon="⚠️")
    return {"websocket_port": port, "token": token, "origins": origins}


def _port(label: str, start: int, key: str) -> int:
    return int(st.number_input(label, 1024, 65535, start, key=key, persist_state="session"))
