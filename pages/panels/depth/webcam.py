"""3-D without a depth camera: the hand that MediaPipe imagines from a plain webcam's picture."""

import streamlit as st

from core.live.hand_trace import HandTrace
from core.live.live import LiveProcessor, Options
from core.pose.skeletons import SUBJECTS
from pages.components.depth_view import Scene, draw_depth, of_joints
from pages.panels.camera.stage import Stage
from pages.panels.camera.stream import show_trouble
from pages.panels.words import FROM_COLOURS

_EVERY_S = 0.1
_TOLD = "depth_webcam_told"


def show_webcam(place: Stage) -> None:
    """The video, and beside it the hand in space."""
    live = place.show(Options(), watch=_trace().remember)
    place.say_next("Show a hand and see it in space, without a depth camera.")
    with place.beside:
        st.caption(FROM_COLOURS)
        if live is not None:
            st.fragment(_now, run_every=_EVERY_S)(live)


def _trace() -> HandTrace:
    """Of this visitor's camera."""
    return st.session_state.setdefault("depth_trace", HandTrace())


def _now(live: LiveProcessor) -> None:
    show_trouble(live.latest())
    moments = _trace().since(st.session_state.get(_TOLD, 0))
    if moments:
        st.session_state[_TOLD] = moments[-1].index + 1
    batch = [of_joints(one.index, one.time_s, one.joints_mm) for one in moments]
    draw_depth("depth_webcam", Scene("webcam", skeleton=SUBJECTS["Hands"]), batch)
