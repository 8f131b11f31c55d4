"""The stage: the one video of the studio, and the places round it.

app.py draws it round the pages, so the browser keeps the video while they change: START is pressed
once. A page that shows the video says what it wants of it; on the others it is small or hidden.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.live.live import LiveProcessor, Options, Watch
from core.recording.recorder import Recorder
from pages.components import read_asset
from pages.components.video_shape import fit_video_frame
from pages.panels.camera.browser import (
    BrowserStream,
    can_browser_find,
    show_browser_video,
    stop_browser_camera,
)
from pages.panels.camera.settings import BROWSER, pick_camera_constraints, pick_tracking_place
from pages.panels.camera.stream import Stream, ignore_stream_end, show_webrtc_video
from pages.panels.layout import START_CAMERA
from pages.panels.navigation import VIDEO_PAGES

# how the video is shown
LARGE, WIDE, SMALL, HIDDEN, REPLACED = "large", "wide", "small", "hidden", "replaced"
_STAGE = "stage"
_SELDOM_S = 1.0
PAUSED = Options(paused=True)
AnyStream = Stream | BrowserStream


@dataclass(frozen=True)
class Stage:
    """The video and the places of a page round it.

    Attributes:
        head: beside the title: one sentence that says what to do next.
        settings: what is rarely changed, folded away.
        under: under the video, as wide as it.
        beside: to the right of the video, under it on a narrow screen.
        stream: None while the camera is off.
    """

    head: DeltaGenerator
    settings: DeltaGenerator
    under: DeltaGenerator
    beside: DeltaGenerator
    stream: AnyStream | None

    def show(
        self,
        options: Options,
        *,
        watch: Watch | None = None,
        on_end: Callable[[], object] = ignore_stream_end,
        recorder: Recorder | None = None,
    ) -> LiveProcessor | None:
        """Show the video large, its frames treated like this from the next one on.

        Args:
            watch: sees every frame with its estimate, see `LiveProcessor`.
            on_end: called when the camera stops or the page is left.
            recorder: what the watcher records with, where it does.

        Returns:
            The stream's processor, None while the camera is off or its picture, which this needs,
            stays in the browser.
        """
        if self.stream is None or warn_if_picture_missing(self.stream, options, self.beside):
            return None
        self.stream.on_end = on_end
        self.stream.live.configure(options, watch)
        self.stream.recorder = recorder
        return self.stream.live

    def every(self, often_s: float) -> float | None:
        """How often what the video means is drawn; seldom where the browser hears it by itself."""
        direct = isinstance(self.stream, BrowserStream) and self.stream.direct
        return (_SELDOM_S if direct else often_s) if self.stream else None

    def numbers(self) -> list[int]:
        """Of the hands or people in the camera's last picture."""
        return [hand.number for hand in self.stream.live.latest().hands] if self.stream else []

    def say_next(self, text: str) -> None:
        """What to do next, beside the title; to start the camera comes first."""
        self.head.caption(text if self.stream is not None else START_CAMERA)

    def widen(self) -> None:
        """Give the video the page's width: what is beside it becomes a row above it, except on a
        wide screen."""
        _apply_video_style(WIDE)

    def replace(self) -> DeltaGenerator:
        """The place of the video, for something else; nothing is read from the camera then."""
        _apply_video_style(REPLACED)
        if self.stream is not None:
            self.stream.live.configure(PAUSED)
        return self.under


def current_stage() -> Stage:
    """The stage of the page that is being drawn."""
    return st.session_state[_STAGE]


def has_stage() -> bool:
    """Whether app.py has drawn it in this run."""
    return _STAGE in st.session_state


@contextmanager
def draw_stage(title: str) -> Iterator[None]:
    """Draw the page's title and the video; what the page draws by itself comes below."""
    with st.container(key="head", horizontal=True, vertical_alignment="center"):
        st.title(title, anchor=False, width="content")
        head = st.container()
        menu = st.container(key="stage_settings", width="content")
    with st.container(key="stage"):
        left, beside = st.columns([3, 2], gap="medium")
    with left:
        place = st.container(key="camera")
        under = st.container()
    with menu, st.popover("Settings", icon="⚙️"):
        settings = st.container()
        where = pick_tracking_place()
        wanted = pick_camera_constraints()
        away = st.radio(
            "On pages without video",
            [SMALL, HIDDEN],
            key="camera_away",
            horizontal=True,
            help="Small, it plays on in the corner. Nothing is read from it there.",
        )
    with place:
        stream = show_camera_video(wanted, where)
        fit_video_frame("video_shape")
    _apply_video_style(LARGE if title in VIDEO_PAGES else away if stream else HIDDEN)
    if stream is not None:
        detach_previous_page(stream)
    st.session_state[_STAGE] = Stage(head, settings, under, beside, stream)
    try:
        yield
    finally:
        st.session_state.pop(_STAGE, None)  # the page may have forgotten everything


def _apply_video_style(look: str) -> None:
    """Styles take their places by their order: this one takes that of the page before."""
    st.html(f"<style>{read_asset(f'video_{look}.css')}</style>")


def detach_previous_page(stream: AnyStream) -> None:
    """What the page before wanted of the video ends when another page is opened."""
    visit = st.session_state["visit"]
    if st.session_state.get("stage_visit") == visit:
        return
    st.session_state["stage_visit"] = visit
    stream.live.configure(PAUSED)
    stream.live.attach(None)
    stream.recorder = None
    if isinstance(stream, BrowserStream):
        stream.keeps = False
    ended, stream.on_end = stream.on_end, ignore_stream_end
    ended()


def show_camera_video(wanted: dict[str, Any], where: str) -> AnyStream | None:
    """The video with its START button; None while the camera is off."""
    if where == BROWSER:
        return show_browser_video(wanted)
    stop_browser_camera()
    return show_webrtc_video(wanted)


def has_server_picture(stream: AnyStream | None) -> bool:
    """Whether a camera's picture comes to the server."""
    return stream is not None and not isinstance(stream, BrowserStream)


def warn_if_picture_missing(stream: AnyStream, options: Options, place: DeltaGenerator) -> bool:
    """Whether the picture that a page needs stays in the browser; then it is said there."""
    if not isinstance(stream, BrowserStream) or can_browser_find(options):
        return False
    stream.live.configure(PAUSED)
    place.info(
        "This needs the camera's picture, which stays in your browser: choose “on the server” "
        "under *Keypoints are found* in the settings.",
        icon="🖥️",
    )
    return True
