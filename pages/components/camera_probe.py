"""A button that tries the browser's camera, and what the browser reports of it."""

from typing import Any

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "camera_probe",
    html='<button type="button">Test the camera</button> <span role="status"></span>',
    css=read_asset("camera_probe.css"),
    js=read_asset("camera_probe.js"),
)


def request_camera_report(key: str) -> Any:
    """What the browser reports, for `camera_help.diagnose_camera`; None until it has."""
    before = st.session_state.get(key)
    heard = bool(before and before.get("report"))
    return _component(key=key, data={"heard": heard}, on_report_change=lambda: None).get("report")
