"""Demo: a replay and a project to train without a camera, and a camera test."""

import streamlit as st

from core.live.answers import answers_of, placeholder
from core.live.live import LiveProcessor, Options
from core.modelfiles.mediapipe_models import has_prepared_models
from core.recording import demo
from core.store import Project
from core.words import translate_all
from pages.components.stage import draw_answer
from pages.panels.camera.settings import show_camera_test
from pages.panels.language import t, tn
from pages.panels.layout import show_errors
from pages.panels.live.models import model_changed_at
from pages.panels.project.projects import pick_project
from pages.panels.resources import load_gesture_model, studio
from pages.panels.visit import select_project


def page() -> None:
    """Draw the page: the replayed demo, the demo project's button, and the camera test."""
    project = pick_project()
    st.caption(
        t(
            "No camera? Press Play the demo: the starter model recognises hands of two open "
            "picture collections."
        )
    )
    if not has_prepared_models(studio().paths.weights):
        st.warning(t("The hand models are missing: stop Mudra and type `make setup`."), icon="⚠️")
    playing = st.session_state.get("demo_playing", False)
    with st.container(horizontal=True, vertical_alignment="center"):
        label, icon = (t("Stop the demo"), "⏹") if playing else (t("Play the demo"), "▶️")
        st.button(label, icon=icon, type="primary", on_click=_set_playing, args=(not playing,))
        _draw_fill_demo_button(project)
    st.fragment(_show_replay, run_every=0.15 if playing else None)(playing)
    label = t("Pictures or videos on disk? Read them on Files")
    st.page_link("pages/files.py", label=label, icon="🖼")
    st.markdown(t("#### Does your camera work?"))
    show_camera_test("demo_probe")


def _show_replay(playing: bool) -> None:
    """Draw the next replayed frame, and beside it the starter model's answers."""
    with show_errors():
        left, right = st.columns([3, 2], gap="large")
        live = _demo_processor()
        with left:
            picture = live.process(demo.demo_background())
            st.image(picture, width="stretch", output_format="JPEG", alt=t("The demo’s hands"))
        with right:
            hands = answers_of(live.latest()) if playing else placeholder("👋", t("Sample hands"))
            draw_answer("demo_answer", translate_all(hands, t))


def _set_playing(playing: bool) -> None:
    st.session_state["demo_playing"] = playing
    st.session_state.pop("demo_live", None)


def _demo_processor() -> LiveProcessor:
    """Return this visitor's processor of the recorded demo hands, created once."""
    if "demo_live" not in st.session_state:
        paths = studio().paths
        hands = demo.read_demo_hands(paths.demo)
        model = load_gesture_model(paths.starter, model_changed_at(paths.starter))
        st.session_state["demo_live"] = LiveProcessor(
            lambda number: demo.ReplayEstimator(hands), Options(model)
        )
    return st.session_state["demo_live"]


def _draw_fill_demo_button(project: Project) -> None:
    """Draw the button that fills a demo project; in a demo project, also its size and link."""
    st.button(
        t("Fill a demo project"),
        icon="🧺",
        on_click=_fill_demo_project,
        help=t(
            "Creates the project “{project}” with 40 hands per gesture.", project=demo.DEMO_PROJECT
        ),
    )
    if demo.is_demo_project(studio().store, project.id, studio().paths.demo):
        rows = [row for row in studio().store.overview(project.id) if row.samples]
        st.caption(
            tn(
                sum(row.samples for row in rows),
                "{n:,} sample of {gestures} gestures",
                "{n:,} samples of {gestures} gestures",
                gestures=len(rows),
            )
        )
        st.page_link("pages/train.py", label=t("Train it"), icon="📈")


def _fill_demo_project() -> None:
    """Create or fill the demo project and select it."""
    with show_errors():
        made = demo.fill_demo_project(studio().store, studio().paths.demo)
        select_project(made.id)
        st.toast(t("“{project}” is filled. Now train it.", project=made.name), icon="🧺")


page()
