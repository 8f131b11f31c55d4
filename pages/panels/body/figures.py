"""A body's joint angles as a table and curves, and its keypoints in 3-D.

pandas, Altair and plotly take long to load: they are imported where a chart is drawn.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.pose.angles import ANGLES, JOINTS, SIDES
from core.pose.skeletons.skeleton import Rgb
from core.pose.skeletons.table import BODY_33, Skeleton
from core.pose.types import Floats
from pages.panels.layout import show_table

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import plotly.graph_objects as go


COLOURS = ["#4a90e2", "#e08a2b"]  # of the drawn skeleton; told apart by their dashes, too
_CURVE_HEIGHT_PX = 70
_REACH_M = 1.0  # from the hips in every direction
_SPACE_HEIGHT_PX = 300
_GRID = "rgb(150, 150, 150)"
_SIDES = ("left", "right", "middle")


def show_angles(angles: Mapping[str, float]) -> None:
    """A row a joint, left and right beside each other."""
    columns = {
        side: [_format_angle(angles.get(f"{side}_{joint}", float("nan"))) for joint in JOINTS]
        for side in SIDES
    }
    show_table({"joint": [joint.title() for joint in JOINTS], **columns})


def _format_angle(degrees: float) -> str:
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
        alt.Chart(long[long["joint"] == joint], height=_CURVE_HEIGHT_PX)
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


def show_in_space(
    world: Floats | None, key: str, *, mirrored: bool = False, skeleton: Skeleton = BODY_33
) -> None:
    """The body as the camera sees it, until it is turned; mirrored as the video is. None
    where nobody is."""
    if world is None:
        return
    figure = space_figure(world, skeleton, mirrored=mirrored)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def space_figure(world: Floats, skeleton: Skeleton, *, mirrored: bool = False) -> "go.Figure":
    """(K, 3) metres, x right, y down, z away → lines by side, in a room of two metres."""
    import plotly.graph_objects as go

    x, down, away = (-world[:, 0] if mirrored else world[:, 0]), world[:, 1], world[:, 2]
    points = list(zip(x.tolist(), away.tolist(), (-down).tolist(), strict=True))
    lines = [
        go.Scatter3d(
            **_line_axes([(points[a], points[b]) for a, b in edges]),
            mode="lines",
            name=side,
            line={"width": 6, "color": f"rgb{color}"},
            hoverinfo="skip",
        )
        for side, color, edges in _group_by_side(skeleton)
    ]
    names = [name.replace("_", " ") for name in skeleton.joints]
    dots = go.Scatter3d(
        **_point_axes(points),
        mode="markers",
        text=names,
        hoverinfo="text",
        showlegend=False,
        marker={"size": 2.5, "color": "rgb(120, 120, 130)"},
    )
    return go.Figure([*lines, dots], _space_layout())


def _space_layout() -> dict[str, Any]:
    axis = {
        "range": [-_REACH_M, _REACH_M],
        "showticklabels": False,
        "title": "",
        "backgroundcolor": "rgba(0, 0, 0, 0)",
        "gridcolor": _GRID,
        "zeroline": False,
    }
    eye = {"x": 0.35, "y": -1.5, "z": 0.2}
    return {
        "height": _SPACE_HEIGHT_PX,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "uirevision": "kept",  # a new pose does not turn it back
        "legend": {"orientation": "h", "x": 0, "y": 1},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "scene": {
            "xaxis": axis,
            "yaxis": axis,
            "zaxis": axis,
            "aspectmode": "cube",
            "camera": {"eye": eye},
        },
    }


def _group_by_side(skeleton: Skeleton) -> list[tuple[str, Rgb, list[tuple[int, int]]]]:
    """Left, right and middle with their colour and edges."""
    by_color: dict[Rgb, list[tuple[int, int]]] = {}
    for edge, color in zip(skeleton.edges, skeleton.colors, strict=True):
        by_color.setdefault(color, []).append(edge)
    sides = [(_side_of_edges(edges, skeleton), color, edges) for color, edges in by_color.items()]
    return sorted(sides, key=lambda side: _SIDES.index(side[0]))


def _side_of_edges(edges: list[tuple[int, int]], skeleton: Skeleton) -> str:
    sides = {skeleton.joints[joint].split("_")[0] for edge in edges for joint in edge}
    known = sides & {"left", "right"}
    return known.pop() if len(known) == 1 else "middle"


def _line_axes(lines: list[tuple[Any, Any]]) -> dict[str, list[float | None]]:
    """The axes of lines that do not touch."""
    return _point_axes([point for a, b in lines for point in (a, b, (None, None, None))])


def _point_axes(points: list[Any]) -> dict[str, list[float | None]]:
    return {axis: [point[i] for point in points] for i, axis in enumerate("xyz")}
