"""Live's smoothing: settings that stay with the model. What they do is shown in `trace`."""

from dataclasses import replace

import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.modelfile.smoothing_settings import keep_smoothing, smoothing_of
from core.pose.smoothing import Smoothing
from pages.panels.frame import errors_shown, studio


def pick_smoothing(model: GestureModel | None) -> Smoothing:
    """What is set while the page is open, starting from what the model says."""
    start = Smoothing()
    with errors_shown():
        start = smoothing_of(model)
    with st.popover("Smoothing", icon="🫧"):
        on = st.toggle(
            "Smoothing",
            True,
            key="smoothing",
            persist_state="session",
            help="Off: keypoints and names as each frame alone has them.",
        )
        chosen = _sliders(start, f"{model.path}" if model else "")
        if model is not None:
            _keep(model, chosen, start)
    return chosen if on else replace(chosen, joints=False, hold_s=0.0)


def _sliders(start: Smoothing, of: str) -> Smoothing:
    """The settings as sliders. The start is in their keys: once it is kept they begin from it."""
    of = f"{of}_{hash(start)}"
    joints = st.toggle("Calm the keypoints", start.joints, key=f"s_joints{of}")
    cutoff = st.slider(
        "Cutoff at rest, Hz",
        0.2,
        10.0,
        _within(start.min_cutoff, 0.2, 10.0),
        0.1,
        key=f"s_cutoff{of}",
        help="One-euro filter: lower is calmer, and lags more.",
    )
    beta = st.slider(
        "How much speed lifts the cutoff",
        0.0,
        0.2,
        _within(start.beta, 0, 0.2),
        0.005,
        key=f"s_beta{of}",
        format="%.3f",
        help="Higher: what moves quickly lags less.",
    )
    thresholds = (_within(start.leave, 0, 1), _within(start.enter, 0, 1))
    leave, enter = st.slider(
        "A name leaves below and enters at",
        0.0,
        1.0,
        thresholds,
        0.01,
        key=f"s_enter{of}",
        help="Two thresholds, so that a probability between them changes nothing.",
    )
    hold = st.slider(
        "A change must last, s", 0.0, 2.0, _within(start.hold_s, 0, 2), 0.05, key=f"s_hold{of}"
    )
    return Smoothing(joints, cutoff, beta, enter, leave, hold)


def _within(value: float, low: float, high: float) -> float:
    """What a model says may lie beyond the sliders."""
    return float(min(max(value, low), high))


def _keep(model: GestureModel, chosen: Smoothing, start: Smoothing) -> None:
    if model.path in (studio().paths.starter, studio().paths.arms):
        st.caption(
            "These hold until you leave the page. A model that you trained can keep its own."
        )
        return
    if st.button(
        "Keep with this model",
        icon="💾",
        disabled=chosen == start,
        help="Exports carry it, and so does the project.",
    ):
        with errors_shown():
            keep_smoothing(model.path, chosen)
            st.toast("Kept with the model.", icon="💾")
            st.rerun()
