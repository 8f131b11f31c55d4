"""The two ways of a camera: its video comes to the server, or the keypoints that a browser found.
Both feed a `LiveProcessor`.
"""

from collections.abc import Callable
from typing import Any, TypedDict

from core.live.browser_frames import (
    BROWSER_ESTIMATORS,
    BrowserFrames,
    Message,
    browser_pose_count,
)
from core.live.live import LiveProcessor, MakeEstimator, Options
from core.media.videos import StreamFrame, decode_stream_frame, encode_stream_frame
from core.pose.boxes import bounding_box
from core.pose.drawing.bodies import AS_IT_IS
from core.pose.drawing.poses import person_color
from core.pose.skeletons.skeleton import to_css_color
from core.reading.reading import HandReading
from core.recording.recorder import Recorder

PAUSED = Options(paused=True)


def do_nothing() -> None:
    """Do nothing: the default callback for a stream's end."""


class HandLabel(TypedDict):
    """The label over a hand or body: handedness, text, CSS colour or "", box centre in px."""

    side: str | None
    text: str
    color: str
    at: list[int]


class CameraState(TypedDict):
    """What the browser's camera must know.

    Attributes:
        by: the browser estimator in use; None before the first.
        count: the most poses.
        paused: the picture only passes.
        bare: no skeleton is drawn.
        recording: no frame may be lost.
        crops: each frame must bring its crops.
        names: labels over the hands or bodies.
        keeps: whether crops of the last second may be requested.
        asked: the frames whose crops are requested.
        note: shown over the video.
        page, received: of `BrowserFrames`: the page, and its last frame.
    """

    by: str | None
    count: int
    paused: bool
    bare: bool
    recording: bool
    crops: bool
    names: list[HandLabel]
    keeps: bool
    asked: list[int]
    note: str
    page: str
    received: int


class CameraStream:
    """A camera and what the open page does with it.

    Attributes:
        on_end: called once when the camera stops or another page opens.
        recorder: the open page's recorder, if it records.
    """

    def __init__(self, live: LiveProcessor) -> None:
        self.live = live
        self.on_end: Callable[[], object] = do_nothing
        self.recorder: Recorder | None = None

    def detach(self) -> None:
        """Pause the video and stop the page's use of it."""
        self.live.configure(PAUSED)
        self.live.attach(None)
        self.recorder = None
        ended, self.on_end = self.on_end, do_nothing
        ended()

    def close(self) -> None:
        """Close the estimator and end the page's use of the camera."""
        self.live.close()
        self.on_end()


class ServerStream(CameraStream):
    """A camera whose video comes by WebRTC; its methods are called in the stream's own thread.

    Args:
        on_frame: called after each frame and after the end.
        on_closed: called after the end.
    """

    def __init__(
        self,
        make_estimator: MakeEstimator,
        on_frame: Callable[[], object] = do_nothing,
        on_closed: Callable[[], object] = do_nothing,
    ) -> None:
        super().__init__(LiveProcessor(make_estimator, PAUSED))
        self._on_frame, self._on_closed = on_frame, on_closed

    def recv(self, frame: StreamFrame) -> StreamFrame:
        """Process a video frame; return the mirrored picture with what was found."""
        picture = self.live.process(decode_stream_frame(frame))
        self._on_frame()
        return encode_stream_frame(picture)

    async def recv_queued(self, frames: list[StreamFrame]) -> list[StreamFrame]:
        """Process the newest of the frames that have arrived."""
        return [self.recv(frames[-1])]

    def on_ended(self) -> None:
        """Close the stream; streamlit-webrtc calls this at its end."""
        self.close()
        self._on_frame()
        self._on_closed()


class BrowserStream(CameraStream):
    """A camera whose pictures stay in the browser.

    Attributes:
        keeps: whether the page may soon request crops of the last second.
        by: name of the browser estimator that a page last requested; None before a request.
    """

    by: str | None = None

    def __init__(self) -> None:
        super().__init__(LiveProcessor(_refuse_estimator, PAUSED))
        self.frames, self.keeps = BrowserFrames(self.live), False

    def detach(self) -> None:
        """Pause the camera and stop the page's use of it; forget that crops may be requested."""
        self.keeps = False
        super().detach()

    def receive(self, message: Message) -> None:
        """Read the frames of a message, see `BrowserFrames.receive`."""
        self.frames.receive(message)

    def state(self) -> CameraState:
        """Return what the browser's camera must know."""
        latest, options, recorder = self.live.latest(), self.live.options, self.recorder
        recording = recorder is not None and recorder.status().state != "idle"
        if not options.paused:  # a page without video leaves the estimator ready
            self.by = options.keypoints.name
        return {
            "by": self.by,
            "count": browser_pose_count(options.keypoints.name, options.hands),
            "paused": options.paused,
            "bare": options.body is not None and not options.body.skeleton,
            "recording": recording,
            "crops": recorder is not None and recording and recorder.with_pictures,
            "names": [_hand_label_data(hand, numbered=latest.numbered) for hand in latest.hands],
            "keeps": self.keeps,
            "asked": self.frames.requested,
            "note": latest.note,
            "page": self.frames.page,
            "received": self.frames.last_number,
        }


def can_browser_find(options: Options) -> bool:
    """Return whether the browser can do the estimation and drawing of these options."""
    view = options.body
    drawn = view is None or (view.background == AS_IT_IS and not view.steps)
    return options.paused or (options.keypoints.name in BROWSER_ESTIMATORS and drawn)


def _refuse_estimator(options: Options) -> Any:
    raise AssertionError("pictures stay in the browser, so the server needs no estimator")


def _hand_label_data(hand: HandReading, *, numbered: bool) -> HandLabel:
    """Return the label over a hand or body."""
    gesture = hand.gesture
    text = f"{gesture.emoji} {gesture.name}".strip() if gesture else ""
    x0, y0, x1, y1 = bounding_box(hand.pose.keypoints)
    color = to_css_color(person_color(hand.number)) if numbered else ""
    return {
        "side": hand.pose.handedness,
        "text": f"{hand.number} {text}".rstrip() if numbered else text,
        "color": color,
        "at": [round((x0 + x1) / 2), round((y0 + y1) / 2)],
    }
