"""The camera test: a piece of the page asks the browser, `camera_help` says what it means."""

import streamlit as st

from core.capture.camera_help import advice_on
from pages.components.camera_probe import ask_browser
from pages.panels.camera.address import local_address


def camera_probe(key: str) -> None:
    """What the browser says about the camera, a button to try it, and the way on without one."""
    st.fragment(_probe)(key)


def _probe(key: str) -> None:
    report = ask_browser(key)
    if not isinstance(report, dict):
        st.caption("Asking the browser about its camera …")
        return
    advice = advice_on(report, local_address())
    if advice.kind == "ok":
        st.success(advice.what, icon="✅")
        return
    if advice.kind == "wait":
        st.caption(f"{advice.what} {advice.fix}")
        return
    st.warning(f"**{advice.what}** {advice.fix}", icon="📷")
    st.page_link("pages/record.py", label="Upload pictures or a snapshot", icon="🖼")
