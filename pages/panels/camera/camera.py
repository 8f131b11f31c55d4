"""The page's camera: its box with START and STOP, and its stream of one of two kinds."""

from typing import Any

import streamlit as st

from core.live.streams import CameraStream
from core.modelfiles.browser_files import has_browser_files
from core.paths import Paths
from core.recording.camera_help import CAMERA_PROBLEMS
from core.words import mark
from pages.components import component_state, stage
from pages.panels.access import current_guest, local_url
from pages.panels.camera import browser
from pages.panels.camera.settings import BROWSER
from pages.panels.language import t

KEY = "stage_camera"
_PAGES = {"demo": "pages/demo.py", "record": "pages/record.py"}
_WORDS = {
    "lost": mark("The camera stopped by itself. Was it unplugged? Press START to go on."),
    "opening": mark("Waiting for the camera: allow it where the browser asks …"),
    "slow": mark(
        "The video does not reach the server. Choose “this device” under Hand tracking runs on "
        "in the settings."
    ),
    "video": mark("Your camera"),
}


def show_camera(tracking_place: str, constraints: dict[str, Any]) -> CameraStream | None:
    """Draw the camera; return its stream, None while it is off.

    Args:
        tracking_place: SERVER or BROWSER; the server's video is drawn if a browser's files are
            missing.
    """
    in_browser = tracking_place == BROWSER and has_browser_files(Paths.find().weights)
    drawn = stage.draw_camera(KEY, _camera_data(in_browser, constraints))
    if (page := _PAGES.get(drawn.get("go") or "")) is not None and not current_guest():
        st.switch_page(page)
    if in_browser:
        is_on = (component_state(KEY, "camera") or {}).get("on") is True
        return browser.open_browser_stream(is_on)
    browser.stop_browser_camera()
    stream = _import_webrtc().show_webrtc_video(constraints)
    if tracking_place == BROWSER:  # below the box, whose place the video takes
        st.warning(
            t("Hand tracking on this device is not installed: run `make setup`, online."),
            icon="📦",
        )
    return stream


def _camera_data(in_browser: bool, constraints: dict[str, Any]) -> dict[str, Any]:
    """Return the data of `draw_camera`."""
    address, way = local_url(), browser if in_browser else _import_webrtc()
    texts = {name: one.text(address) for name, one in CAMERA_PROBLEMS.items()}
    texts |= _WORDS | {"privacy": way.PRIVACY}
    return {
        "place": "browser" if in_browser else "server",
        "wanted": constraints,
        "words": {name: t(text) for name, text in texts.items()},
        "links": current_guest() is None,
    } | way.camera_data()


def _import_webrtc() -> Any:
    """Import the server's video with its libraries, whose 18 MB a browser's camera doesn't need."""
    from pages.panels.camera import webrtc

    return webrtc
