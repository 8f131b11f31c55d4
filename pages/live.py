"""Live: what the camera's hands mean, by the model of one's choice."""

import streamlit as st

from core.gestures.model.gesture_model import GestureModel
from core.recognition.live import LiveProcessor, Options
from pages.panels.camera.keypoints import fitting, overlay, pick_keypoints
from pages.panels.camera.stream import camera, show_trouble
from pages.panels.frame import errors_shown, wide_columns
from pages.panels.live.actions import live_actions
from pages.panels.live.correction import correction, last_second
from pages.panels.live.drift import show_drift
from pages.panels.live.models import pick_model
from pages.panels.live.readings import show_gesture, show_hands
from pages.panels.live.smoothing import pick_smoothing
from pages.panels.live.trace import show_smoothing
from pages.panels.project.projects import pick_project

NOT_STARTED = "🎥"


def page() -> None:
    """Camera on the left, what it means on the right."""
    project = pick_project()
    st.title("Live", anchor=False)
    left, right = wide_columns("live", 3, 2)
    with right:
        model = pick_model(project)
        two = st.toggle(
            "Two hands",
            key="two_hands",
            persist_state="session",
            help="Costs about 15 ms more a frame.",
        )
        smoothing = pick_smoothing(model)
        with st.expander("Keypoints and heatmaps", icon="🔥"):
            source = pick_keypoints("live")
            maps = overlay("live", source)
        model = fitting(model, source)
    with left:
        options = Options(model, 2 if two else 1, smoothing, source, maps)
        live = camera("live_camera", options, watch=last_second().remember)
        correction(live, project)
        live_actions(live, project, model, smoothed=smoothing.hold_s > 0)
        show_smoothing(live)
    with right:
        st.fragment(_meaning, run_every=0.25 if live is not None else None)(live, model)


def _meaning(live: LiveProcessor | None, model: GestureModel | None) -> None:
    with errors_shown():
        if live is None:
            show_gesture(NOT_STARTED, "Start the camera, show a gesture")
            return
        latest = live.latest()
        show_trouble(latest)
        show_drift(latest, model)
        show_hands(latest)
        height, width = latest.size_hw
        st.caption(
            f"{latest.fps:.0f} fps · latency {latest.latency_ms:.0f} ms · {width} × {height} pixels"
        )


page()
