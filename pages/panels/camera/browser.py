"""The camera whose pictures stay in the browser: keypoints come in, answers go out."""

import itertools
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import MudraError
from core.live.browser_channel import PATH, register_camera, unregister_camera
from core.live.browser_frames import (
    BROWSER_ESTIMATORS,
    BrowserEstimator,
    BrowserFrames,
    Message,
    browser_pose_count,
)
from core.live.live import LiveProcessor, Options
from core.modelfiles.browser_files import browser_download_mb, browser_folder, has_browser_files
from core.paths import Paths
from core.pose.boxes import bounding_box
from core.pose.drawing.bodies import AS_IT_IS
from core.pose.drawing.poses import person_color
from core.reading.reading import HandReading
from core.recording.camera_help import CAMERA_PROBLEMS
from core.recording.recorder import Recorder
from pages.components import to_css_color
from pages.components.browser_camera import (
    browser_file_urls,
    camera_message,
    describe_finder,
    draw_browser_camera,
)
from pages.panels.access import local_url, server_path
from pages.panels.camera.stream import Stream, ignore_stream_end, show_webrtc_video
from pages.panels.live.readings import answers_of


class BrowserStream:
    """A camera whose pictures stay in the browser.

    Attributes:
        on_end: called once the stream is over.
        recorder: of the page that is shown, where it records.
        token: by which the browser's own connection reaches it.
        keeps: the page may soon ask for crops of the last second.
        direct: the browser has that connection; else the page's messages bring what it tells.
        by: which of BROWSER_ESTIMATORS a page wanted last; None before one did.
    """

    by: str | None = None

    def __init__(self) -> None:
        self.live = LiveProcessor(_refuse_estimator, Options(paused=True))
        self.frames = BrowserFrames(self.live)
        self.on_end: Callable[[], object] = ignore_stream_end
        self.recorder: Recorder | None = None
        self.token, self.direct, self.keeps = register_camera(self), False, False
        self._turns = itertools.count(1)  # a page's news and the connection's, each in its thread
        weakref.finalize(self, self.live.close)  # the tab may be closed without a word

    def answer(self, told: Message) -> dict[str, Any]:
        """Hear a word of the browser's own connection. Runs in a thread: no `st` in here."""
        self.frames.receive(told)
        news = self.news()
        if news["paused"]:
            return news
        skeleton = BROWSER_ESTIMATORS[self.live.options.keypoints.name].skeleton.name
        return news | {"answer": answers_of(self.live.latest(), skeleton)}

    def news(self) -> dict[str, Any]:
        """What changes while the camera runs, see `show_camera`."""
        turn = next(self._turns)
        latest, options, recorder = self.live.latest(), self.live.options, self.recorder
        recording = recorder is not None and recorder.status().state != "idle"
        if not options.paused:  # on a page that wants none it stays ready for the next
            self.by = options.keypoints.name
        return {
            "turn": turn,
            "by": self.by,
            "count": browser_pose_count(options.keypoints.name, options.hands),
            "paused": options.paused,
            "bare": options.body is not None and not options.body.skeleton,
            "recording": recording,
            "crops": recorder is not None and recording and recorder.with_pictures,
            "names": [_label_data(hand, numbered=latest.numbered) for hand in latest.hands],
            "keeps": self.keeps,
            "asked": self.frames.requested,
            "note": latest.note,
            "page": self.frames.page,
            "heard": self.frames.last_number,
        }

    def end(self) -> None:
        """The camera was stopped."""
        unregister_camera(self.token)
        self.live.close()
        self.on_end()


def _refuse_estimator(options: Options) -> Any:
    raise AssertionError("no picture comes, so no estimator is wanted")


def _label_data(hand: HandReading, *, numbered: bool) -> dict[str, Any]:
    """A number as the server's video shows it."""
    gesture = hand.gesture
    text = f"{gesture.emoji} {gesture.name}".strip() if gesture else ""
    x0, y0, x1, y1 = bounding_box(hand.pose.keypoints)
    return {
        "side": hand.pose.handedness,
        "text": f"{hand.number} {text}".rstrip() if numbered else text,
        "color": to_css_color(person_color(hand.number)) if numbered else "",
        "at": [round((x0 + x1) / 2), round((y0 + y1) / 2)],
    }


KEY = "browser_camera"
_STREAM, _PROBLEM = "browser_stream", "browser_problem"
_WORDS = {
    "lost": "The camera stopped by itself. Was it unplugged? Press START to go on.",
    "video": "Your camera",
}


@dataclass
class _DrawnCamera:
    """What the page was drawn with."""

    drawn: bool = False
    stream: BrowserStream | None = None
    direct: bool = False


def can_browser_find(options: Options) -> bool:
    """Whether a browser can do what a page wants of the camera."""
    view = options.body
    drawn = view is None or (view.background == AS_IT_IS and not view.steps)
    return options.paused or (options.keypoints.name in BROWSER_ESTIMATORS and drawn)


def show_browser_video(wanted: Mapping[str, Any]) -> BrowserStream | Stream | None:
    """The video with its START button; None while the camera is off. The server's where the files
    for a browser are missing."""
    if not has_browser_files(Paths.find().weights):
        st.warning(
            "Nothing here finds hands and bodies in a browser yet: run `make setup`, online.",
            icon="📦",
        )
        return show_webrtc_video(dict(wanted))
    seen = _DrawnCamera()
    st.fragment(_draw_browser_video)(wanted, seen)
    return seen.stream


def stop_browser_camera() -> None:
    """Keypoints are found on the server now."""
    if stream := st.session_state.pop(_STREAM, None):
        stream.end()


def _draw_browser_video(wanted: Mapping[str, Any], seen: _DrawnCamera) -> None:
    """A fragment: run when the camera comes or goes, and by every word of a browser that has no
    connection of its own."""
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    draw_browser_camera(KEY, _camera_data(stream, wanted), _receive_camera_message)
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


def _receive_camera_message() -> None:
    """What the browser tells, before anything is drawn."""
    word = camera_message(KEY) or {}
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    if not word.get("on"):
        return stop_browser_camera()
    if stream is None:
        stream = st.session_state[_STREAM] = BrowserStream()
    stream.direct = word.get("direct") is True
    try:
        stream.frames.receive(word)
    except MudraError as error:
        st.session_state[_PROBLEM] = str(error)


def _camera_data(stream: BrowserStream | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """See `show_camera`."""
    address = local_url()
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
        "files": browser_file_urls(browser_folder(Paths.find().weights)),
        "wanted": dict(wanted),
        "channel": {"path": server_path(PATH), "token": stream.token} if stream else None,
        "finders": {
            name: describe_finder(one) | {"words": _finder_texts(one)}
            for name, one in BROWSER_ESTIMATORS.items()
        },
        "words": {name: one.text(address) for name, one in CAMERA_PROBLEMS.items()} | _WORDS,
        "news": stream.news() if stream else off,
    }


def _finder_texts(finder: BrowserEstimator) -> dict[str, str]:
    """What is said while it is opened, and of what it does."""
    skeleton = finder.skeleton
    what, size = skeleton.single.titles, browser_download_mb(Paths.find().weights, finder.model)
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
