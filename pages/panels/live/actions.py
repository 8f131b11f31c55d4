"""Live's Actions: what a gesture does beside being shown. All of it is off at first."""

import streamlit as st

from core.actions.actions import Actions, Settings, Status
from core.actions.changes import MAX_RATE, pitch_hz
from core.actions.osc import LOCAL
from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import LiveProcessor
from core.store import Project
from pages.components.gesture_tone import play_tone
from pages.panels.live.receivers import pick_receivers


def live_actions(
    live: LiveProcessor | None, project: Project, model: GestureModel | None, *, smoothed: bool
) -> None:
    """The switches, and how the outputs stand.

    Args:
        live: None while the camera is off; then nothing is open.
        smoothed: the names are held before they come here.
    """
    with st.expander("Actions: tell other programs, play a tone", icon="📡", key="actions"):
        settings = _settings(project, model, smoothed)
    if live is None:
        if settings.any_on:
            st.caption("📡 Actions wait for the camera.")
        return
    actions = live.companion
    if not isinstance(actions, Actions):
        actions = Actions()
        live.attach(actions)
    every = 0.25 if settings.sound else 1.0 if settings.any_on else None
    st.fragment(_at_work, run_every=every)(actions, settings)


def _at_work(actions: Actions, settings: Settings) -> None:
    actions.configure(settings)  # every time: a port in use may be free by now
    status = actions.status()
    if settings.any_on:
        st.caption(f"📡 {safe_label(status.text)}")
    for error in status.errors:
        st.error(safe_label(error), icon="📡")
    if settings.sound:
        _tone(status)


def _tone(status: Status) -> None:
    number = status.last.number if status.last else 0
    hz = pitch_hz(number) if number else 0
    with st.container(key="gesture_tone_place"):
        play_tone("gesture_tone", status.changes, hz)


def _settings(project: Project, model: GestureModel | None, smoothed: bool) -> Settings:
    """What the switches say; they stay as they are for each project while you stay on the page."""
    of = f"_{project.id}"
    st.caption("A message goes out when a name changes. The ports are open while the camera runs.")
    sound = st.toggle(
        "Tone in this page",
        key=f"act_sound{of}",
        persist_state="session",
        help="Each gesture has its own, up a scale.",
    )
    receivers = pick_receivers(of)
    joints = bool(receivers) and st.toggle(
        "Hands in space, every frame",
        key=f"act_joints{of}",
        persist_state="session",
        help="Keypoints in millimetres, pinch and grab, to the programs above.",
    )
    if receivers.get("osc_host", LOCAL) != LOCAL:
        told = "Gesture names and keypoints" if joints else "Gesture names"
        st.caption(f"{told} leave this machine, unencrypted.")
    rate = st.slider(
        "At most so many a second", 1, MAX_RATE, 10, key=f"act_rate{of}", persist_state="session"
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
