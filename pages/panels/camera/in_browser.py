"""The browser's camera through a LiveProcessor, its keypoints found in the browser itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import MudraError
from core.live.browser_channel import PATH
from core.live.browser_finders import FINDERS, Finder
from core.live.live import Options
from core.modelfiles.browser_files import folder_of, is_ready, megabytes
from core.paths import Paths
from core.pose.drawing.bodies import AS_IT_IS
from core.recording.camera_help import TROUBLES
from pages.components.browser_camera import file_addresses, show_camera, told, told_of
from pages.panels.camera.address import below_base, local_address
from pages.panels.camera.browser_stream import BrowserStream
from pages.panels.camera.stream import Stream, video

KEY = "browser_camera"
_STREAM, _PROBLEM = "browser_stream", "browser_problem"
_WORDS = {
    "lost": "The camera stopped by itself. Was it unplugged? Press START to go on.",
    "video": "Your camera",
}


@dataclass
class _Seen:
    """What the page was drawn with."""

    drawn: bool = False
    stream: BrowserStream | None = None
    direct: bool = False


def can_find(options: Options) -> bool:
    """Whether a browser can do what a page wants of the camera."""
    view = options.body
    drawn = view is None or (view.background == AS_IT_IS and not view.steps)
    return options.paused or (options.keypoints.name in FINDERS and drawn)


def browser_video(wanted: Mapping[str, Any]) -> BrowserStream | Stream | None:
    """The video with its START button; None while the camera is off. The server's where the files
    for a browser are missing."""
    if not is_ready(Paths.find().weights):
        st.warning(
            "Nothing here finds hands and bodies in a browser yet: run `make setup`, online.",
            icon="📦",
        )
        return video(dict(wanted))
    seen = _Seen()
    st.fragment(_follow)(wanted, seen)
    return seen.stream


def end_in_browser() -> None:
    """Keypoints are found on the server now."""
    if stream := st.session_state.pop(_STREAM, None):
        stream.end()


def _follow(wanted: Mapping[str, Any], seen: _Seen) -> None:
    """A fragment: run when the camera comes or goes, and by every word of a browser that has no
    connection of its own."""
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    show_camera(KEY, _data(stream, wanted), _hear)
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.warning(problem, icon="📷")
    if stream is None:
        st.caption(
            "Your pictures stay in this browser. Keypoints alone leave it, and the crops of what "
            "you record, unless the project keeps keypoints only."
        )
    direct = stream is not None and stream.direct
    if seen.drawn and (stream is not seen.stream or direct != seen.direct):
        st.rerun()
    seen.drawn, seen.stream, seen.direct = True, stream, direct


def _hear() -> None:
    """What the browser tells, before anything is drawn."""
    word = told(KEY) or {}
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    if not word.get("on"):
        return end_in_browser()
    if stream is None:
        stream = st.session_state[_STREAM] = BrowserStream()
    stream.direct = word.get("direct") is True
    try:
        stream.frames.hear(word)
    except MudraError as error:
        st.session_state[_PROBLEM] = str(error)


def _data(stream: BrowserStream | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """See `show_camera`."""
    address = local_address()
    off: dict[str, Any] = {
        "turn": 0,
        "by": None,
        "count": 1,
        "paused": True,
        "bare": False,
        "names": [],
        "note": "",
        "page": "",
        "heard": 0,
    }
    return {
        "files": file_addresses(folder_of(Paths.find().weights)),
        "wanted": dict(wanted),
        "channel": {"path": below_base(PATH), "token": stream.token} if stream else None,
        "finders": {name: told_of(one) | {"words": _said(one)} for name, one in FINDERS.items()},
        "words": {name: trouble.text(address) for name, trouble in TROUBLES.items()} | _WORDS,
        "news": stream.news() if stream else off,
    }


def _said(finder: Finder) -> dict[str, str]:
    """What is said while it is opened, and of what it does."""
    skeleton = finder.skeleton
    what, size = skeleton.single.titles, megabytes(Paths.find().weights, finder.model)
    return {
        "opening": f"Getting what finds {what}, {size} MB the first time …",
        "unable": f"This browser can't find {what} itself: that needs WebAssembly with SIMD and "
        "WebGL 2. Choose “on the server” under Keypoints are found in the settings.",
        "unfetched": f"What finds {what} did not arrive: is the connection there? Press START to "
        "try again.",
        "GPU": f"{what.capitalize()} are found by this device's graphics card.",
        "CPU": f"{what.capitalize()} are found by this device's processor.",
        "video": f"Your camera with the keypoints of your {skeleton.title}",
    }
