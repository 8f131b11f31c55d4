"""What the browser is asked for: the picture's size and rate; and a test of the camera."""

from typing import Any

import streamlit as st

from pages.panels.camera.probe import camera_probe

SIZES = {"320 × 240": (320, 240), "640 × 480": (640, 480), "1280 × 720": (1280, 720)}


def camera_settings() -> dict[str, Any]:
    """Size and rate, and a test; what the browser is asked for."""
    names = list(SIZES)
    size = st.selectbox(
        "Camera picture",
        names,
        index=1,
        key="camera_size",
        help="Counts from the next START on. A smaller picture is quicker.",
    )
    fps = st.slider("Frames a second", 5, 30, 15, key="camera_fps")
    trouble = st.expander("Camera trouble?", icon="🩺", key="camera_trouble", on_change="rerun")
    if trouble.open:  # else every page would ask the browser
        with trouble:
            camera_probe("stage_probe")
    width, height = SIZES[size]
    asked = {"width": {"ideal": width}, "height": {"ideal": height}, "frameRate": {"ideal": fps}}
    return {"video": asked, "audio": False}
