"""A button that tests the browser's camera and reports the result."""

from typing import Any

import streamlit as st

from pages.components import register_component

_component = register_component(
    "camera_probe",
    '<button type="button">Test the camera</button> <span role="status"></span>',
)


def request_camera_report(key: str) -> Any:
    """Draw the camera test's button; return the browser's report, None before a click."""
    before = st.session_state.get(key)
    heard = bool(before and before.get("report"))
    return _component(key=key, data={"heard": heard}, on_report_change=lambda: None).get("report")
