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
from core.words import mark
from pages.panels.access import current_owner
from pages.panels.camera.session import live_session
from pages.panels.camera.settings import RTC_CONFIGURATION
from pages.panels.language import t
from pages.panels.visit import is_page_outdated

PRIVACY = mark("Your pictures stay on the machine that runs Mudra.")
_PREFIX = "video_"
KEY, _LAST, _ENDED = f"{_PREFIX}webrtc", f"{_PREFIX}last_stream", f"{_PREFIX}ended"
_ENDS_WITHIN_S = 2.0
# the video fills its frame, which has the shape of the stage's box
_FILLING = {"position": "fixed", "inset": 0, "width": "100%", "height": "100%"}

low_latency.install(streamlit_webrtc)


@dataclass
class _DrawnCamera:
    """The stream with which the page was drawn, and whether the video was drawn, too."""

    stream: ServerStream | None
    complete: bool = False


def show_webrtc_video(constraints: dict[str, Any]) -> ServerStream | None:
    """Draw the frame with the video; return its stream, None while the camera is off. The page
    reruns only when the camera starts or stops."""
    drawn = _DrawnCamera(st.session_state.get(_LAST))
    # nothing else in this fragment: of a run that is cut short, Streamlit removes what is not drawn
    st.fragment(_draw_webrtc_video)(constraints, drawn)
    return drawn.stream


def camera_data() -> dict[str, Any]:
    """Return what `draw_camera` needs of the server's video: `playing`, and `ended`, why the last
    one has ended, else ""."""
    known = st.session_state
    return {"playing": known.get(_LAST) is not None, "ended": t(known.get(_ENDED, ""))}


def _draw_webrtc_video(constraints: dict[str, Any], drawn: _DrawnCamera) -> None:
    """Draw the video as a fragment; rerun the whole page when the stream starts or stops, or where
    a change of the page came with a message of the video."""
    if drawn.complete and is_page_outdated(_PREFIX):
        st.rerun()
    if _open_webrtc_stream(constraints) is not drawn.stream:
        st.rerun()
    drawn.complete = True


def _open_webrtc_stream(constraints: dict[str, Any]) -> ServerStream | None:
    """Draw the WebRTC component, whose START and STOP the stage presses (server_camera.js); return
    its stream while playing, else None."""
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
    if context.state.playing and stream is not None:
        known[_LAST], known[_ENDED] = stream, ""
        session.start(stream)
        return stream
    session.start(None)
    last: ServerStream | None = known.pop(_LAST, None)
    if last is not None:
        known[_ENDED] = last.live.interruption_text(_ENDS_WITHIN_S)
    return None
