"""The camera's bodies: now, and over the last seconds."""

import streamlit as st

from core.live.live import LiveProcessor, Options
from core.offline.bodies import BodyTrace, Moment
from core.pose.body_drawing import BodyView
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import KeypointSource
from pages.panels.body.angles import show_angles, show_curves
from pages.panels.body.space import show_in_space
from pages.panels.camera.stage import Stage
from pages.panels.camera.stream import show_trouble
from pages.panels.choice import in_their_colour
from pages.panels.words import NOT_STARTED

_EVERY_S = 0.7


def show_camera(place: Stage, source: KeypointSource, persons: int, view: BodyView) -> None:
    """The video, beside it the body in space and its angles, under it their curves."""
    options = Options(None, persons, Smoothing(joints=False), source, body=view)
    live = place.show(options, watch=_trace().remember)
    every = _EVERY_S if live is not None else None
    with place.beside:
        st.fragment(_now, run_every=every)(live)
    if live is not None:
        with place.under:
            st.fragment(_curves, run_every=every)()


def _trace() -> BodyTrace:
    """Of this visitor's camera."""
    return st.session_state.setdefault("body_trace", BodyTrace())


def _now(live: LiveProcessor | None) -> None:
    if live is None:
        st.caption(NOT_STARTED)
        show_angles({})
        return
    latest = live.latest()
    show_trouble(latest)
    moments = _trace().moments()
    seen = moments[-1] if moments and latest.hands else None
    pose = seen.pose if seen else None
    if moments and not moments[-1].estimate.poses:
        st.info("Step back until your shoulders and hips are in the picture.", icon="🧍")
    if seen and seen.number:
        st.markdown(f"Person {in_their_colour(seen.number)}")
    show_in_space(pose.world if pose else None, "body_space", mirrored=True)
    show_angles(seen.angles if seen else {})
    st.caption(f"{_steps_in_words(moments)}{latest.fps:.0f} fps · {latest.latency_ms:.0f} ms")


def _steps_in_words(moments: tuple[Moment, ...]) -> str:
    """Of the last frame, and of the last seconds."""
    if not moments or moments[-1].estimate.tracking is None:
        return ""
    tracking = moments[-1].estimate.tracking
    last = "the detector ran" if tracking.detected else "followed from the frame before"
    return f"Last frame: {last}; the detector ran in {_trace().detected()} of {len(moments)}. "


def _curves() -> None:
    show_curves(_trace().angles(), "seconds before now")
