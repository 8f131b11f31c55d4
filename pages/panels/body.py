"""Parts of the Body page: drawing options, joint angles as table and curves, a body in 3-D.

pandas, Altair and plotly load slowly, so they are imported where a chart is drawn.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from core.estimators.mediapipe_pose import MAX_PEOPLE
from core.gestures.labels import safe_label
from core.media.pictures import PICTURE_SUFFIXES
from core.offline.bodies import read_background
from core.pose.drawing.bodies import AS_IT_IS, BLUR, COLOUR, PICTURE, Backdrop, BodyView
from core.pose.skeletons.angles import ANGLES, JOINTS, SIDES
from core.pose.skeletons.skeleton import Rgb
from core.pose.skeletons.table import BODY_33, Skeleton
from core.pose.types import Floats
from pages.panels.controls import colored_number, pick_option, upload_field
from pages.panels.layout import show_errors, show_table

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import plotly.graph_objects as go

BACKGROUNDS = {AS_IT_IS: "As it is", BLUR: "Blurred", COLOUR: "Colour", PICTURE: "Picture"}
STEPS = "Show search area"
_TEAL = "#264653"
_BEHIND = "body_behind_read"


def pick_view() -> BodyView:
    """Draw the choices of background, skeleton and search area; return them as a view."""
    background = pick_option(
        "Background", BACKGROUNDS, "body_background", format_func=lambda b: BACKGROUNDS[b]
    )
    colour, behind = _TEAL, None
    if background == COLOUR:
        colour = st.color_picker("Colour of the background", _TEAL, key="body_colour")
    if background == PICTURE:
        behind = _pick_background_picture()
    with st.container(horizontal=True):
        skeleton = st.toggle("Skeleton", True, key="body_skeleton", persist_state="session")
        steps = st.toggle(
            STEPS,
            key="body_steps",
            persist_state="session",
            help="The square in which the net searches for a person, and how it is computed.",
        )
    return BodyView(background, _rgb(colour), behind, skeleton, steps)


def pick_persons() -> int:
    """Draw the choice of how many people to look for and return it."""
    chosen = pick_option(
        "People",
        [str(n + 1) for n in range(MAX_PEOPLE)],
        "body_persons",
        width="content",
        help="While fewer are found, the detector runs on every frame, which is slower.",
    )
    return int(chosen)


def pick_person(numbers: Sequence[int], *, coloured: bool = True) -> int:
    """Draw the choice among people's numbers and return one; a single number is returned without
    drawing.

    Args:
        coloured: whether each is drawn in the colour of their number.
    """
    if len(numbers) == 1:
        return numbers[0]
    chosen = st.segmented_control(
        "Person",
        numbers,
        default=numbers[0],
        required=True,
        key=f"body_person_of_{numbers}",
        format_func=colored_number if coloured else str,
    )
    return int(chosen)


def explain_steps() -> None:
    """Explain the points and squares drawn for the search area: detected box, alignment points,
    crop."""
    st.caption(
        "A detector finds a person, then a second net finds 33 keypoints in a rotated square "
        "around them. Afterwards the last keypoints give the next square (yellow), without the "
        "detector. Pink: the centre of the hips, and the point above it on the circle around the "
        "person; they give the square's position, size and rotation. MediaPipe returns only the "
        "keypoints: the rest is computed from them as in the paper, and whether the detector ran "
        "from the number of people that were tracked."
    )


def _pick_background_picture() -> Backdrop | None:
    """Draw the upload of a background picture; return the last valid one, None before.

    It survives a change of page, which empties the field; a button removes it then.
    """
    file = upload_field(
        ["pictures"],
        "The background's picture",
        PICTURE_SUFFIXES,
        key="body_behind",
        on_change=_forget_picture,
    )
    with show_errors():
        if file is not None and _BEHIND not in st.session_state:
            picture = Backdrop(read_background(file.name, file.getvalue()))
            st.session_state[_BEHIND] = (file.name, picture)
    name, chosen = st.session_state.get(_BEHIND, ("", None))
    if chosen is not None and file is None:
        st.button(f"Remove {safe_label(name)}", icon="✖️", on_click=_forget_picture)
    return chosen


def _forget_picture() -> None:
    st.session_state.pop(_BEHIND, None)


def _rgb(text: str) -> Rgb:
    """Return the colour of “#rrggbb”."""
    return cast(Rgb, tuple(bytes.fromhex(text.removeprefix("#"))))


COLOURS = ["#4a90e2", "#e08a2b"]  # of the drawn skeleton; the dashes differ, too
_CURVE_HEIGHT_PX = 70
_REACH_M = 1.0  # from the hips in every direction
_SPACE_HEIGHT_PX = 300
_GRID = "rgb(150, 150, 150)"
_SIDES = ("left", "right", "middle")


def show_angles(angles: Mapping[str, float]) -> None:
    """Show a table of joint angles, a row per joint, left beside right."""
    columns = {
        side: [_format_angle(angles.get(f"{side}_{joint}", float("nan"))) for joint in JOINTS]
        for side in SIDES
    }
    show_table({"joint": [joint.title() for joint in JOINTS], **columns})


def _format_angle(degrees: float) -> str:
    return "–" if degrees != degrees else f"{degrees:.0f}°"


def show_angle_curves(table: "pd.DataFrame", time_title: str) -> None:
    """Draw the angle curves of a table with a column time_s and a column per angle in degrees."""
    if not table[list(ANGLES)].notna().any(axis=None):
        st.caption("The angles of elbows, shoulders, hips and knees are drawn here.")
        return
    st.altair_chart(angle_curves_chart(table, time_title), width="stretch")


def angle_curves_chart(table: "pd.DataFrame", time_title: str) -> "alt.VConcatChart":
    """Build a chart of angle over time per joint, left and right as two lines, one chart above the
    other."""
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


def show_body_3d(
    world: Floats | None, key: str, *, mirrored: bool = False, skeleton: Skeleton = BODY_33
) -> None:
    """Draw a body (K, 3) in metres as a rotatable 3-D figure, seen from the camera; draw nothing if
    None."""
    if world is None:
        return
    figure = space_figure(world, skeleton, mirrored=mirrored)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def space_figure(world: Floats, skeleton: Skeleton, *, mirrored: bool = False) -> "go.Figure":
    """Build the 3-D figure of keypoints (K, 3) in metres: x right, y down, z away."""
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
    return go.Figure([*lines, dots], _body_figure_layout())


def _body_figure_layout() -> dict[str, Any]:
    """Return the Plotly layout of the 3-D body: equal axes in metres, transparent, seen from the
    camera; redraws keep the rotation."""
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
        "uirevision": "kept",  # a new pose keeps the rotation
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
    """Return (name, colour, edges) for the left side, the right side and the middle of a
    skeleton."""
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
    """Return the coordinates of separate lines per axis."""
    return _point_axes([point for a, b in lines for point in (a, b, (None, None, None))])


def _point_axes(points: list[Any]) -> dict[str, list[float | None]]:
    return {axis: [point[i] for point in points] for i, axis in enumerate("xyz")}
