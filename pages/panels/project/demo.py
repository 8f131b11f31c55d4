"""The demo on the Demo page: shipped hands through the live picture, and a project to train."""

import streamlit as st

from core.capture.demo import (
    DEMO_PROJECT,
    ReplayEstimator,
    fill_demo,
    is_demo,
    plain_picture,
    read_demo,
)
from core.gestures.modelfile.gesture_model import MODEL
from core.live.live import LiveProcessor, Options
from core.store import Project
from pages.panels.frame import errors_shown, load_model, studio
from pages.panels.live.readings import show_gesture, show_hands
from pages.panels.project.chosen import use_project
from pages.panels.words import many


def demo(project: Project) -> None:
    """The replay, and the button that makes a project of it."""
    playing = st.session_state.get("demo_playing", False)
    with st.container(horizontal=True, vertical_alignment="center"):
        label, icon = ("Stop the demo", "⏹") if playing else ("Play the demo", "▶️")
        st.button(label, icon=icon, type="primary", on_click=_turn, args=(not playing,))
        _training(project)
    st.fragment(_replay, run_every=0.15 if playing else None)(playing)


def _replay(playing: bool) -> None:
    with errors_shown():
        left, right = st.columns([3, 2], gap="large")
        live = _processor()
        with left:
            picture = live.process(plain_picture())
            st.image(picture, width="stretch", output_format="JPEG")
        with right:
            if playing:
                show_hands(live.latest(), "demo_answer")
            else:
                show_gesture("👋", "Hands of other people", "demo_answer")


def _turn(playing: bool) -> None:
    st.session_state["demo_playing"] = playing
    st.session_state.pop("demo_live", None)


def _processor() -> LiveProcessor:
    if "demo_live" not in st.session_state:
        paths = studio().paths
        hands = read_demo(paths.demo)
        file = paths.starter / MODEL
        model = load_model(paths.starter, file.stat().st_mtime if file.is_file() else 0.0)
        st.session_state["demo_live"] = LiveProcessor(
            lambda number: ReplayEstimator(hands), Options(model)
        )
    return st.session_state["demo_live"]


def _training(project: Project) -> None:
    st.button(
        "Fill a demo project",
        icon="🧺",
        on_click=_fill,
        help=f"The project “{DEMO_PROJECT}” with 40 hands of every gesture, apart from your own.",
    )
    if is_demo(studio().store, project.id, studio().paths.demo):
        rows = [row for row in studio().store.overview(project.id) if row.samples]
        st.caption(f"{many(sum(row.samples for row in rows), 'sample')} of {len(rows)} gestures")
        st.page_link("pages/train.py", label="Train it", icon="📈")


def _fill() -> None:
    with errors_shown():
        made = fill_demo(studio().store, studio().paths.demo)
        use_project(made.id)
        st.toast(f"“{made.name}” is filled. Now train it.", icon="🧺")
