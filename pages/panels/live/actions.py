"""Live's Actions: outputs to other programs and a tone, all off at first."""

from functools import partial
from typing import Any

import streamlit as st

from core.actions.actions import Actions, Settings
from core.actions.changes import MAX_RATE, pitch_hz
from core.actions.osc import LOCAL, OUT_PORT, read_allowed_hosts
from core.actions.websocket import PORT, new_token, page_origin, parse_origins
from core.errors import ActionError
from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import LiveProcessor
from core.store import Project
from core.words import words
from pages.components.stage import Lines, Tone, draw_lines
from pages.panels.access import is_at_this_machine
from pages.panels.camera.session import live_session
from pages.panels.language import t
from pages.panels.resources import studio


def show_actions(
    live: LiveProcessor | None, project: Project, model: GestureModel | None, *, smoothed: bool
) -> None:
    """Draw the switches of the outputs (tone, OSC, WebSocket), apply them to the running video, and
    show the outputs' state.

    Args:
        live: None while the camera is off; all ports are then closed.
        smoothed: whether gestures are already smoothed.
    """
    title = t("Actions: send to other programs, play a tone")
    with st.expander(title, icon="📡", key="actions"):
        settings = _pick_output_settings(project, model, smoothed)
    if live is None:
        if settings.any_on:
            st.caption(t("📡 Actions wait for the camera."))
        return
    actions = stream_actions(live)
    actions.configure(settings)
    live_session().show("actions", partial(_actions_state, actions, settings))
    draw_lines("actions_status", "actions")


def stream_actions(live: LiveProcessor) -> Actions:
    """Return the actions that listen to the stream; attach them if there are none yet."""
    actions = live.listener
    if not isinstance(actions, Actions):
        actions = Actions()
        live.attach(actions)
    return actions


def _actions_state(actions: Actions, settings: Settings) -> Lines:
    """Return the outputs' state and errors as lines, and the tone of the last change."""
    status = actions.status()
    if status.errors:
        actions.configure(settings)  # a port in use may be free by now
    number = status.last.number if status.last else 0
    tone: Tone = {"changes": status.changes, "hz": pitch_hz(number) if number else 0}  # 0: silence
    return {
        "texts": [words("📡 {status}", status=status.text)] if settings.any_on else [],
        "errors": list(status.errors),
        "tone": tone if settings.sound else None,
    }


def _pick_output_settings(project: Project, model: GestureModel | None, smoothed: bool) -> Settings:
    """Draw the switches of all outputs and return the project's action settings."""
    suffix = f"_{project.id}"
    st.caption(t("Sends a message whenever the gesture changes, while the camera runs."))
    sound = st.toggle(
        t("Tone in this page"),
        key=f"act_sound{suffix}",
        persist_state="session",
        help=t("Each gesture has its own note of a scale."),
    )
    receivers = _pick_osc(suffix) | _pick_websocket(suffix)
    joints = bool(receivers) and st.toggle(
        t("Hands in space, every frame"),
        key=f"act_joints{suffix}",
        persist_state="session",
        help=t("Keypoints in millimetres, pinch and grab, to the programs above."),
    )
    if receivers.get("osc_host", LOCAL) != LOCAL:
        both = t("Gesture names and keypoints leave this machine, unencrypted.")
        st.caption(both if joints else t("Gesture names leave this machine, unencrypted."))
    rate = st.slider(
        t("Max messages per second"),
        1,
        MAX_RATE,
        10,
        key=f"act_rate{suffix}",
        persist_state="session",
    )
    return Settings(
        **receivers,
        sound=sound,
        joints=joints,
        per_second=rate,
        smoothed=smoothed,
        project=project.name,
        model=model.path.name if model else "",
    )


def _pick_osc(suffix: str) -> dict[str, Any]:
    """Draw the OSC switch, host and port; return arguments of `Settings`, {} if off."""
    is_on = st.toggle(
        "OSC",
        key=f"act_osc{suffix}",
        persist_state="session",
        help=t(
            "/wek/outputs with the gesture's number, as Wekinator sends it, and /mudra/gesture "
            "with its name."
        ),
    )
    if not is_on:
        return {}
    with st.container(horizontal=True):
        host = _pick_osc_host(f"act_host{suffix}")
        if not host:
            return {}
        port = _pick_port(t("OSC port"), OUT_PORT, f"act_osc_port{suffix}")
        return {"osc": True, "osc_host": host, "osc_port": port}


def _pick_websocket(suffix: str) -> dict[str, Any]:
    """Draw the WebSocket switch and its clients; return the arguments of `Settings`, {} if off or
    if the studio is reachable from the network."""
    if not is_at_this_machine():
        st.caption(
            t(
                "Other people can reach this studio, so its WebSocket, which is for programs on "
                "the machine that runs Mudra, stays closed."
            )
        )
        return {}
    is_on = st.toggle(
        "WebSocket",
        key=f"act_ws{suffix}",
        persist_state="session",
        help=t("Lines of JSON for programs of this machine."),
    )
    return {"websocket": True} | _pick_websocket_clients(suffix) if is_on else {}


def _pick_websocket_clients(suffix: str) -> dict[str, Any]:
    """Draw the WebSocket's port, token and allowed origins; return the arguments of `Settings`."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        port = _pick_port(t("WebSocket port"), PORT, f"act_ws_port{suffix}")
        anew = st.button(
            t("New token"), icon="🔑", help=t("Receivers must reconnect with the new token.")
        )
    if anew or "act_token" not in st.session_state:
        st.session_state["act_token"] = new_token()
    token = st.session_state["act_token"]
    st.caption(t("The address for the receiver, a secret like a password:"))
    st.code(f"ws://{LOCAL}:{port}/?token={token}", language=None, wrap_lines=True)
    typed = st.text_input(
        t("Allowed web origins"),
        key=f"act_origins{suffix}",
        persist_state="session",
        max_chars=500,
        placeholder="http://localhost:5500",
        help=t(
            "Programs need only the address. A web page may connect if it also comes from one of "
            "these origins."
        ),
    )
    origins = page_origin(st.context.url)
    try:
        origins += parse_origins(typed)
    except ActionError as error:
        st.error(safe_label(t(error.text)), icon="⚠️")
    return {"websocket_port": port, "token": token, "origins": origins}


def _pick_port(label: str, start: int, key: str) -> int:
    return int(st.number_input(label, 1024, 65535, start, key=key, persist_state="session"))


def _pick_osc_host(key: str) -> str:
    """Show a selector for OSC's host and return it; "" if none is chosen. A visitor who logged in
    can choose only hosts that the operator listed."""
    if not studio().paths.owner:
        host = st.text_input(t("Host"), LOCAL, key=key, max_chars=253, persist_state="session")
        return host.strip()
    hosts = read_allowed_hosts()
    if not hosts:
        st.caption(t("The operator of this studio has listed no host for OSC (MUDRA_OSC_HOSTS)."))
        return ""
    host = st.selectbox(t("Host"), hosts, key=f"{key}_listed", persist_state="session")
    return host if host in hosts else ""
