"""What Live's smoothing does: a fingertip's last seconds and its names, raw and smoothed.

pandas and Altair take long to load: only who asks for the charts waits for them.
"""

from typing import TYPE_CHECKING

import streamlit as st

from core.live.live import LiveProcessor
from core.pose.skeleton import BODY, HAND, PAIR
from core.pose.skeletons import Skeleton, skeleton_named
from core.reading.reading import TRACE_S, Moment

if TYPE_CHECKING:
    import altair as alt

RAW, SMOOTH = "raw", "smoothed"
_TRACED = {
    HAND: "index finger's tip",
    PAIR: "right index finger's tip",
    BODY: "right wrist",
}
COLOURS = ["#d9822b", "#23807a"]  # told apart by their dashes, too


def show_smoothing(live: LiveProcessor | None, skeleton: str) -> None:
    """Raw against smoothed while the camera runs, on demand."""
    if live is None:
        return
    if st.toggle("Show raw against smoothed", key="show_smoothing", persist_state="session"):
        st.fragment(_chart, run_every=0.4)(live, skeleton_named(skeleton))


def _chart(live: LiveProcessor, skeleton: Skeleton) -> None:
    trace = live.trace()
    what = _TRACED[skeleton.title]
    if not trace:
        st.caption(f"Show a {skeleton.title}: the {what} is drawn here.")
        return
    st.altair_chart(_tip_chart(trace, what), width="stretch")
    st.altair_chart(_names_chart(trace), width="stretch")


def _seconds(trace: tuple[Moment, ...]) -> list[float]:
    """Seconds before the last frame, as negative numbers."""
    return [moment.time_s - trace[-1].time_s for moment in trace]


def _tip_chart(trace: tuple[Moment, ...], what: str) -> "alt.Chart":
    import altair as alt
    import pandas as pd

    kinds = ((RAW, [m.raw for m in trace]), (SMOOTH, [m.smooth for m in trace]))
    rows = [
        (t, x, kind)
        for kind, tips in kinds
        for t, (x, _) in zip(_seconds(trace), tips, strict=True)
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


def _names_chart(trace: tuple[Moment, ...]) -> "alt.Chart":
    import altair as alt
    import pandas as pd

    kinds = ((RAW, [m.best for m in trace]), (SMOOTH, [m.held for m in trace]))
    rows = [
        (t, name, kind)
        for kind, names in kinds
        for t, name in zip(_seconds(trace), names, strict=True)
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
