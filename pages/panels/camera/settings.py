"""The camera's settings: where hand tracking runs, picture size and rate, and a camera test."""

from typing import Any

import streamlit as st

from core.recording.camera_help import diagnose_camera
from core.words import mark
from pages.components import component_state, register_component
from pages.panels.access import current_guest, is_local_url, local_url
from pages.panels.language import t

_camera_probe = register_component(
    "camera_probe", '<button type="button"></button> <span role="status"></span>'
)
RTC_CONFIGURATION: dict[str, Any] = {"iceServers": []}  # contact no other server
SERVER, BROWSER = mark("the server"), mark("this device")
SIZES = {"320 × 240": (320, 240), "640 × 480": (640, 480), "1280 × 720": (1280, 720)}


def pick_tracking_place() -> str:
    """Show a selector for where hand tracking runs; return SERVER or BROWSER.

    The default is the browser if the server is another machine, which its video may not reach.
    Guests have no choice: what they send is keypoints.
    """
    if current_guest() is not None:
        return BROWSER
    place = st.radio(
        t("Hand tracking runs on"),
        [SERVER, BROWSER],
        format_func=t,
        index=0 if is_local_url(st.context.url) else 1,
        key="keypoints_found",
        bind="query-params",
        horizontal=True,
        help=t(
            "On this device your picture stays in the browser: only keypoints go to the server, "
            "and the crops of what you record unless the project stores keypoints only. Heatmaps "
            "and backgrounds behind bodies need the server."
        ),
    )
    return place or SERVER


def pick_camera_constraints() -> dict[str, Any]:
    """Draw picture size, frame rate and camera test; return WebRTC media constraints."""
    names = list(SIZES)
    size = st.selectbox(
        t("Camera picture"),
        names,
        index=1,
        key="camera_size",
        help=t("Takes effect at the next START. A smaller picture is faster."),
    )
    fps = st.slider(t("Frames per second"), 5, 30, 15, key="camera_fps")
    trouble = st.expander(t("Camera trouble?"), icon="🩺", key="camera_trouble", on_change="rerun")
    if trouble.open:  # else every page would test the camera
        with trouble:
            show_camera_test("stage_probe")
    width, height = SIZES[size]
    asked = {"width": {"ideal": width}, "height": {"ideal": height}, "frameRate": {"ideal": fps}}
    return {"video": asked, "audio": False}


@st.fragment
def show_camera_test(key: str) -> None:
    """Show whether the browser's camera works, a test button, and what to do without a camera."""
    heard = bool(component_state(key, "report"))
    drawn = _camera_probe(key=key, data={"heard": heard}, on_report_change=lambda: None)
    report = drawn.get("report")
    if not isinstance(report, dict):
        st.caption(t("Checking the browser's camera …"))
        return
    advice = diagnose_camera(report, local_url())
    if advice.kind == "ok":
        st.success(t(advice.problem), icon="✅")
        return
    if advice.kind == "wait":
        st.caption(f"{t(advice.problem)} {t(advice.fix)}")
        return
    st.warning(f"**{t(advice.problem)}** {t(advice.fix)}", icon="📷")
    if current_guest() is None:
        st.page_link("pages/record.py", label=t("Upload pictures or a snapshot"), icon="🖼")
