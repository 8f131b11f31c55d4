"""Joint angles: now as a table, over time as curves.

pandas and Altair take long to load: only who sees curves waits for them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from core.pose.angles import ANGLES, JOINTS, SIDES
from pages.panels.table import show_table

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

COLOURS = ["#4a90e2", "#e08a2b"]  # of the drawn skeleton; told apart by their dashes, too
_HEIGHT = 70


def show_angles(angles: Mapping[str, float]) -> None:
    """A row a joint, left and right beside each other."""
    columns = {
        side: [_text(angles.get(f"{side}_{joint}", float("nan"))) for joint in JOINTS]
        for side in SIDES
    }
    show_table({"joint": [joint.title() for joint in JOINTS], **columns})


def _text(degrees: float) -> str:
    return "–" if degrees != degrees else f"{degrees:.0f}°"


def show_curves(table: "pd.DataFrame", time_title: str) -> None:
    """The angles of a table with time_s and a column an angle."""
    if not table[list(ANGLES)].notna().any(axis=None):
        st.caption("The angles of elbows, shoulders, hips and knees are drawn here.")
        return
    st.altair_chart(curves_chart(table, time_title), width="stretch")


def curves_chart(table: "pd.DataFrame", time_title: str) -> "alt.VConcatChart":
    """A chart a joint, one above the other."""
    import altair as alt

    long = table.melt("time_s", list(ANGLES), "angle", "degrees")
    long[["side", "joint"]] = long["angle"].str.split("_", expand=True)
    charts = [
        alt.Chart(long[long["joint"] == joint], height=_HEIGHT)
        .mark_line(clip=True)
        .encode(
            alt.X(
                "time_s:Q",
                title=time_title if joint == JOINTS[-1] else None,
                axis=alt.Axis(labels=joint == JOINTS[-1], ticks=joint == JOINTS[-1]),
            ),
            alt.Y(
                "degrees:Q",
                title=f"{joint} °",
                scale=alt.Scale(domain=[0, 180]),
                axis=alt.Axis(values=[0, 90, 180]),
            ),
            alt.Color("side:N", title=None, scale=alt.Scale(domain=list(SIDES), range=COLOURS)),
            alt.StrokeDash("side:N", title=None, sort=list(SIDES)),
            alt.Tooltip(["side:N", "degrees:Q", "time_s:Q"]),
        )
        for joint in JOINTS
    ]
    return alt.vconcat(*charts, spacing=6).resolve_scale(x="shared")
