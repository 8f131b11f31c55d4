"""The camera whose video the server processes, by WebRTC."""

import hashlib
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


low_latency.install(streamlit_webrtc)


def open_webrtc_stream(
    constraints: dict[str, Any], device: str, is_on: bool
) -> tuple[ServerStream | None, str]:
    """Draw the frame with the video; return its stream, None while it doesn't play, and why a
    camera that played has ended by itself, else "".

    Args:
        device: the browser's id of the chosen camera, "" for any. The frame keeps the camera that
            it opened first, so another camera has another frame.
    """
    paths = Paths.find().of(current_owner())  # who logged in has nets of their own
    session = live_session()

    def open_estimator(options: Options) -> Any:
        return options.keypoints.open(paths, num_poses=options.hands, isolated=False)

    def make_stream() -> Any:  # what the library calls a video processor
        return ServerStream(open_estimator, session.channel.wake, free_memory_later)

    context = webrtc_streamer(
        f"{KEY}_{hashlib.sha256(device.encode()).hexdigest()[:8]}" if device else KEY,
        mode=WebRtcMode.SENDRECV,
        rtc_configuration=RTC_CONFIGURATION,
        media_stream_constraints=constraints,
        desired_playing_state=is_on,
        video_processor_factory=make_stream,
        async_processing=True,
        media_toggle_controls=False,
        video_html_attrs={"autoPlay": True, "muted": True, "style": _FILLING},
    )
    stream = context.video_processor
    if is_on and context.state.playing and stream is not None:
        st.session_state[_LAST] = stream
        session.start(stream)
        return stream, ""
    session.start(None)
    last: ServerStream | None = st.session_state.pop(_LAST, None)
    if last is None or not is_on:
        return None, ""
    return None, last.live.interruption_text(_ENDS_WITHIN_S) or LOST


# the frame lies over the stage's box and has its shape
_FILLING = {"position": "fixed", "inset": 0, "width": "100%", "height": "100%"}
