"""Live's smoothing: settings that stay with the model, and charts of raw against smoothed.

pandas and Altair take long to load: they are imported where a chart is drawn.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.modelfile.smoothing_settings import keep_smoothing, smoothing_of
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
COLOURS = ["#d9822b", "#23807a"]  # told apart by their dashes, too


def pick_smoothing(model: GestureModel | None) -> Smoothing:
    """What is set while the page is open, starting from what the model says."""
    start = Smoothing()
    with show_errors():
        start = smoothing_of(model)
    with st.popover("Smoothing", icon="🫧"):
        on = st.toggle(
            "Smoothing",
            True,
            key="smoothing",
            persist_state="session",
            help="Off: keypoints and names as each frame alone has them.",
        )
        chosen = _pick_smoothing_settings(start, f"{model.path}" if model else "")
        if model is not None:
            _save_smoothing_button(model, chosen, start)
    return chosen if on else replace(chosen, joints=False, hold_s=0.0)


def _pick_smoothing_settings(start: Smoothing, of: str) -> Smoothing:
    """The settings as sliders. The start is in their keys: once it is kept they begin from it."""
    of = f"{of}_{hash(start)}"
    joints = st.toggle("Calm the keypoints", start.joints, key=f"s_joints{of}")
    cutoff = st.slider(
        "Cutoff at rest, Hz",
        0.2,
        10.0,
        _clamp(start.min_cutoff, 0.2, 10.0),
        0.1,
        key=f"s_cutoff{of}",
        help="One-euro filter: lower is calmer, and lags more.",
    )
    beta = st.slider(
        "How much speed lifts the cutoff",
        0.0,
        0.2,
        _clamp(start.beta, 0, 0.2),
        0.005,
        key=f"s_beta{of}",
        format="%.3f",
        help="Higher: what moves quickly lags less.",
    )
    thresholds = (_clamp(start.leave, 0, 1), _clamp(start.enter, 0, 1))
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
        "A change must last, s", 0.0, 2.0, _clamp(start.hold_s, 0, 2), 0.05, key=f"s_hold{of}"
    )
    return Smoothing(joints, cutoff, beta, enter, leave, hold)


def _clamp(value: float, low: float, high: float) -> float:
    """What a model says may lie beyond the sliders."""
    return float(min(max(value, low), high))


def _save_smoothing_button(model: GestureModel, chosen: Smoothing, start: Smoothing) -> None:
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
        with show_errors():
            keep_smoothing(model.path, chosen)
            st.toast("Kept with the model.", icon="💾")
            st.rerun()


def show_smoothing(live: LiveProcessor | None, skeleton: str) -> None:
    """Raw against smoothed while the camera runs, on demand."""
    if live is None:
        return
    if st.toggle("Show raw against smoothed", key="show_smoothing", persist_state="session"):
        st.fragment(_draw_smoothing_charts, run_every=0.4)(live, skeleton_named(skeleton))


def _draw_smoothing_charts(live: LiveProcessor, skeleton: Skeleton) -> None:
    trace = live.trace()
    what = _TRACED[skeleton.title]
    if not trace:
        st.caption(f"Show a {skeleton.title}: the {what} is drawn here.")
        return
    st.altair_chart(_position_chart(trace, what), width="stretch")
    st.altair_chart(_names_chart(trace), width="stretch")


def _seconds_before_last(trace: tuple[TracePoint, ...]) -> list[float]:
    """Seconds before the last frame, as negative numbers."""
    return [moment.time_s - trace[-1].time_s for moment in trace]


def _position_chart(trace: tuple[TracePoint, ...], what: str) -> "alt.Chart":
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
        alt.Chart(table, height=150, title=f"x of the {what}, pixels")
        .mark_line()
        .encode(
            alt.X("s:Q", title=None, scale=alt.Scale(domain=[-TRACE_S, 0])),
            alt.Y("x:Q", title=None, scale=alt.Scale(zero=False)),
            alt.Color("line:N", title=None, scale=alt.Scale(domain=[RAW, SMOOTH], range=COLOURS)),
            alt.StrokeDash("line:N", title=None, sort=[SMOOTH, RAW]),
        )
    )


def _names_chart(trace: tuple[TracePoint, ...]) -> "alt.Chart":
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
        alt.Chart(table, height=alt.Step(34), title="what it is called")
        .mark_tick(thickness=5, height=26)
        .encode(
            alt.X("s:Q", title="seconds ago", scale=alt.Scale(domain=[-TRACE_S, 0])),
            alt.Y("line:N", title=None, sort=[RAW, SMOOTH]),
            alt.Color("gesture:N", title=None),
            alt.Tooltip(["gesture:N"]),
        )
    )
