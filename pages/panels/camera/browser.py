"""The camera whose pictures stay in the browser: it sends keypoints and gets gesture answers."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.live import browser_frames
from core.live.streams import BrowserStream, CameraStream
from core.modelfiles.browser_files import get_browser_folder, has_browser_files, sum_download_mb
from core.paths import Paths
from core.recording.camera_help import CAMERA_PROBLEMS
from pages.components import component_state, stage
from pages.panels.access import local_url
from pages.panels.camera.session import live_session
from pages.panels.camera.stream import show_webrtc_video

KEY = "browser_camera"
_WORDS = {
    "lost": "The camera stopped by itself. Was it unplugged? Press START to go on.",
    "video": "Your camera",
}


def show_browser_video(constraints: Mapping[str, Any]) -> CameraStream | None:
    """Draw the camera with its START button; return its stream, None while the camera is off.

    Falls back to the server's video if the files for a browser are missing.
    """
    if not has_browser_files(Paths.find().weights):
        st.warning(
            "Hand tracking on this device is not installed: run `make setup`, online.",
            icon="📦",
        )
        return show_webrtc_video(dict(constraints))
    stage.draw_browser_camera(KEY, _camera_data(constraints), _start_or_stop)
    stream = live_session().stream
    if stream is None:
        st.caption(
            "Your pictures stay in this browser. Only keypoints leave it, and the crops of what "
            "you record unless the project stores keypoints only."
        )
    return stream if isinstance(stream, BrowserStream) else None


def stop_browser_camera() -> None:
    """Close the browser's camera stream, if there is one."""
    session = live_session()
    if isinstance(stream := session.stream, BrowserStream):
        session.start(None)
        stream.close()


def _start_or_stop() -> None:
    """Create the stream when the browser's camera starts; close it when the camera stops."""
    if not (component_state(KEY, "told") or {}).get("on"):
        stop_browser_camera()
    elif not isinstance(live_session().stream, BrowserStream):
        live_session().start(BrowserStream())


def _camera_data(constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of `draw_browser_camera`: file URLs, constraints, estimators and texts."""
    address = local_url()
    return {
        "files": stage.browser_file_urls(get_browser_folder(Paths.find().weights)),
        "wanted": dict(constraints),
        "finders": {
            name: stage.describe_browser_estimator(one) | {"words": _estimator_texts(one)}
            for name, one in browser_frames.BROWSER_ESTIMATORS.items()
        },
        "words": {name: one.text(address) for name, one in CAMERA_PROBLEMS.items()} | _WORDS,
    }


def _estimator_texts(estimator: browser_frames.BrowserEstimator) -> dict[str, str]:
    """Return the texts shown while an estimator's model loads, fails or runs in the browser."""
    skeleton = estimator.skeleton
    what, size = skeleton.single.titles, sum_download_mb(Paths.find().weights, estimator.model)
    return {
        "opening": f"Loading the model that finds {what}, {size} MB the first time …",
        "unable": f"This browser can't find {what} itself: that needs WebAssembly with SIMD and "
        "WebGL 2. Choose “the server” under Hand tracking runs on in the settings.",
        "unfetched": f"The model that finds {what} did not load: are you online? Press START to "
        "try again.",
        "GPU": f"{what.capitalize()} are found by this device's graphics card.",
        "CPU": f"{what.capitalize()} are found by this device's processor.",
        "video": f"Your camera with the keypoints of your {skeleton.title}",
    }
