"""The stage: the studio's single video, and a page's containers around it.

app.py draws it outside the pages, so the video continues when the page changes. A page that shows
the video calls `Stage.show`; on other pages it is small or hidden.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.gestures.modelfile.gesture_model import GestureModel
from core.live.answers import placeholder
from core.live.cards import START_CAMERA
from core.live.live import LiveProcessor, Options, Watch
from core.live.session import ANSWER, PROBLEM, LiveSession
from core.live.streams import PAUSED, BrowserStream, CameraStream, can_browser_find, do_nothing
from core.recording.recorder import Recorder
from core.words import mark
from pages.components import read_asset
from pages.components.stage import draw_answer, draw_lines, draw_tile
from pages.panels.camera.camera import show_camera
from pages.panels.camera.session import connect_live_session
from pages.panels.camera.settings import pick_camera_constraints, pick_tracking_place
from pages.panels.language import pick_language, t
from pages.panels.navigation import CLASS, VIDEO_PAGES
from pages.panels.phone import offer_phone
from pages.panels.visit import note_drawn_values

# styles of the video: video.css, changed by video_*.css
LARGE, WIDE, SMALL, HIDDEN, REPLACED = "large", "wide", "small", "hidden", "replaced"
_STAGE = "stage"
STEPS = (mark("① Show"), mark("② Hold"), mark("③ Train"))


@dataclass(frozen=True)
class Stage:
    """The video and a page's containers around it.

    Attributes:
        head: beside the title, for a sentence about the next step.
        share: beside the settings, for how others use this studio.
        settings: in a popover, for what rarely changes.
        under: below the video, as wide as the video.
        beside: right of the video; below it on a narrow screen.
        session: the visitor's live session.
        stream: None while the camera is off.
    """

    head: DeltaGenerator
    share: DeltaGenerator
    settings: DeltaGenerator
    under: DeltaGenerator
    beside: DeltaGenerator
    session: LiveSession
    stream: CameraStream | None

    def show(
        self,
        options: Options,
        *,
        watch: Watch | None = None,
        on_end: Callable[[], object] = do_nothing,
        recorder: Recorder | None = None,
    ) -> LiveProcessor | None:
        """Apply these options to the video from the next frame on.

        Args:
            watch: called with every frame and its estimate, see `LiveProcessor`.
            on_end: called when the camera stops or another page opens.
            recorder: that `watch` records with, if any.

        Returns:
            The stream's processor; None while the camera is off, or if the options need the
            picture and it stays in the browser.
        """
        if self.stream is None or warn_if_picture_missing(self.stream, options, self.beside):
            return None
        self.stream.on_end = on_end
        self.stream.live.configure(options, watch)
        self.stream.recorder = recorder
        return self.stream.live

    def show_answer(
        self, key: str, skeleton: str, model: GestureModel | None = None, *, details: bool = False
    ) -> None:
        """Draw the live answer of each frame, and what is wrong with the camera; a placeholder
        while the camera is off.

        Args:
            model: whose training data the hands are compared with; None: no comparison.
            details: also show the comparison, the last movements and the rates.
        """
        self.session.show_answer(skeleton, model)
        draw_answer(key, placeholder("👋", t("Show a gesture")), ANSWER, details=details)

    def show_problems(self) -> None:
        """Draw what is wrong with the camera, on pages that show no answer."""
        self.session.show(PROBLEM, lambda: {"errors": [*filter(None, [self.session.problem()])]})
        draw_lines("stream_problem", PROBLEM)

    def show_next_step(self, text: str) -> None:
        """Show the next step beside the title; at first, to start the camera."""
        self.head.caption(text if self.stream is not None else t(START_CAMERA))

    def show_steps(self, text: str, *, can_train: bool) -> None:
        """Show the three steps to an own model over the video, the next one bold, before a text."""
        current = 0 if self.stream is None else 2 if can_train else 1
        steps = [t(step) for step in STEPS]
        titles = [f"**{step}**" if n == current else step for n, step in enumerate(steps)]
        self.head.caption(" · ".join([*titles, text]))

    def use_full_width(self) -> None:
        """Give the video the page's width; `beside` becomes a row above it, or stays beside it on a
        wide screen."""
        _apply_video_style(WIDE)

    def replace_video(self) -> DeltaGenerator:
        """Hide the video, pause the camera, and return a container for other content."""
        _apply_video_style(REPLACED)
        if self.stream is not None:
            self.stream.live.configure(PAUSED)
        return self.under


def current_stage() -> Stage:
    """Return the stage of the page that is being drawn."""
    return st.session_state[_STAGE]


def has_stage() -> bool:
    """Return whether app.py has drawn the stage in this run."""
    return _STAGE in st.session_state


@contextmanager
def draw_stage(name: str) -> Iterator[None]:
    """Draw title, video and settings of a page; in the `with` block the page draws into
    `current_stage()`."""
    with st.container(key="head", horizontal=True, vertical_alignment="center"):
        st.title(t(name), anchor=False, width="content")
        head = st.container()
        menu = st.container(key="stage_settings", width="content", horizontal=True)
    with st.container(key="stage"):
        with st.container(key="stage_video"):
            place = st.container(key="camera")
            under = st.container()
        beside = st.container(key="stage_beside")
    with menu:
        share = st.container(width="content", horizontal=True, key="share")
    if name == "Studio":
        with share:
            offer_phone()
    with menu, st.popover(t("Settings"), icon="⚙️", key="settings"):
        settings = st.container()
        pick_language()
        tracking_place = pick_tracking_place()
        constraints = pick_camera_constraints()
        away = SMALL if name == CLASS else _pick_floating_camera()
    with place:
        stream = show_camera(tracking_place, constraints)
    style = LARGE if name in VIDEO_PAGES else away if stream else HIDDEN
    _apply_video_style(style)
    with st.container(key="tile"):
        if style == SMALL:
            draw_tile()
    session = connect_live_session()
    if st.session_state.get("stage_visit") != st.session_state["visit"]:
        st.session_state["stage_visit"] = st.session_state["visit"]
        session.open_page()
    st.session_state[_STAGE] = Stage(head, share, settings, under, beside, session, stream)
    try:
        yield
    finally:
        st.session_state.pop(_STAGE, None)  # the page may have forgotten everything
        note_drawn_values()


def _pick_floating_camera() -> str:
    """Draw the choice whether other pages show the video in a corner; return SMALL or HIDDEN."""
    return st.radio(
        t("Floating camera on other pages"),
        [SMALL, HIDDEN],
        key="camera_away",
        horizontal=True,
        format_func={SMALL: t("show"), HIDDEN: t("hide")}.__getitem__,
        help=t("A small video in the corner. Other pages don't analyse it."),
    )


def _apply_video_style(name: str) -> None:
    """Apply a style to the video; the same element replaces the style of the page before."""
    style = "" if name == LARGE else read_asset(f"video_{name}.css")
    st.html(f"<style>{style}</style>")


def has_server_picture(stream: CameraStream | None) -> bool:
    """Return whether the camera's picture is sent to the server."""
    return stream is not None and not isinstance(stream, BrowserStream)


def warn_if_picture_missing(stream: CameraStream, options: Options, place: DeltaGenerator) -> bool:
    """If the options need the picture on the server but it stays in the browser: pause the stream,
    show a message in `place` and return True."""
    if not isinstance(stream, BrowserStream) or can_browser_find(options):
        return False
    stream.live.configure(PAUSED)
    place.info(
        t(
            "This needs the camera's picture, which stays in your browser: choose “the server” "
            "under *Hand tracking runs on* in the settings."
        ),
        icon="🖥️",
    )
    return True
