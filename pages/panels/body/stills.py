"""Bodies of a picture."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.media.pictures import encode_png
from core.offline.bodies import read_body_picture
from core.pose.angles import angles_of
from core.pose.body_drawing import BodyView, draw_body
from core.pose.skeletons import skeleton_named
from core.pose.types import Estimate, Picture
from core.reading.keypoint_sources import KeypointSource
from pages.panels.body.angles import show_angles
from pages.panels.body.space import show_in_space
from pages.panels.body.views import PICTURES, pick_person
from pages.panels.frame import errors_shown, studio
from pages.panels.uploads import upload_field
from pages.panels.words import many

_READ = "body_picture_read"


def show_picture(
    beside: DeltaGenerator, source: KeypointSource, persons: int, view: BodyView
) -> None:
    """Drop one: it comes back with its skeletons, beside it a person in space."""
    file = upload_field(["pictures"], "A picture of persons", PICTURES, key="body_file")
    if file is None:
        st.info("Drop a picture of one to four persons into the field above.", icon="🧍")
        return
    with errors_shown():
        rgb, estimate = _read(file, source, persons)
        if not estimate.poses:
            st.warning(
                "Nobody was found: try a picture that shows more of the body, or larger.",
                icon="👀",
            )
        picture = draw_body(rgb, estimate, view) if estimate.poses else rgb
        st.image(picture, width="stretch")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "Download",
                encode_png(picture),
                "body.png",
                "image/png",
                icon="🖼",
                on_click="ignore",
            )
            st.caption(f"{many(len(estimate.poses), 'person')} found")
        with beside:
            _show_person(estimate)


def _read(file: Any, source: KeypointSource, persons: int) -> tuple[Picture, Estimate]:
    """Once for each picture and way of reading."""
    key = (file.file_id, source, persons)
    if st.session_state.get(_READ, (None,))[0] != key:
        found = read_body_picture(
            file.name,
            file.getvalue(),
            lambda: source.open(studio().paths, num_poses=persons),
        )
        st.session_state[_READ] = (key, found)
    return st.session_state[_READ][1]


def _show_person(estimate: Estimate) -> None:
    shown = estimate.numbers.index(pick_person(estimate.numbers)) if estimate.numbers else 0
    pose = estimate.poses[shown] if estimate.poses else None
    show_in_space(pose.world if pose else None, "body_space")
    show_angles(angles_of(pose, skeleton_named(estimate.skeleton)) if pose else {})
