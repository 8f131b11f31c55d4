"""Parts of the Body page: drawing options, joint angles as table and curves, a body in 3-D.

pandas, Altair and plotly load slowly, so they are imported where a chart is drawn.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import streamlit as st

from core.estimators.mediapipe_pose import MAX_PEOPLE as MAX_BLAZEPOSE
from core.estimators.movenet_bodies import MAX_PEOPLE
from core.gestures.labels import safe_label
from core.media.pictures import PICTURE_SUFFIXES
from core.offline.bodies import read_background
from core.pose.drawing.bodies import AS_IT_IS, BLUR, COLOUR, PICTURE, Backdrop, BodyView
from core.pose.skeletons.angles import ANGLES, JOINTS, SIDES
from core.pose.skeletons.skeleton import Rgb
from core.pose.skeletons.table import BODY_33, Skeleton
from core.pose.skeletons.titles import joint_title
from core.pose.types import Floats
from core.reading.keypoint_sources import BLAZEPOSE, MOVENET, KeypointSource
from core.words import mark
from pages.panels.controls import colored_number, pick_option, upload_field
from pages.panels.language import t
from pages.panels.layout import show_errors, show_table

if TYPE_CHECKING:
    import pandas as pd

BACKGROUNDS = {
    AS_IT_IS: mark("As it is"),
    BLUR: mark("Blurred"),
    COLOUR: mark("Colour"),
    PICTURE: mark("Picture"),
}
FINDERS = {"automatic": mark("Automatic"), BLAZEPOSE: "BlazePose", MOVENET: "MoveNet"}
_REASONS = {
    BLAZEPOSE: mark("BlazePose finds up to 4 people: 33 keypoints, in 3-D, and their outlines."),
    MOVENET: mark(
        "MoveNet finds up to 6 people, also small ones: 17 keypoints, no 3-D, no outlines."
    ),
}
_ALONE = mark(
    "BlazePose finds one person: 33 keypoints, in 3-D. Where it finds nobody, MoveNet looks, "
    "which finds small people: 17 keypoints."
)
_TEAL = "#264653"
_BEHIND = "body_behind_read"


def pick_view() -> BodyView:
    """Show selectors for background, skeleton and search area; return them as a view."""
    background = pick_option(
        t("Background"), BACKGROUNDS, "body_background", format_func=lambda b: t(BACKGROUNDS[b])
    )
    colour, behind = _TEAL, None
    if background == COLOUR:
        colour = st.color_picker(t("Colour of the background"), _TEAL, key="body_colour")
    if background == PICTURE:
        behind = _pick_background_picture()
    with st.container(horizontal=True):
        skeleton = st.toggle(t("Skeleton"), True, key="body_skeleton", persist_state="session")
        steps = st.toggle(
            t("Show search area"),
            key="body_steps",
            persist_state="session",
            help=t("The square in which the net searches for a person, and how it is computed."),
        )
    rgb = cast(Rgb, tuple(bytes.fromhex(colour.removeprefix("#"))))
    return BodyView(background, rgb, behind, skeleton, steps)


def pick_persons() -> int:
    """Show a selector for the number of people to look for and return it."""
    chosen = pick_option(
        t("People"),
        [str(n + 1) for n in range(MAX_PEOPLE)],
        "body_persons",
        width="content",
        help=t("While fewer are found, the detector runs on every frame, which is slower."),
    )
    return int(chosen)


class Finders(NamedTuple):
    """What finds people, and how many at most."""

    source: KeypointSource
    persons: int
    fallback: KeypointSource | None = None  # for pictures and videos in which the source fails


def pick_finders(persons: int, view: BodyView, *, live: bool, in_browser: bool) -> Finders:
    """Show a selector for the detector, and what it finds and when it is used; return the choice.

    Args:
        live: whether a camera is the source; it has no fallback.
        in_browser: the camera's picture stays in the browser, where BlazePose alone runs.
    """
    chosen = pick_option(
        t("Detector"), FINDERS, "body_finder", format_func=lambda name: t(FINDERS[name])
    )
    masks, fallback = view.background != AS_IT_IS, None
    if chosen == "automatic":
        bare = not (masks or view.steps)
        chosen = MOVENET if persons > 1 and bare and not in_browser else BLAZEPOSE
        fallback = KeypointSource(MOVENET) if persons == 1 and bare and not live else None
    st.caption(t(_ALONE if fallback else _REASONS[chosen]))
    if chosen == MOVENET:
        return Finders(KeypointSource(MOVENET), persons)
    return Finders(KeypointSource(BLAZEPOSE, masks=masks), min(persons, MAX_BLAZEPOSE), fallback)


def pick_person(numbers: Sequence[int], *, coloured: bool = True) -> int:
    """Show a selector among people's numbers and return the selected number; don't draw for a
    single person.

    Args:
        coloured: whether each is drawn in the colour of their number.
    """
    if len(numbers) == 1:
        return numbers[0]
    chosen = st.segmented_control(
        t("Person"),
        numbers,
        default=numbers[0],
        required=True,
        key=f"body_person_of_{numbers}",
        format_func=colored_number if coloured else str,
    )
    return int(chosen)


def explain_search_squares() -> None:
    """Show a caption that explains the points and squares drawn for the search area."""
    st.caption(
        t(
            "A detector finds a person, then a second net finds 33 keypoints in a rotated square "
            "around them. Afterwards the last keypoints give the next square (yellow), without the "
            "detector. Pink: the centre of the hips, and the point above it on the circle around "
            "the person; they give the square's position, size and rotation. MediaPipe returns "
            "only the keypoints: the rest is computed from them as in the paper, and whether the "
            "detector ran from the number of people that were tracked."
        )
    )


def _pick_background_picture() -> Backdrop | None:
    """Draw the upload of a background picture; return the last valid one, None before an upload. It
    survives a change of page, which empties the field; a button removes it then."""
    file = upload_field(
        ["pictures"],
        t("The background's picture"),
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
        remove = t("Remove {name}", name=safe_label(name))
        st.button(remove, icon="✖️", on_click=_forget_picture)
    return chosen


def _forget_picture() -> None:
    st.session_state.pop(_BEHIND, None)


COLOURS = ["#4a90e2", "#e08a2b"]  # of the drawn skeleton; the dashes differ, too
_CURVE_HEIGHT_PX = 70
_MIDDLE = mark("middle")
_AXIS = {
    "range": [-1.0, 1.0],  # metres from the hips
    "showticklabels": False,
    "title": "",
    "backgroundcolor": "rgba(0, 0, 0, 0)",
    "gridcolor": "rgb(150, 150, 150)",
    "zeroline": False,
}
_BODY_LAYOUT = {
    "height": 300,
    "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
    "uirevision": "kept",  # a new pose keeps the rotation
    "legend": {"orientation": "h", "x": 0, "y": 1},
    "paper_bgcolor": "rgba(0, 0, 0, 0)",
    "scene": {
        **{f"{axis}axis": _AXIS for axis in "xyz"},
        "aspectmode": "cube",
        "camera": {"eye": {"x": 0.35, "y": -1.5, "z": 0.2}},
    },
}


def show_angles(angles: Mapping[str, float]) -> None:
    """Show a table of joint angles: a row per joint, with left and right columns."""
    columns = {
        t(side): [_format_angle(angles.get(f"{side}_{joint}", float("nan"))) for joint in JOINTS]
        for side in SIDES
    }
    show_table({t("joint"): [t(joint).title() for joint in JOINTS], **columns})


def _format_angle(degrees: float) -> str:
    return "–" if degrees != degrees else f"{degrees:.0f}°"


def show_angle_curves(table: "pd.DataFrame", time_title: str) -> None:
    """Draw a chart of angle over time per joint; the table has time_s and degrees per joint."""
    if not table[list(ANGLES)].notna().any(axis=None):
        st.caption(t("The angles of elbows, shoulders, hips and knees are drawn here."))
        return
    import altair as alt

    long = table.melt("time_s", list(ANGLES), "angle", "degrees")
    long[["side", "joint"]] = long["angle"].str.split("_", expand=True)
    long["side"] = long["side"].map(t)
    sides = [t(side) for side in SIDES]
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
                title=f"{t(joint)} °",
                scale=alt.Scale(domain=[0, 180]),
                axis=alt.Axis(values=[0, 90, 180]),
            ),
            alt.Color("side:N", title=None, scale=alt.Scale(domain=sides, range=COLOURS)),
            alt.StrokeDash("side:N", title=None, sort=sides),
            [
                alt.Tooltip("side:N", title=t("side")),
                alt.Tooltip("degrees:Q", title=t("degrees")),
                alt.Tooltip("time_s:Q", title=t("time_s")),
            ],
        )
        for joint in JOINTS
    ]
    curves = alt.vconcat(*charts, spacing=6).resolve_scale(x="shared")
    st.altair_chart(curves, width="stretch")


def show_body_3d(world: Floats | None, key: str, *, mirrored: bool = False) -> None:
    """Draw a body (33, 3) in metres as a rotatable 3-D figure, seen from the camera; skip None.

    Plotly's z points up; the body's x points right, y down, z away.
    """
    if world is None:
        return
    import plotly.graph_objects as go

    x, down, away = (-world[:, 0] if mirrored else world[:, 0]), world[:, 1], world[:, 2]
    points = np.stack([x, away, -down], axis=1)
    figure = go.Figure(layout=_BODY_LAYOUT)
    for side, color, edges in _group_by_side(BODY_33):
        gaps = np.full((len(edges), 1, 3), np.nan)
        lines = np.concatenate([points[np.array(edges)], gaps], axis=1).reshape(-1, 3)
        figure.add_scatter3d(
            **_axis_values(lines),
            mode="lines",
            name=t(side),
            line={"width": 6, "color": f"rgb{color}"},
            hoverinfo="skip",
        )
    figure.add_scatter3d(
        **_axis_values(points),
        mode="markers",
        text=[t(joint_title(name)) for name in BODY_33.joints],
        hoverinfo="text",
        showlegend=False,
        marker={"size": 2.5, "color": "rgb(120, 120, 130)"},
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def _axis_values(points: Floats) -> dict[str, list[float]]:
    return {axis: points[:, i].tolist() for i, axis in enumerate("xyz")}


def _group_by_side(skeleton: Skeleton) -> list[tuple[str, Rgb, list[tuple[int, int]]]]:
    """Return (name, colour, edges) of a skeleton's left side, right side and middle."""
    by_color: dict[Rgb, list[tuple[int, int]]] = {}
    for edge, color in zip(skeleton.edges, skeleton.colors, strict=True):
        by_color.setdefault(color, []).append(edge)
    groups = []
    for color, edges in by_color.items():
        sides = {skeleton.joints[joint].split("_")[0] for edge in edges for joint in edge}
        known = sides & {*SIDES}
        groups.append((known.pop() if len(known) == 1 else _MIDDLE, color, edges))
    return sorted(groups, key=lambda group: (*SIDES, _MIDDLE).index(group[0]))
