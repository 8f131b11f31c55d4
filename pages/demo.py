"""Demo: hands through the live picture and a project to train, without a camera; a camera test."""

import streamlit as st

from core.weights.mediapipe_models import is_prepared
from pages.panels.camera.probe import camera_probe
from pages.panels.frame import studio
from pages.panels.project.demo import demo
from pages.panels.project.projects import pick_project


def page() -> None:
    """The demo, and the camera test."""
    project = pick_project()
    st.caption(
        "No camera? Press Play the demo: the starter model reads hands from two open collections "
        "of pictures. 👉 and 👈 are ☝️ turned."
    )
    if not is_prepared(studio().paths.weights):
        st.warning("The hand models are missing: stop Mudra and type `make setup`.", icon="⚠️")
    demo(project)
    st.page_link("pages/files.py", label="Pictures or videos on disk? Read them on Files", icon="🖼")
    st.markdown("#### Does your camera work?")
    camera_probe("demo_probe")


page()
