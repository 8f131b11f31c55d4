"""Live's smoothing: settings that a model can save, and charts of raw and smoothed values.

pandas and Altair load slowly, so they are imported where a chart is drawn.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel, read_smoothing, save_smoothing
from core.live.live import LiveProcessor
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.smoothing import Smoothing
from core.reading.reading import TRACE_S
from core.words import mark
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.resources import studio

RAW, SMOOTH = mark("raw"), mark("smoothed")
_INSTRUCTIONS = {
    HAND: mark("Show a hand: the index finger's tip is drawn here."),
    PAIR: mark("Show a pair of hands: the right index finger's tip is drawn here."),
    BODY: mark("Show a body: the right wrist is drawn here."),
}
_TITLES = {
    HAND: mark("x of the index finger's tip, pixels"),
    PAIR: mark("x of the right index finger's tip, pixels"),
    BODY: mark("x of the right wrist, pixels"),
}
COLOURS = ["#d9822b", "#23807a"]  # the dashes differ, too


def pick_smoothing(model: GestureModel | None) -> Smoothing:
    """Draw the smoothing settings, by default the model's; if off, return no smoothing or hold."""
    start = Smoothing()
    with show_errors():
        start = read_smoothing(model)
    with st.popover(t("Smoothing"), icon="🫧"):
        on = st.toggle(
            t("Smoothing"),
            True,
            key="smoothing",
            persist_state="session",
            help=t("Off: keypoints and gestures of each frame by itself."),
        )
        chosen = _pick_smoothing_settings(start, f"{model.path}" if model else "")
        if model is not None:
            _draw_save_smoothing_button(model, chosen, start)
    return chosen if on else replace(chosen, joints=False, hold_s=0.0)


def _pick_smoothing_settings(start: Smoothing, key_suffix: str) -> Smoothing:
    """Draw the sliders and return their values; changed start values reset them."""
    key_suffix = f"{key_suffix}_{hash(start)}"
    joints = st.toggle(t("Smooth the keypoints"), start.joints, key=f"s_joints{key_suffix}")
    cutoff = _draw_slider(
        t("Cutoff at rest (Hz)"),
        (0.2, 10.0, 0.1),
        start.min_cutoff,
        key=f"s_cutoff{key_suffix}",
        help=t("One-euro filter: lower is smoother, but lags more."),
    )
    beta = _draw_slider(
        t("Speed coefficient (beta)"),
        (0.0, 0.2, 0.005),
        start.beta,
        key=f"s_beta{key_suffix}",
        format="%.3f",
        help=t("Higher: fast movements lag less."),
    )
    leave, enter = _draw_slider(
        t("Show a gesture above / hide it below (probability)"),
        (0.0, 1.0, 0.01),
        (start.leave, start.enter),
        key=f"s_enter{key_suffix}",
        help=t("A probability between the two changes nothing."),
    )
    hold = _draw_slider(
        t("Minimum hold time (s)"), (0.0, 2.0, 0.05), start.hold_s, key=f"s_hold{key_suffix}"
    )
    return Smoothing(joints, cutoff, beta, enter, leave, hold)


def _draw_slider(label: str, limits: tuple[float, float, float], value: Any, **options: Any) -> Any:
    """Draw a slider with these limits (low, high, step), which limit a model's value, too; return
    the chosen value or values."""
    low, high, step = limits
    return st.slider(label, low, high, np.clip(value, low, high).tolist(), step, **options)


def _draw_save_smoothing_button(model: GestureModel, chosen: Smoothing, start: Smoothing) -> None:
    """Draw the button that saves the settings with the model; for a shipped model, a note."""
    if model.path in (studio().paths.starter, studio().paths.arms):
        st.caption(
            t(
                "These settings last until you leave the page; a model that you trained can save "
                "them."
            )
        )
        return
    if st.button(
        t("Save with this model"),
        icon="💾",
        disabled=chosen == start,
        help=t("Exports and project files include it."),
    ):
        with show_errors():
            save_smoothing(model.path, chosen)
            st.toast(t("Saved with the model."), icon="💾")
            st.rerun()


def show_smoothing(live: LiveProcessor | None, skeleton: str) -> None:
    """Draw the switch for charts of raw and smoothed values, which update with the camera."""
    if live is None:
        return
    if st.toggle(t("Compare raw and smoothed"), key="show_smoothing", persist_state="session"):
        st.fragment(_draw_smoothing_charts, run_every=0.4)(live, skeleton_named(skeleton))


def _draw_smoothing_charts(live: LiveProcessor, skeleton: Skeleton) -> None:
    """Draw the charts of a keypoint's x and of the recognised gesture, raw and smoothed."""
    trace = live.trace()
    if not trace:
        st.caption(t(_INSTRUCTIONS[skeleton.title]))
        return
    import altair as alt
    import pandas as pd

    raw, smooth = t(RAW), t(SMOOTH)
    rows: list[tuple[float, str, float, str]] = []
    for point in trace:
        seconds = point.time_s - trace[-1].time_s
        rows.append((seconds, raw, point.raw[0], point.best))
        rows.append((seconds, smooth, point.smooth[0], point.held))
    table = pd.DataFrame(rows, columns=["s", "line", "x", "gesture"])
    span = alt.Scale(domain=[-TRACE_S, 0])
    positions = (
        alt.Chart(table, height=150, title=t(_TITLES[skeleton.title]))
        .mark_line()
        .encode(
            alt.X("s:Q", title=None, scale=span),
            alt.Y("x:Q", title=None, scale=alt.Scale(zero=False)),
            alt.Color("line:N", title=None, scale=alt.Scale(domain=[raw, smooth], range=COLOURS)),
            alt.StrokeDash("line:N", title=None, sort=[smooth, raw]),
        )
    )
    gestures = (
        alt.Chart(table[table["gesture"] != ""], height=alt.Step(34), title=t("Recognised gesture"))
        .mark_tick(thickness=5, height=26)
        .encode(
            alt.X("s:Q", title=t("seconds ago"), scale=span),
            alt.Y("line:N", title=None, sort=[raw, smooth]),
            alt.Color("gesture:N", title=None),
            alt.Tooltip("gesture:N", title=t("gesture")),
        )
    )
    st.altair_chart(positions, width="stretch")
    st.altair_chart(gestures, width="stretch")
