"""Home: what Mudra is, the three steps with what is there already, a demo, a camera test."""

import streamlit as st

from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.jobs.trainings import has_model
from core.weights.mediapipe_models import is_prepared
from pages.panels.camera.probe import camera_probe
from pages.panels.frame import studio, wide_columns
from pages.panels.project.demo import demo
from pages.panels.project.projects import pick_project


def page() -> None:
    """Welcome, three cards, the demo and the camera test."""
    project = pick_project()
    st.title("Mudra ✋")
    st.markdown(
        "Teach the computer your hand gestures: show them to the webcam, train, and see "
        "them recognised live."
    )
    if not is_prepared(studio().paths.weights):
        st.warning("The hand models are missing: stop Mudra and type `make setup`.", icon="⚠️")
    overview = studio().store.overview(project.id)
    samples = sum(row.samples for row in overview)
    shown = sum(1 for row in overview if row.samples)
    runs = [run for run in studio().trainings.runs(project.name) if has_model(run)]
    cards = wide_columns("cards", 1, 1, 1)
    _card(
        cards[0],
        "1 · Record 🎥",
        "Show a gesture, press the button, see the 21 keypoints of your hand. Two "
        "gestures with 30 samples each are a start.",
        f"{samples} samples of {shown} gestures",
        "pages/record.py",
        "Record",
    )
    _card(
        cards[1],
        "2 · Train 📈",
        "One button. Watch the curves while it learns, then see which gestures it mixes up.",
        f"{len(runs)} trained models",
        "pages/train.py",
        "Train",
    )
    _card(
        cards[2],
        "3 · Live ✨",
        "The gesture over the video, with its emoji and how sure Mudra is.",
        "a model for the eight gestures is ready",
        "pages/live.py",
        "Live",
    )
    st.page_link("pages/files.py", label="Pictures or videos on disk? Read them on Files", icon="🖼")
    st.markdown("#### Ready from the start")
    st.markdown(
        " &nbsp; ".join(
            f"{g.emoji} {g.name.replace('_', ' ')}" for g in DEFAULT_GESTURES if g != NONE
        )
    )
    st.caption("Your pictures stay on the machine that runs Mudra.")
    st.markdown("#### No camera at hand? See it now")
    st.caption(
        "Hands that Mudra found in pictures of two open collections, read by the starter "
        "model as on the Live page. 👉 and 👈 are ☝ turned."
    )
    demo(project)
    st.markdown("#### Does your camera work?")
    camera_probe("home_probe")


def _card(column, title: str, text: str, there: str, target: str, link: str) -> None:  # type: ignore[no-untyped-def]
    with column.container(border=True, height="stretch"):
        st.subheader(title, anchor=False)
        st.markdown(text)
        st.caption(there)
        st.page_link(target, label=link, icon="➡️")


page()
