"""Body: whole persons of the camera, a picture or a video, by MediaPipe's pose landmarker."""

import streamlit as st

from core.pose.body_drawing import AS_IT_IS
from core.reading.keypoint_sources import BLAZEPOSE, KeypointSource
from pages.panels.body.camera import show_camera
from pages.panels.body.films import show_video
from pages.panels.body.stills import show_picture
from pages.panels.body.views import explain_steps, pick_persons, pick_view
from pages.panels.camera.stage import stage
from pages.panels.choice import pick_one
from pages.panels.project.projects import pick_project

CAMERA, PICTURE, VIDEO = "Camera", "Picture", "Video"


def page() -> None:
    """What is shown at the left; how, and what it means, beside it."""
    pick_project()
    place = stage()
    place.head.caption("Whole persons: skeletons, joint angles, and another background.")
    with place.beside:
        with st.container(horizontal=True):
            what = pick_one("Source", [CAMERA, PICTURE, VIDEO], "body_source", width="content")
            persons = pick_persons()
        view = pick_view()
    source = KeypointSource(BLAZEPOSE, masks=view.background != AS_IT_IS)
    if what == CAMERA:
        show_camera(place, source, persons, view)
    else:
        show = show_picture if what == PICTURE else show_video
        with place.replace():
            show(place.beside, source, persons, view)
    if view.steps:
        with place.under:
            explain_steps()


page()
