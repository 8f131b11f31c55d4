"""What is shown of bodies: their background, the skeleton, where the net looked."""

from collections.abc import Sequence
from typing import cast

import streamlit as st

from core.estimators.mediapipe_pose import MAX_PEOPLE
from core.gestures.labels import safe_label
from core.media.pictures import PICTURE_SUFFIXES
from core.offline.bodies import read_background
from core.pose.drawing.bodies import AS_IT_IS, BLUR, COLOUR, PICTURE, Backdrop, BodyView
from core.pose.skeletons.skeleton import Rgb
from pages.panels.controls import in_their_colour, pick_one, upload_field
from pages.panels.layout import errors_shown

BACKGROUNDS = {AS_IT_IS: "As it is", BLUR: "Blurred", COLOUR: "Colour", PICTURE: "Picture"}
STEPS = "Where it looks"
_TEAL = "#264653"
_BEHIND = "body_behind_read"


def pick_view() -> BodyView:
    """Background, skeleton and steps."""
    background = pick_one(
        "Background", BACKGROUNDS, "body_background", format_func=lambda b: BACKGROUNDS[b]
    )
    colour, behind = _TEAL, None
    if background == COLOUR:
        colour = st.color_picker("Colour of the background", _TEAL, key="body_colour")
    if background == PICTURE:
        behind = _pick_picture()
    with st.container(horizontal=True):
        skeleton = st.toggle("Skeleton", True, key="body_skeleton", persist_state="session")
        steps = st.toggle(
            STEPS,
            key="body_steps",
            persist_state="session",
            help="The square where the net looks for a person, and what it comes from.",
        )
    return BodyView(background, _rgb(colour), behind, skeleton, steps)


def pick_persons() -> int:
    """How many to look for."""
    chosen = pick_one(
        "Persons",
        [str(n + 1) for n in range(MAX_PEOPLE)],
        "body_persons",
        width="content",
        help="While fewer are seen, the detector runs on every frame, which takes time.",
    )
    return int(chosen)


def pick_person(numbers: Sequence[int], *, coloured: bool = True) -> int:
    """One of those who were found, by number; there is nothing to choose of one.

    Args:
        coloured: each is drawn in the colour of their number.
    """
    if len(numbers) == 1:
        return numbers[0]
    chosen = st.segmented_control(
        "Person",
        numbers,
        default=numbers[0],
        required=True,
        key=f"body_person_of_{numbers}",
        format_func=in_their_colour if coloured else str,
    )
    return int(chosen)


def explain_steps() -> None:
    """What the drawn points and squares are, and who says so."""
    st.caption(
        "Two steps: a detector finds a person, a second net finds 33 keypoints in a turned square "
        "round them. From then on the last keypoints give the next square (yellow), and the "
        "detector rests. Pink: the middle of the hips, and the point above it on the circle round "
        "the person; they give the square's place, size and turn. MediaPipe tells the keypoints "
        "alone: the points, circle and squares are computed from them as the paper says, and "
        "whether the detector ran from how many persons were followed."
    )


def _pick_picture() -> Backdrop | None:
    """The picture that was chosen last, also after another background or page: the field is empty
    then, and a button takes it away."""
    file = upload_field(
        ["pictures"],
        "The background's picture",
        PICTURE_SUFFIXES,
        key="body_behind",
        on_change=_forget_picture,
    )
    with errors_shown():
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
    """Of “#rrggbb”."""
    return cast(Rgb, tuple(bytes.fromhex(text.removeprefix("#"))))
