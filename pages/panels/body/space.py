"""A body in space: its keypoints in metres, to be turned with the mouse.

plotly takes long to load: only who sees a body waits for it.
"""

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.pose.skeleton import Rgb
from core.pose.skeletons import BODY_33, Skeleton
from core.pose.types import Floats

if TYPE_CHECKING:
    import plotly.graph_objects as go

_REACH_M = 1.0  # from the hips in every direction
_HEIGHT = 300
_GRID = "rgb(150, 150, 150)"
_SIDES = ("left", "right", "middle")


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
            **_apart([(points[a], points[b]) for a, b in edges]),
            mode="lines",
            name=side,
            line={"width": 6, "color": f"rgb{color}"},
            hoverinfo="skip",
        )
        for side, color, edges in _sides(skeleton)
    ]
    names = [name.replace("_", " ") for name in skeleton.joints]
    dots = go.Scatter3d(
        **_axes(points),
        mode="markers",
        text=names,
        hoverinfo="text",
        showlegend=False,
        marker={"size": 2.5, "color": "rgb(120, 120, 130)"},
    )
    return go.Figure([*lines, dots], _layout())


def _layout() -> dict[str, Any]:
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
        "height": _HEIGHT,
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


def _sides(skeleton: Skeleton) -> list[tuple[str, Rgb, list[tuple[int, int]]]]:
    """Left, right and middle with their colour and edges."""
    by_color: dict[Rgb, list[tuple[int, int]]] = {}
    for edge, color in zip(skeleton.edges, skeleton.colors, strict=True):
        by_color.setdefault(color, []).append(edge)
    sides = [(_side(edges, skeleton), color, edges) for color, edges in by_color.items()]
    return sorted(sides, key=lambda side: _SIDES.index(side[0]))


def _side(edges: list[tuple[int, int]], skeleton: Skeleton) -> str:
    sides = {skeleton.joints[joint].split("_")[0] for edge in edges for joint in edge}
    known = sides & {"left", "right"}
    return known.pop() if len(known) == 1 else "middle"


def _apart(lines: list[tuple[Any, Any]]) -> dict[str, list[float | None]]:
    """The axes of lines that do not touch."""
    return _axes([point for a, b in lines for point in (a, b, (None, None, None))])


def _axes(points: list[Any]) -> dict[str, list[float | None]]:
    return {axis: [point[i] for point in points] for i, axis in enumerate("xyz")}
