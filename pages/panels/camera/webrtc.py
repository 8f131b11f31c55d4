"""The camera that sends its video to the server, by WebRTC."""

from dataclasses import dataclass
from typing import Any

import streamlit as st
import streamlit_webrtc
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from core.admin.memory import free_memory_later
from core.live import low_latency
from core.live.live import Options
from core.live.streams import ServerStream
from core.paths import Paths
from pages.panels.access import current_owner
from pages.panels.camera.session import live_session

RTC_CONFIGURATION: dict[str, Any] = {"iceServers": []}  # contact no other server
PRIVACY = "Your pictures stay on the machine that runs Mudra."
LOST = "The camera stopped by itself. Was it unplugged? Press START to go on."
KEY, _LAST = "video_webrtc", "last_stream"
_ENDS_WITHIN_S = 2.0
# the video fills its frame, which has the shape of the stage's box
_FILLING = {"position": "fixed", "inset": 0, "width": "100%", "height": "100%"}


low_latency.install(streamlit_webrtc)


@dataclass(frozen=True)
class WebRtcCamera:
    """The video's frame in this run.

    Attributes:
        stream: None while the video doesn't play.
        busy: whether the server has a video of the frame, also one that only begins or ends.
        ended: why a camera that played has ended though nobody pressed STOP, else "".
    """

    stream: ServerStream | None = None
    busy: bool = False
    ended: str = ""


def open_webrtc_stream(constraints: dict[str, Any], is_on: bool) -> WebRtcCamera:
    """Draw the frame with the video; return what comes from it. Its START and STOP are pressed by
    the stage (server_camera.js).

    Args:
        is_on: whether the stage's camera is on.
    """
    paths = Paths.find().of(current_owner())  # who logged in has nets of their own
    session = live_session()

    def open_estimator(options: Options) -> Any:
        return options.keypoints.open(paths, num_poses=options.hands, isolated=False)

    def make_stream() -> Any:  # what the library calls a video processor
        return ServerStream(open_estimator, session.channel.wake, free_memory_later)

    context = webrtc_streamer(
        KEY,
        mode=WebRtcMode.SENDRECV,
        rtc_configuration=RTC_CONFIGURATION,
        media_stream_constraints=constraints,
        video_processor_factory=make_stream,
        async_processing=True,
        media_toggle_controls=False,
        video_html_attrs={"autoPlay": True, "muted": True, "style": _FILLING},
        translations={"start": "START", "stop": "STOP"},
    )
    stream, known = context.video_processor, st.session_state
    if is_on and context.state.playing and stream is not None:
        known[_LAST] = stream
        session.start(stream)
        return WebRtcCamera(stream, busy=True)
    session.start(None)
    last: ServerStream | None = known.pop(_LAST, None)
    return WebRtcCamera(
        busy=context.state.playing or context.state.signalling,
        ended=(last.live.interruption_text(_ENDS_WITHIN_S) or LOST) if last and is_on else "",
    )
