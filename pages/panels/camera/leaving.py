"""What ends when a page is left: all that it wanted of the video."""

import streamlit as st

from core.live.live import Options
from pages.panels.camera.browser_stream import BrowserStream
from pages.panels.camera.stream import no_end
from pages.panels.camera.where import AnyStream

PAUSED = Options(paused=True)


def leave_last_page(stream: AnyStream) -> None:
    """What the page before wanted of the video ends when another page is opened."""
    visit = st.session_state["visit"]
    if st.session_state.get("stage_visit") == visit:
        return
    st.session_state["stage_visit"] = visit
    stream.live.configure(PAUSED)
    stream.live.attach(None)
    stream.recorder = None
    if isinstance(stream, BrowserStream):
        stream.keeps = False
    ended, stream.on_end = stream.on_end, no_end
    ended()
