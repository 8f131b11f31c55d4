"""People's boxes on a picture: drawn, moved, removed and chosen, by mouse, finger or key."""

from base64 import b64encode
from collections.abc import Sequence

import streamlit as st

from core.datasets.person_boxes import MAX_BOXES
from core.pose.boxes import Box
from core.pose.drawing.poses import PERSON_COLORS
from pages.components import read_asset, to_css_color

_component = st.components.v2.component(
    "person_boxes",
    html='<div class="people"><div class="place"><img alt=""><svg role="group" '
    'aria-label="People’s boxes"></svg></div><div class="row"><button type="button">Add a box'
    '</button><button type="button" name="remove">Remove the box</button><small>Drag on the '
    "picture to draw a box. Tab reaches the boxes: arrows move, Shift and arrows resize, Enter "
    "chooses, Delete removes.</small></div></div>",
    css=read_asset("person_boxes.css"),
    js=read_asset("person_boxes.js"),
)


def edited_boxes(key: str, turn: str, boxes: Sequence[Box]) -> tuple[list[Box], int]:
    """The boxes as they were changed on the page since these were given with that turn, at most
    20, and which one is chosen."""
    said = (st.session_state.get(key) or {}).get("people")
    if not said or said["turn"] != turn:
        return list(boxes), 0
    found = [Box.from_xywh(*map(float, xywh)) for xywh in said["boxes"][:MAX_BOXES]]
    return found, min(int(said["chosen"]), max(0, len(found) - 1))


def draw_box_editor(
    key: str, jpeg: bytes, size_hw: tuple[int, int], turn: str, boxes: Sequence[Box]
) -> None:
    """The picture with the boxes that it begins with.

    Args:
        size_hw: what the boxes count in; the JPEG may be smaller or larger.
        turn: another one whenever other boxes are to take the place of those on the page.
    """
    _component(
        key=key,
        data={
            "picture": f"data:image/jpeg;base64,{b64encode(jpeg).decode()}",
            "width": size_hw[1],
            "height": size_hw[0],
            "turn": turn,
            "boxes": [list(box.to_xywh()) for box in boxes],
            "colours": [to_css_color(color) for color in PERSON_COLORS],
        },
        on_people_change=lambda: None,
    )
