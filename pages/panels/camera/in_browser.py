"""The browser's camera through a LiveProcessor, its hands found in the browser itself."""

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.capture.camera_help import TROUBLES
from core.capture.recording import Recorder
from core.errors import MudraError
from core.paths import Paths
from core.pose.skeletons import SUBJECTS
from core.recognition.browser_frames import BrowserFrames
from core.recognition.keypoint_sources import MEDIAPIPE
from core.recognition.live import LiveProcessor, Options
from core.recognition.reading import Reading
from core.weights.browser_files import folder_of, is_ready
from pages.components.browser_camera import drawn_by, file_addresses, show_camera, told
from pages.panels.camera.address import local_address
from pages.panels.camera.stream import Stream, no_end, video

KEY = "browser_camera"
_STREAM, _PROBLEM = "browser_stream", "browser_problem"
_WORDS = {
    "opening": "Getting what finds hands, 19 MB the first time …",
    "unable": "This browser can't find hands itself: that needs WebAssembly with SIMD and WebGL 2. "
    "Choose “on the server” under Keypoints are found in the settings.",
    "lost": "The camera stopped by itself. Was it unplugged? Press START to go on.",
    "video": "Your camera with the keypoints of your hand",
}


class BrowserStream:
    """A camera whose pictures stay in the browser.

    Attributes:
        on_end: called once the stream is over.
    """

    def __init__(self) -> None:
        self.live = LiveProcessor(_opens_nothing, Options(paused=True))
        self.frames = BrowserFrames(self.live)
        self.on_end: Callable[[], object] = no_end
        weakref.finalize(self, self.live.close)  # the tab may be closed without a word

    def end(self) -> None:
        """The camera was stopped."""
        self.live.close()
        self.on_end()


def _opens_nothing(options: Options) -> Any:
    raise AssertionError("no picture comes, so no estimator is wanted")


@dataclass
class _Seen:
    """What the page was drawn with."""

    drawn: bool = False
    stream: BrowserStream | None = None


def can_find(options: Options) -> bool:
    """Whether a browser can do what a page wants of the camera."""
    return options.paused or (options.keypoints.name == MEDIAPIPE and options.body is None)


def browser_video(wanted: Mapping[str, Any]) -> BrowserStream | Stream | None:
    """The video with its START button; None while the camera is off. The server's where the files
    for a browser are missing."""
    if not is_ready(Paths.find().weights):
        st.warning(
            "Nothing here finds hands in a browser yet: run `make setup`, online.", icon="📦"
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
    """A fragment: run by what the browser tells, many times a second."""
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    show_camera(KEY, _data(stream, wanted), _hear)
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.warning(problem, icon="📷")
    if stream is None:
        st.caption(
            "Your pictures stay in this browser. Keypoints alone leave it, and the crops of what "
            "you record, unless the project keeps keypoints only."
        )
    if seen.drawn and stream is not seen.stream:
        st.rerun()
    seen.drawn, seen.stream = True, stream


def _hear() -> None:
    """What the browser tells, before anything is drawn."""
    word = told(KEY) or {}
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    if not word.get("on"):
        return end_in_browser()
    if stream is None:
        stream = st.session_state[_STREAM] = BrowserStream()
    try:
        stream.frames.hear(word)
    except MudraError as error:
        st.session_state[_PROBLEM] = str(error)


def _data(stream: BrowserStream | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """See `show_camera`."""
    latest = stream.live.latest() if stream else None
    options = stream.live.options if stream else Options(paused=True)
    recorder: Recorder | None = st.session_state.get("recorder")
    recording = recorder is not None and recorder.progress().state != "idle"
    address = local_address()
    return {
        "files": file_addresses(folder_of(Paths.find().weights)),
        "wanted": dict(wanted),
        "hands": options.hands,
        "paused": options.paused,
        "recording": recording,
        "crops": recorder is not None and recording and recorder.with_pictures,
        "names": [_named(hand) for hand in latest.hands] if latest else [],
        "note": latest.note if latest else "",
        "skeleton": drawn_by(SUBJECTS["Hands"]),
        "words": {name: trouble.text(address) for name, trouble in TROUBLES.items()} | _WORDS,
        "page": stream.frames.page if stream else "",
        "heard": stream.frames.heard if stream else 0,
    }


def _named(hand: Reading) -> dict[str, Any]:
    gesture = hand.gesture
    text = f"{gesture.emoji} {gesture.name}".strip() if gesture else ""
    return {"side": hand.pose.handedness, "text": text}
