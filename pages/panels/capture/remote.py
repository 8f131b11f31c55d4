"""Record's remote control: Wekinator's OSC messages start and stop a recording. Off at first."""

import streamlit as st

from core.actions.osc import IN_PORT, START, STOP, RecordingRemote
from core.capture.recording import Recorder
from core.errors import ActionError
from core.gestures.labels import safe_label
from core.live.live import LiveProcessor
from core.store import Gesture
from pages.panels.machine import sits_here


def record_remote(live: LiveProcessor | None, recorder: Recorder, gesture: Gesture) -> None:
    """The switch, its port, and what was heard; listens while the camera runs."""
    with st.popover("Remote control", icon="🎛"):
        if not sits_here():
            st.caption(
                "Others can reach this studio, so it opens no port of its machine for OSC: record "
                "by remote control in a studio of your own."
            )
            return
        on = st.toggle("Obey OSC", key="remote_on", persist_state="session")
        port = st.number_input(
            "Port of this machine", 1024, 65535, IN_PORT, key="remote_port", persist_state="session"
        )
        st.caption(
            f"`{START}` and `{STOP}`, as sent to Wekinator, start and stop a recording of "
            "the gesture that is chosen here. The camera is the browser's: this page must "
            "be open and its camera running."
        )
    if live is None:
        if on:
            st.caption("🎛 The remote control waits for the camera.")
        return
    remote = live.companion
    if isinstance(remote, RecordingRemote) and (not on or remote.port != port):
        live.attach(None)
    if not on:
        return
    st.fragment(_listen, run_every=1.0)(live, recorder, gesture, int(port))


def _listen(live: LiveProcessor, recorder: Recorder, gesture: Gesture, port: int) -> None:
    remote = live.companion
    if not isinstance(remote, RecordingRemote):
        try:
            remote = RecordingRemote(port)
        except ActionError as error:
            st.error(safe_label(str(error)), icon="🎛")
            return
        live.attach(remote)
    remote.aim(recorder, gesture.id)
    st.caption(f"🎛 Listening on port {port}. {safe_label(remote.last_command)}")
    if remote.error:
        st.error(safe_label(remote.error), icon="🎛")
