"""Live's smoothing: settings that a model can save, and charts of raw and smoothed values.

pandas and Altair load slowly, so they are imported where a chart is drawn.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel, read_smoothing, save_smoothing
from core.live.live import LiveProcessor
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.smoothing import Smoothing
from core.reading.reading import TRACE_S, TracePoint
from pages.panels.layout import show_errors
from pages.panels.resources import studio

if TYPE_CHECKING:
    import altair as alt

RAW, SMOOTH = "raw", "smoothed"
_TRACED = {
    HAND: "index finger's tip",
    PAIR: "right index finger's tip",
    BODY: "right wrist",
}
COLOURS = ["#d9822b", "#23807a"]  # the dashes differ, too


def pick_smoothing(model: GestureModel | None) -> Smoothing:
    """Draw the smoothing switch and settings, at first the model's, and return them; off means raw
    keypoints and no hold time."""
    start = Smoothing()
    with show_errors():
        start = read_smoothing(model)
    with st.popover("Smoothing", icon="🫧"):
        on = st.toggle(
            "Smoothing",
            True,
            key="smoothing",
            persist_state="session",
            help="Off: keypoints and gestures of each frame by itself.",
        )
        chosen = _pick_smoothing_settings(start, f"{model.path}" if model else "")
        if model is not None:
            _draw_save_smoothing_button(model, chosen, start)
    return chosen if on else replace(chosen, joints=False, hold_s=0.0)


def _pick_smoothing_settings(start: Smoothing, key_suffix: str) -> Smoothing:
    """Draw the sliders and return their values; the keys contain the start values, so that saving
    resets the sliders to them."""
    key_suffix = f"{key_suffix}_{hash(start)}"
    joints = st.toggle("Smooth the keypoints", start.joints, key=f"s_joints{key_suffix}")
    cutoff = st.slider(
        "Cutoff at rest (Hz)",
        0.2,
        10.0,
        _clamp(start.min_cutoff, 0.2, 10.0),
        0.1,
        key=f"s_cutoff{key_suffix}",
        help="One-euro filter: lower is smoother, but lags more.",
    )
    beta = st.slider(
        "Speed coefficient (beta)",
        0.0,
        0.2,
        _clamp(start.beta, 0, 0.2),
        0.005,
        key=f"s_beta{key_suffix}",
        format="%.3f",
        help="Higher: fast movements lag less.",
    )
    thresholds = (_clamp(start.leave, 0, 1), _clamp(start.enter, 0, 1))
    leave, enter = st.slider(
        "Show a gesture above / hide it below (probability)",
        0.0,
        1.0,
        thresholds,
        0.01,
        key=f"s_enter{key_suffix}",
        help="A probability between the two changes nothing.",
    )
    hold = st.slider(
        "Minimum hold time (s)",
        0.0,
        2.0,
        _clamp(start.hold_s, 0, 2),
        0.05,
        key=f"s_hold{key_suffix}",
    )
    return Smoothing(joints, cutoff, beta, enter, leave, hold)


def _clamp(value: float, low: float, high: float) -> float:
    """Limit a model's value to the range of its slider."""
    return float(min(max(value, low), high))


def _draw_save_smoothing_button(model: GestureModel, chosen: Smoothing, start: Smoothing) -> None:
    """Draw the button that saves the settings with the model; a note instead for a shipped
    model."""
    if model.path in (studio().paths.starter, studio().paths.arms):
        st.caption(
            "These settings last until you leave the page; a model that you trained can save them."
        )
        return
    if st.button(
        "Save with this model",
        icon="💾",
        disabled=chosen == start,
        help="Exports and project files include it.",
    ):
        with show_errors():
            save_smoothing(model.path, chosen)
            st.toast("Saved with the model.", icon="💾")
            st.rerun()


def show_smoothing(live: LiveProcessor | None, skeleton: str) -> None:
    """Draw the switch for charts of raw and smoothed values; the charts update while the camera
    runs."""
    if live is None:
        return
    if st.toggle("Compare raw and smoothed", key="show_smoothing", persist_state="session"):
        st.fragment(_draw_smoothing_charts, run_every=0.4)(live, skeleton_named(skeleton))


def _draw_smoothing_charts(live: LiveProcessor, skeleton: Skeleton) -> None:
    """Draw the charts of a keypoint's x and of the recognised gesture, raw and smoothed; a hint
    without data."""
    trace = live.trace()
    what = _TRACED[skeleton.title]
    if not trace:
        st.caption(f"Show a {skeleton.title}: the {what} is drawn here.")
        return
    st.altair_chart(_position_chart(trace, what), width="stretch")
    st.altair_chart(_gesture_chart(trace), width="stretch")


def _seconds_before_last(trace: tuple[TracePoint, ...]) -> list[float]:
    """Return the times relative to the last frame, in seconds, as negative numbers."""
    return [moment.time_s - trace[-1].time_s for moment in trace]


def _position_chart(trace: tuple[TracePoint, ...], keypoint_name: str) -> "alt.Chart":
    """Build the line chart of a keypoint's x in px over the last seconds, raw and smoothed."""
    import altair as alt
    import pandas as pd

    kinds = ((RAW, [m.raw for m in trace]), (SMOOTH, [m.smooth for m in trace]))
    rows = [
        (t, x, kind)
        for kind, tips in kinds
        for t, (x, _) in zip(_seconds_before_last(trace), tips, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["s", "x", "line"])
    return (
        alt.Chart(table, height=150, title=f"x of the {keypoint_name}, pixels")
        .mark_line()
        .encode(
            alt.X("s:Q", title=None, scale=alt.Scale(domain=[-TRACE_S, 0])),
            alt.Y("x:Q", title=None, scale=alt.Scale(zero=False)),
            alt.Color("line:N", title=None, scale=alt.Scale(domain=[RAW, SMOOTH], range=COLOURS)),
            alt.StrokeDash("line:N", title=None, sort=[SMOOTH, RAW]),
        )
    )


def _gesture_chart(trace: tuple[TracePoint, ...]) -> "alt.Chart":
    """Build the chart of the recognised gesture over the last seconds, raw and smoothed; frames
    without one are left out."""
    import altair as alt
    import pandas as pd

    kinds = ((RAW, [m.best for m in trace]), (SMOOTH, [m.held for m in trace]))
    rows = [
        (t, name, kind)
        for kind, names in kinds
        for t, name in zip(_seconds_before_last(trace), names, strict=True)
        if name
    ]
    table = pd.DataFrame(rows, columns=["s", "gesture", "line"])
    return (
        alt.Chart(table, height=alt.Step(34), title="Recognised gesture")
        .mark_tick(thickness=5, height=26)
        .encode(
            alt.X("s:Q", title="seconds ago", scale=alt.Scale(domain=[-TRACE_S, 0])),
            alt.Y("line:N", title=None, sort=[RAW, SMOOTH]),
            alt.Color("gesture:N", title=None),
            alt.Tooltip(["gesture:N"]),
        )
    )
