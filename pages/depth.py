"""Depth: a hand before a depth camera, its place, its crop and its keypoints in space."""

import streamlit as st

from core.live.hand_trace import HandTrace
from core.live.live import LiveProcessor, Options
from core.pose.skeletons.table import SUBJECTS
from pages.components.depth_view import Scene, draw_depth, of_joints
from pages.panels.camera.stage import Stage, stage
from pages.panels.camera.stream import show_trouble
from pages.panels.controls import pick_one
from pages.panels.depth.sources import OPEN, pick_depth_net, show_example, show_sensor, show_upload
from pages.panels.layout import FROM_COLOURS
from pages.panels.project.projects import pick_project
from pages.panels.visit import drop

EXAMPLE, RECORDING, SENSOR, WEBCAM = "Example", "Recording", "Depth camera", "Webcam"
SHOWS = {EXAMPLE: show_example, RECORDING: show_upload, SENSOR: show_sensor}
_EVERY_S = 0.1
_TOLD = "depth_webcam_told"


def page() -> None:
    """The source in a row above; what it gives has the page's width."""
    project = pick_project()
    place = stage()
    row = place.beside.container(horizontal=True)
    with row:
        what = pick_one("Source", [*SHOWS, WEBCAM], "depth_source", width="content")
    if what == WEBCAM:
        drop(OPEN)
        show_webcam(place)
        return
    with row:
        net = pick_depth_net()
    place.widen()
    with place.replace():
        SHOWS[what](place, project, net)


def show_webcam(place: Stage) -> None:
    """The video, and beside it the hand in space."""
    live = place.show(Options(), watch=_hand_trace().remember)
    place.say_next("Show a hand and see it in space, without a depth camera.")
    with place.beside:
        st.caption(FROM_COLOURS)
        if live is not None:
            st.fragment(_draw_hand, run_every=_EVERY_S)(live)


def _hand_trace() -> HandTrace:
    """Of this visitor's camera."""
    return st.session_state.setdefault("depth_trace", HandTrace())


def _draw_hand(live: LiveProcessor) -> None:
    show_trouble(live.latest())
    moments = _hand_trace().since(st.session_state.get(_TOLD, 0))
    if moments:
        st.session_state[_TOLD] = moments[-1].index + 1
    batch = [of_joints(one.index, one.time_s, one.joints_mm) for one in moments]
    draw_depth("depth_webcam", Scene("webcam", skeleton=SUBJECTS["Hands"]), batch)


page()
