"""Depth: a hand in depth frames: its position, crop and 3-D keypoints."""

import streamlit as st

from core.live.live import LiveProcessor, Options
from core.live.traces import HandTrace
from core.pose.skeletons.table import SUBJECTS
from core.words import mark
from pages.components.depth_view import DepthScene, draw_depth, keypoints_frame_data
from pages.panels.camera.stage import Stage, current_stage
from pages.panels.controls import pick_option
from pages.panels.depth.sources import (
    OPEN_SOURCE,
    pick_depth_net,
    show_depth_example,
    show_depth_sensor,
    show_depth_upload,
)
from pages.panels.language import t
from pages.panels.layout import ESTIMATED_DEPTH_NOTE
from pages.panels.project.projects import pick_project
from pages.panels.visit import drop_cached

EXAMPLE, RECORDING = mark("Example"), mark("Recording")
SENSOR, WEBCAM = mark("Depth camera"), mark("Webcam")
SHOWS = {EXAMPLE: show_depth_example, RECORDING: show_depth_upload, SENSOR: show_depth_sensor}
_EVERY_S = 0.1
_NEXT_INDEX = "depth_webcam_next"


def page() -> None:
    """Draw the page: the choice of a source (example, recording, camera) and its frames."""
    project = pick_project()
    place = current_stage()
    row = place.beside.container(horizontal=True)
    with row:
        what = pick_option(t("Source"), [*SHOWS, WEBCAM], "depth_source", width="content")
    if what == WEBCAM:
        drop_cached(OPEN_SOURCE)
        show_webcam(place)
        return
    with row:
        net = pick_depth_net()
    place.use_full_width()
    with place.replace_video():
        SHOWS[what](place, project, net)


def show_webcam(place: Stage) -> None:
    """Draw the webcam's video and beside it the hand in 3-D with estimated depth."""
    trace: HandTrace = st.session_state.setdefault("depth_trace", HandTrace())
    live = place.show(Options(), watch=trace.remember)
    place.show_next_step(t("Show a hand to see it in 3-D, without a depth camera."))
    with place.beside:
        st.caption(t(ESTIMATED_DEPTH_NOTE))
        place.show_problems()
        if live is not None:
            st.fragment(_draw_webcam_hand, run_every=_EVERY_S)(live, trace)


def _draw_webcam_hand(live: LiveProcessor, trace: HandTrace) -> None:
    """Send the hand's keypoints of all frames since the last call to the 3-D view."""
    moments = trace.moments_since(st.session_state.get(_NEXT_INDEX, 0))
    if moments:
        st.session_state[_NEXT_INDEX] = moments[-1].index + 1
    batch = [keypoints_frame_data(one.index, one.time_s, one.joints_mm) for one in moments]
    draw_depth("depth_webcam", DepthScene("webcam", skeleton=SUBJECTS["Hands"]), batch)


page()
