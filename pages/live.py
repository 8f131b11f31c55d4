"""Live: what the camera's hands mean, by the model of one's choice."""

import streamlit as st

from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import LiveProcessor, Options
from core.store import Project
from pages.panels.camera.keypoints import overlay, pick_keypoints, pick_number
from pages.panels.camera.stage import stage
from pages.panels.camera.stream import show_trouble
from pages.panels.frame import errors_shown
from pages.panels.live.actions import live_actions
from pages.panels.live.correction import correction, last_second
from pages.panels.live.drift import show_drift
from pages.panels.live.fitting import fitting
from pages.panels.live.models import pick_model
from pages.panels.live.readings import last_made, show_gesture, show_hands
from pages.panels.live.smoothing import pick_smoothing
from pages.panels.live.trace import show_smoothing
from pages.panels.project.projects import pick_project


def page() -> None:
    """What the video means beside it, what may be done about it below."""
    project = pick_project()
    place = stage()
    with place.beside:
        model = pick_model(project)
        number = pick_number("two_hands", project.skeleton, help="Costs about 15 ms more a frame.")
    with place.settings:
        smoothing = pick_smoothing(model)
        source = pick_keypoints("live", project)
        maps = overlay("live", source)
    with place.beside:
        model = fitting(model, source)
    options = Options(model, number, smoothing, source, maps)
    place.say_next("Show a gesture and see what the model says.")
    live = place.show(options, watch=last_second().remember)
    with place.beside:
        st.fragment(_meaning, run_every=place.every(0.25) if live else None)(live, model, project)
    correction(live, project)
    live_actions(live, project, model, smoothed=smoothing.hold_s > 0)
    show_smoothing(live, project.skeleton)


def _meaning(live: LiveProcessor | None, model: GestureModel | None, project: Project) -> None:
    with errors_shown():
        if live is None:
            show_gesture("👋", "Show a gesture", "answer")
            return
        latest = live.latest()
        show_trouble(latest)
        show_drift(latest, model)
        show_hands(latest, "answer", project.skeleton)
        if made := last_made(latest):
            st.caption(safe_label(f"Last movements: {made}"))
        height, width = latest.size_hw
        st.caption(
            f"{latest.fps:.0f} fps · latency {latest.latency_ms:.0f} ms · {width} × {height} pixels"
        )


page()
