"""The camera whose video the server processes, by WebRTC."""

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
from core.recording.camera_help import CAMERA_PROBLEMS, INSECURE
from pages.panels.access import current_owner, local_url
from pages.panels.camera.session import live_session
from pages.panels.visit import is_page_outdated

RTC_CONFIGURATION: dict[str, Any] = {"iceServers": []}  # contact no other server
UNAVAILABLE = (
    "No camera is available: plug one in, or close the program that is using it (a video call?), "
    "then press START again. “Camera trouble?” in the settings says which it is."
)
KEY, _LAST = "camera_video", "last_stream"
_ENDS_WITHIN_S = 2.0


low_latency.install(streamlit_webrtc)


@dataclass
class _DrawnCamera:
    """What the page was drawn with."""

    drawn: bool = False
    stream: ServerStream | None = None

    def update(self, stream: ServerStream | None) -> None:
        """Store what is drawn now; rerun the page if it was drawn with something else."""
        if self.drawn and stream is not self.stream:
            st.rerun()
        self.drawn, self.stream = True, stream


def show_webrtc_video(constraints: dict[str, Any]) -> ServerStream | None:
    """Draw the video with its START button; return its stream, None while the camera is off. The
    page reruns only when the camera starts or stops."""
    seen = _DrawnCamera()
    st.fragment(_draw_webrtc_video)(constraints, seen)
    return seen.stream


def _draw_webrtc_video(constraints: dict[str, Any], last_drawn: _DrawnCamera) -> None:
    """Draw the video as a fragment; rerun the whole page when the stream starts or stops, or where
    a change of the page came with a message of the video."""
    if last_drawn.drawn and is_page_outdated(KEY):
        st.rerun()
    last_drawn.update(_open_webrtc_stream(constraints))


def _open_webrtc_stream(constraints: dict[str, Any]) -> ServerStream | None:
    """Draw the WebRTC component; return its stream while playing, else None."""
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
        session.start(stream)
        return stream
    session.start(None)
    before: ServerStream | None = st.session_state.get(_LAST)
    if before is not None and (reason := before.live.interruption_text(_ENDS_WITHIN_S)):
        st.warning(reason, icon="📷")
    else:
        st.session_state.pop(_LAST, None)
    st.caption("Your pictures stay on the machine that runs Mudra.")
    return None
