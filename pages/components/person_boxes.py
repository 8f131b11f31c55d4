"""An editor of people's boxes on a picture, by mouse, finger or keyboard."""

from collections.abc import Sequence

from core.datasets.coco import MAX_BOXES
from core.media.pictures import to_data_url
from core.pose.boxes import Box
from core.pose.drawing.poses import PERSON_COLORS
from core.pose.skeletons.skeleton import to_css_color
from pages.components import component_state, register_component

_component = register_component(
    "person_boxes",
    '<div class="people"><div class="place"><img alt=""><svg role="group"></svg></div>'
    '<div class="row"><button type="button"></button><button type="button" name="remove"></button>'
    "<small></small></div></div>",
)


def edited_boxes(key: str, version: str, boxes: Sequence[Box]) -> tuple[list[Box], int]:
    """Return the boxes as edited in the browser, at most 20, and the selected box's index; before
    an edit, the given boxes and 0."""
    said = component_state(key, "people")
    if not said or said["turn"] != version:
        return list(boxes), 0
    found = [Box.from_xywh(*map(float, xywh)) for xywh in said["boxes"][:MAX_BOXES]]
    return found, min(int(said["chosen"]), max(0, len(found) - 1))


def draw_box_editor(
    key: str, jpeg: bytes, size_hw: tuple[int, int], version: str, boxes: Sequence[Box]
) -> None:
    """Draw a picture with boxes that can be drawn, moved, resized and removed; see `edited_boxes`
    for the result.

    Args:
        size_hw: the picture size of the boxes' coordinates; the JPEG may have another size.
        version: another text whenever these boxes replace those on the page.
    """
    _component(
        key=key,
        data={
            "picture": to_data_url(jpeg),
            "width": size_hw[1],
            "height": size_hw[0],
            "turn": version,
            "boxes": [list(box.to_xywh()) for box in boxes],
            "colours": [to_css_color(color) for color in PERSON_COLORS],
        },
        on_people_change=lambda: None,
    )
