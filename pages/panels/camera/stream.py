"""The camera whose video the server processes, by WebRTC."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av
import streamlit as st
import streamlit_webrtc
from streamlit_webrtc import VideoProcessorBase, WebRtcMode, webrtc_streamer

from core.admin.memory import free_memory_later
from core.gestures.labels import safe_label
from core.live import low_latency
from core.live.live import Latest, LiveProcessor, Options
from core.media.videos import decode_stream_frame, encode_stream_frame
from core.paths import Paths
from core.recording.camera_help import CAMERA_PROBLEMS, INSECURE
from core.recording.recorder import Recorder
from pages.panels.access import current_owner, local_url

RTC_CONFIGURATION: dict[str, Any] = {"iceServers": []}  # contact no other server
UNAVAILABLE = (
    "No camera is available: plug one in, or close the program that is using it (a video call?), "
    "then press START again. “Camera trouble?” in the settings says which it is."
)
KEY, _LAST = "camera_video", "last_stream"
_ENDS_WITHIN_S = 2.0


low_latency.install(streamlit_webrtc)


def ignore_stream_end() -> None:
    """Do nothing: the default callback for a stream's end."""


class Stream(VideoProcessorBase):
    """Passes video frames through a LiveProcessor, in the stream's thread: no `st` in here.
    `on_end` is called at its end; `recorder` is the open page's, if it records."""

    def __init__(self, live: LiveProcessor) -> None:
        self.live = live
        self.on_end: Callable[[], object] = ignore_stream_end
        self.recorder: Recorder | None = None

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        return encode_stream_frame(self.live.process(decode_stream_frame(frame)))

    def on_ended(self) -> None:
        self.live.close()
        self.on_end()
        free_memory_later()


@dataclass
class DrawnCamera:
    """What the page was drawn with: its stream, and whether the stream's WebSocket was open."""

    drawn: bool = False
    stream: Any = None
    direct: bool = False

    def update(self, stream: Any, *, direct: bool = False) -> None:
        """Store what is drawn now; rerun the page if it was drawn with something else."""
        if self.drawn and (stream is not self.stream or direct != self.direct):
            st.rerun()
        self.drawn, self.stream, self.direct = True, stream, direct


def show_webrtc_video(constraints: dict[str, Any]) -> Stream | None:
    """Draw the video with its START button; return its stream, None while the camera is off. The
    page reruns only when the camera starts or stops."""
    seen = DrawnCamera()
    st.fragment(_draw_webrtc_video)(constraints, seen)
    return seen.stream


def _draw_webrtc_video(constraints: dict[str, Any], last_drawn: DrawnCamera) -> None:
    """Draw the video as a fragment; rerun the whole page when the stream starts or stops."""
    last_drawn.update(_open_webrtc_stream(constraints))


def _open_webrtc_stream(constraints: dict[str, Any]) -> Stream | None:
    """Draw the WebRTC component; return its stream while playing, else None."""
    paths = Paths.find().of(current_owner())  # who logged in has nets of their own

    def open_estimator(options: Options) -> Any:
        return options.keypoints.open(paths, num_poses=options.hands, isolated=False)

    context = webrtc_streamer(
        KEY,
        mode=WebRtcMode.SENDRECV,
        rtc_configuration=RTC_CONFIGURATION,
        media_stream_constraints=constraints,
        video_processor_factory=lambda: Stream(LiveProcessor(open_estimator, Options(paused=True))),
        async_processing=True,
        media_toggle_controls=False,
        video_html_attrs={"autoPlay": True, "muted": True, "style": {"width": "100%"}},
        translations={
            "media_api_not_available": CAMERA_PROBLEMS[INSECURE].text(local_url()),
            "device_access_denied": CAMERA_PROBLEMS["NotAllowedError"].text(local_url()),
            "device_not_available": UNAVAILABLE,
        },
    )
    stream = context.video_processor
    if context.state.playing and stream is not None:
        st.session_state[_LAST] = stream
        return stream
    before: Stream | None = st.session_state.get(_LAST)
    if before is not None and (reason := before.live.interruption_text(_ENDS_WITHIN_S)):
        st.warning(reason, icon="📷")
    else:
        st.session_state.pop(_LAST, None)
    st.caption("Your pictures stay on the machine that runs Mudra.")
    return None


def show_stream_problem(latest: Latest) -> None:
    """Show a warning if the stream has a problem."""
    if trouble := latest.problem_text(local_url()):
        st.warning(safe_label(trouble), icon="📷")


def watch_stream_problem(live: LiveProcessor | None) -> None:
    """Check the stream for problems once a second, on pages that don't redraw its answers."""
    if live is not None:
        st.fragment(lambda: show_stream_problem(live.latest()), run_every=1.0)()
