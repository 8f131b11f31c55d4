"""The camera whose pictures stay in the browser: it sends keypoints and gets gesture answers."""

import itertools
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.errors import MudraError
from core.live import browser_frames
from core.live.browser_channel import PATH, register_camera, unregister_camera
from core.live.live import LiveProcessor, Options
from core.modelfiles.browser_files import get_browser_folder, has_browser_files, sum_download_mb
from core.paths import Paths
from core.pose.boxes import bounding_box
from core.pose.drawing.bodies import AS_IT_IS
from core.pose.drawing.poses import person_color
from core.reading.reading import HandReading
from core.recording.camera_help import CAMERA_PROBLEMS
from core.recording.recorder import Recorder
from pages.components import browser_camera, component_state, to_css_color
from pages.panels.access import local_url, server_path
from pages.panels.camera.stream import DrawnCamera, Stream, ignore_stream_end, show_webrtc_video
from pages.panels.live.readings import answers_of


class BrowserStream:
    """A camera whose pictures stay in the browser.

    Attributes:
        on_end: called when the camera stops.
        recorder: the open page's recorder, if it records.
        token: identifies this stream on the browser's WebSocket.
        keeps: whether the page may soon request crops of the last second.
        direct: whether the WebSocket is open; if not, keypoints arrive as page state.
        by: name of the browser estimator that a page last requested; None before a request.
    """

    by: str | None = None

    def __init__(self) -> None:
        self.live = LiveProcessor(_refuse_estimator, Options(paused=True))
        self.frames = browser_frames.BrowserFrames(self.live)
        self.on_end: Callable[[], object] = ignore_stream_end
        self.recorder: Recorder | None = None
        self.token, self.direct, self.keeps = register_camera(self), False, False
        self._turns = itertools.count(1)  # page and WebSocket, each in its thread
        weakref.finalize(self, self.live.close)  # the tab may close without a message

    def answer(self, message: browser_frames.Message) -> dict[str, Any]:
        """Process a WebSocket message; return the stream's state, with the gesture answers unless
        paused. Runs in a thread: no `st` in here."""
        self.frames.receive(message)
        news = self.news()
        if news["paused"]:
            return news
        skeleton = browser_frames.BROWSER_ESTIMATORS[self.live.options.keypoints.name].skeleton.name
        return news | {"answer": answers_of(self.live.latest(), skeleton)}

    def news(self) -> dict[str, Any]:
        """Return the state sent to the browser while the camera runs, see `draw_browser_camera`."""
        turn = next(self._turns)
        latest, options, recorder = self.live.latest(), self.live.options, self.recorder
        recording = recorder is not None and recorder.status().state != "idle"
        if not options.paused:  # a page without video leaves the estimator ready
            self.by = options.keypoints.name
        return {
            "turn": turn,
            "by": self.by,
            "count": browser_frames.browser_pose_count(options.keypoints.name, options.hands),
            "paused": options.paused,
            "bare": options.body is not None and not options.body.skeleton,
            "recording": recording,
            "crops": recorder is not None and recording and recorder.with_pictures,
            "names": [_hand_label_data(hand, numbered=latest.numbered) for hand in latest.hands],
            "keeps": self.keeps,
            "asked": self.frames.requested,
            "note": latest.note,
            "page": self.frames.page,
            "heard": self.frames.last_number,
        }

    def end(self) -> None:
        """Close the stream: unregister its token and call `on_end`."""
        unregister_camera(self.token)
        self.live.close()
        self.on_end()


def _refuse_estimator(options: Options) -> Any:
    raise AssertionError("pictures stay in the browser, so the server needs no estimator")


def _hand_label_data(hand: HandReading, *, numbered: bool) -> dict[str, Any]:
    """Return the label over a hand or body: handedness, text, CSS colour, box centre in px."""
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


def can_browser_find(options: Options) -> bool:
    """Return whether the browser can do the estimation and drawing of these options."""
    view = options.body
    drawn = view is None or (view.background == AS_IT_IS and not view.steps)
    return options.paused or (options.keypoints.name in browser_frames.BROWSER_ESTIMATORS and drawn)


def show_browser_video(constraints: Mapping[str, Any]) -> BrowserStream | Stream | None:
    """Draw the camera with its START button; return its stream, None while the camera is off.

    Falls back to the server's video if the files for a browser are missing.
    """
    if not has_browser_files(Paths.find().weights):
        st.warning(
            "Hand tracking on this device is not installed: run `make setup`, online.",
            icon="📦",
        )
        return show_webrtc_video(dict(constraints))
    seen = DrawnCamera()
    st.fragment(_draw_browser_video)(constraints, seen)
    return seen.stream


def stop_browser_camera() -> None:
    """Close the browser's camera stream, if there is one."""
    if stream := st.session_state.pop(_STREAM, None):
        stream.end()


def _draw_browser_video(constraints: Mapping[str, Any], last_drawn: DrawnCamera) -> None:
    """Draw the camera as a fragment; rerun the page when it starts, stops or reconnects."""
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    browser_camera.draw_browser_camera(
        KEY, _camera_data(stream, constraints), _receive_camera_message
    )
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.warning(problem, icon="📷")
    if stream is None:
        st.caption(
            "Your pictures stay in this browser. Only keypoints leave it, and the crops of what "
            "you record unless the project stores keypoints only."
        )
    last_drawn.update(stream, direct=stream is not None and stream.direct)


def _receive_camera_message() -> None:
    """Pass the browser's latest message to its stream; create the stream when the camera starts and
    close it when the camera stops."""
    message = component_state(KEY, "told") or {}
    stream: BrowserStream | None = st.session_state.get(_STREAM)
    if not message.get("on"):
        return stop_browser_camera()
    if stream is None:
        stream = st.session_state[_STREAM] = BrowserStream()
    stream.direct = message.get("direct") is True
    try:
        stream.frames.receive(message)
    except MudraError as error:
        st.session_state[_PROBLEM] = str(error)


def _camera_data(stream: BrowserStream | None, constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of `draw_browser_camera`: file URLs, constraints, WebSocket channel,
    estimators, texts and stream state."""
    address = local_url()
    off: dict[str, Any] = {"turn": 0, "by": None, "count": 1, "paused": True, "bare": False}
    off |= {"names": [], "note": "", "page": "", "heard": 0}
    return {
        "files": browser_camera.browser_file_urls(get_browser_folder(Paths.find().weights)),
        "wanted": dict(constraints),
        "channel": {"path": server_path(PATH), "token": stream.token} if stream else None,
        "finders": {
            name: browser_camera.describe_browser_estimator(one) | {"words": _estimator_texts(one)}
            for name, one in browser_frames.BROWSER_ESTIMATORS.items()
        },
        "words": {name: one.text(address) for name, one in CAMERA_PROBLEMS.items()} | _WORDS,
        "news": stream.news() if stream else off,
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
