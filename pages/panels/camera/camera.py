"""The page's camera: START, STOP, what is wrong with it, and its stream of one of two kinds."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.live.streams import CameraStream
from core.modelfiles.browser_files import has_browser_files
from core.paths import Paths
from core.recording.camera_help import CAMERA_PROBLEMS
from pages.components import component_state, stage
from pages.panels.access import local_url
from pages.panels.camera import browser, webrtc
from pages.panels.camera.settings import BROWSER, SERVER
from pages.panels.visit import is_page_outdated

_PREFIX = "video_"
KEY, _ENDED = f"{_PREFIX}camera", "camera_ended"
_PLACES = {SERVER: "server", BROWSER: "browser"}
_PAGES = {"demo": "pages/demo.py", "record": "pages/record.py"}
_MAX_ID = 200
_WORDS = {
    "lost": webrtc.LOST,
    "opening": "Waiting for the camera: allow it where the browser asks …",
    "slow": "The video does not reach the server. Choose “this device” under Hand tracking runs on "
    "in the settings.",
    "video": "Your camera",
}


@dataclass(frozen=True)
class CameraSwitch:
    """The camera's state as the browser has sent it.

    Attributes:
        start: identifies a press of START; "" while the camera is off.
        place: where keypoints were to be found then, "server" or "browser".
    """

    start: str = ""
    place: str = ""

    def is_on(self, place: str) -> bool:
        """Return whether the camera is wanted for this place, and hasn't ended since START."""
        ended = st.session_state.get(_ENDED, {}).get("start")
        return self.place == place and self.start not in ("", ended)


def read_switch() -> CameraSwitch:
    """Return the state that the browser has sent; untrusted values count as off."""
    sent = component_state(KEY, "camera") or {}
    values: dict[str, Any] = {name: sent.get(name) for name in ("start", "place")}
    if any(not isinstance(one, str) or len(one) > _MAX_ID for one in values.values()):
        return CameraSwitch()
    return CameraSwitch(**values)


@dataclass
class _DrawnCamera:
    """What the page was drawn with."""

    drawn: bool = False
    stream: CameraStream | None = None

    def update(self, stream: CameraStream | None) -> None:
        """Store what is drawn now; rerun the page if it was drawn with something else."""
        if self.drawn and stream is not self.stream:
            st.rerun()
        self.drawn, self.stream = True, stream


def show_camera(tracking_place: str, constraints: dict[str, Any]) -> CameraStream | None:
    """Draw the camera; return its stream, None while it is off. The page reruns only when the
    camera starts or stops.

    Args:
        tracking_place: SERVER or BROWSER; the server's video is drawn if a browser's files are
            missing.
    """
    in_browser = tracking_place == BROWSER and has_browser_files(Paths.find().weights)
    seen = _DrawnCamera()
    st.fragment(_draw_camera)(_PLACES[BROWSER if in_browser else SERVER], constraints, seen)
    if tracking_place == BROWSER and not in_browser:  # below the box, whose place the video takes
        st.warning(
            "Hand tracking on this device is not installed: run `make setup`, online.",
            icon="📦",
        )
    return seen.stream


def _draw_camera(place: str, constraints: dict[str, Any], last_drawn: _DrawnCamera) -> None:
    """Draw the camera as a fragment; rerun the whole page when the stream starts or stops, or where
    a change of the page came with a message of the video."""
    if last_drawn.drawn and is_page_outdated(_PREFIX):
        st.rerun()
    stream, busy = _open_stream(place, constraints)
    drawn = stage.draw_camera(KEY, _camera_data(place, constraints, busy))
    if (page := _PAGES.get(drawn.get("go") or "")) is not None:
        st.switch_page(page)
    last_drawn.update(stream)


def _open_stream(place: str, constraints: dict[str, Any]) -> tuple[CameraStream | None, bool]:
    """Return the camera's stream, and whether the server still has a video of before."""
    switch = read_switch()
    is_on = switch.is_on(place)
    if place == "browser":
        return browser.open_browser_stream(is_on), False
    browser.stop_browser_camera()
    camera = webrtc.open_webrtc_stream(constraints, is_on)
    if camera.ended:
        st.session_state[_ENDED] = {"start": switch.start, "text": camera.ended}
    return camera.stream, camera.busy


def _camera_data(place: str, constraints: dict[str, Any], busy: bool) -> dict[str, Any]:
    """Return the data of `draw_camera`."""
    address, way = local_url(), browser if place == "browser" else webrtc
    problems = {name: one.text(address) for name, one in CAMERA_PROBLEMS.items()}
    return {
        "place": place,
        "wanted": constraints,
        "busy": busy,
        "ended": st.session_state.get(_ENDED, {}),
        "words": problems | _WORDS | {"privacy": way.PRIVACY},
    } | (browser.browser_camera_data() if place == "browser" else {})
