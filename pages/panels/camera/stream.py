"""The camera on a page: the browser's stream through a LiveProcessor and back."""

from collections.abc import Callable
from typing import Any

import av
import streamlit as st
import streamlit_webrtc.webrtc
from streamlit_webrtc import VideoProcessorBase, WebRtcMode, webrtc_streamer

from core.capture.camera_help import INSECURE, TROUBLES
from core.gestures.labels import safe_label
from core.paths import Paths
from core.recognition import low_latency
from core.recognition.live import Latest, LiveProcessor, Options, Watch
from core.upkeep.memory import give_back_later
from pages.panels.camera.address import local_address
from pages.panels.camera.probe import camera_probe

SIZES = {"320 × 240": (320, 240), "640 × 480": (640, 480), "1280 × 720": (1280, 720)}
RTC_CONFIGURATION: dict[str, Any] = {"iceServers": []}  # nobody else is asked for the way
UNAVAILABLE = (
    "No camera can be used: plug one in, or close the program that is using it (a video call?), "
    "then press START again. “Camera trouble?” below says which it is."
)


low_latency.install(streamlit_webrtc.webrtc)


class _Stream(VideoProcessorBase):
    """Frames of aiortc ↔ arrays. Runs in the stream's thread: no `st` in here."""

    def __init__(self, live: LiveProcessor, on_end: Callable[[], object]) -> None:
        self.live, self.on_end = live, on_end

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        rgb: Any = frame.to_ndarray(format="rgb24")  # its bytes, as the format says
        picture = self.live.process(rgb)
        return av.VideoFrame.from_ndarray(picture, format="rgb24")

    def on_ended(self) -> None:
        self.live.close()
        self.on_end()
        give_back_later()


def camera(
    key: str,
    options: Options,
    *,
    watch: Watch | None = None,
    on_end: Callable[[], object] = lambda: None,
) -> LiveProcessor | None:
    """The video with its START button, and what is to be set about it.

    Returns:
        The stream's processor, None while the camera is off.
    """
    place = st.container()
    with st.container(horizontal=True):
        size, fps = _settings()
        with st.popover("Camera trouble?", icon="🩺"):
            camera_probe(f"{key}_probe", link=key != "record_camera")
    paths = Paths.find()

    def make_stream() -> _Stream:
        def make(options: Options) -> Any:
            return options.keypoints.open(paths, num_hands=options.hands)

        return _Stream(LiveProcessor(make, options, watch=watch), on_end)

    with place:
        context = webrtc_streamer(
            key,
            mode=WebRtcMode.SENDRECV,
            rtc_configuration=RTC_CONFIGURATION,
            media_stream_constraints=_constraints(size, fps),
            video_processor_factory=make_stream,
            async_processing=True,
            media_toggle_controls=False,
            video_html_attrs={"autoPlay": True, "muted": True, "style": {"width": "100%"}},
            translations={
                "media_api_not_available": TROUBLES[INSECURE].text(local_address()),
                "device_access_denied": TROUBLES["NotAllowedError"].text(local_address()),
                "device_not_available": UNAVAILABLE,
            },
        )
    stream = context.video_processor
    visit = st.session_state["visit"]
    if not context.state.playing or stream is None:
        before = st.session_state.get(f"{key}_stream")
        if before and before[0] == visit and (reason := before[1].broke_off()):
            st.warning(reason, icon="📷")
        st.caption(
            "Press START and allow the camera. The pictures stay on the machine that runs Mudra."
        )
        return None
    st.session_state[f"{key}_stream"] = visit, stream.live
    stream.live.configure(options, watch)
    stream.on_end = on_end
    return stream.live


def _settings() -> tuple[tuple[int, int], int]:
    with st.popover("Camera settings", icon="⚙️"):
        names = list(SIZES)
        size = st.selectbox(
            "Size",
            names,
            index=1,
            key="camera_size",
            persist_state="session",
            help="Counts from the next START on. A smaller picture is quicker.",
        )
        fps = st.slider("Frames a second", 5, 30, 15, key="camera_fps", persist_state="session")
    return SIZES[size], fps


def _constraints(size: tuple[int, int], fps: int) -> dict[str, Any]:
    width, height = size
    video = {"width": {"ideal": width}, "height": {"ideal": height}, "frameRate": {"ideal": fps}}
    return {"video": video, "audio": False}


def show_trouble(latest: Latest) -> None:
    """What is wrong with the stream, where something is."""
    if trouble := latest.trouble(local_address()):
        st.warning(safe_label(trouble), icon="📷")
