"""The camera's settings: where its keypoints are found, the picture's size and rate, and a test."""

from typing import Any

import streamlit as st

from core.recording.camera_help import diagnose_camera
from pages.components.camera_probe import request_camera_report
from pages.panels.access import is_local_url, local_url

SERVER, BROWSER = "on the server", "in this browser"
SIZES = {"320 × 240": (320, 240), "640 × 480": (640, 480), "1280 × 720": (1280, 720)}


def pick_tracking_place() -> str:
    """SERVER or BROWSER; the browser where the server is another machine, which its video may not
    reach."""
    where = st.radio(
        "Keypoints are found",
        [SERVER, BROWSER],
        index=0 if is_local_url(st.context.url) else 1,
        key="keypoints_found",
        bind="query-params",
        horizontal=True,
        help="In this browser: your picture stays there. Keypoints alone go to the server, and the "
        "crops of what you record, unless the project keeps keypoints only. Heatmaps, and another "
        "background behind bodies, need the server.",
    )
    return where or SERVER


def pick_camera_constraints() -> dict[str, Any]:
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
            show_camera_test("stage_probe")
    width, height = SIZES[size]
    asked = {"width": {"ideal": width}, "height": {"ideal": height}, "frameRate": {"ideal": fps}}
    return {"video": asked, "audio": False}


def show_camera_test(key: str) -> None:
    """What the browser says about the camera, a button to try it, and the way on without one."""
    st.fragment(_draw_camera_test)(key)


def _draw_camera_test(key: str) -> None:
    report = request_camera_report(key)
    if not isinstance(report, dict):
        st.caption("Asking the browser about its camera …")
        return
    advice = diagnose_camera(report, local_url())
    if advice.kind == "ok":
        st.success(advice.problem, icon="✅")
        return
    if advice.kind == "wait":
        st.caption(f"{advice.problem} {advice.fix}")
        return
    st.warning(f"**{advice.problem}** {advice.fix}", icon="📷")
    st.page_link("pages/record.py", label="Upload pictures or a snapshot", icon="🖼")
