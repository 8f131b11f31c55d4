"""Training beside the video: one button, a curve while it runs, and the verdict on the result."""

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from core.errors import MudraError
from core.gestures.labels import safe_label
from core.jobs.active_model import active_model
from core.jobs.trainings import describe_failure, excluded_samples_text, preload_training
from core.review.balance import advise_before_training
from core.store import Project
from core.training.runs import Run
from core.words import translate_all, words
from pages.components.stage import TrainingState, draw_training
from pages.panels.camera.session import live_session
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.resources import studio
from pages.panels.training.texts import training_progress
from pages.panels.training.verdict import show_verdict


def show_quick_training(project: Project, advice: str) -> None:
    """Draw Train, “Learn as I go”, and the current or last training run, with live updates.

    Args:
        advice: the `recording_advice` of this run of the page; "" enables the button.
    """
    excluded_text = "" if advice else excluded_samples_text(studio().store, project)
    with show_errors():
        running = studio().trainings.find_running(project)
        with st.container(horizontal=True, vertical_alignment="center"):
            _draw_train_button(project, running, advice)
            st.toggle(
                t("Learn as I go"),
                key="learn_as_i_go",
                persist_state="session",
                help=t("Trains again after each recording; the new model is then in use."),
            )
        if excluded_text:
            st.caption(f"⚠️ {safe_label(t(excluded_text))}")
        if running is not None:
            _show_running(project, running)
        else:
            _show_last_result(project, advice)


def _show_running(project: Project, run: Run) -> None:
    """Draw the current training run; the channel brings its progress, and the page reruns when
    another run or model takes its place."""
    trainings, paths = studio().trainings, studio().paths
    model = active_model(paths, project)

    def state() -> TrainingState:
        current = trainings.find_running(project)
        if current is None or (current.name, active_model(paths, project)) != (run.name, model):
            return {"over": True, "fraction": 1.0, "text": "", "curve": []}
        fraction, text = training_progress(run)
        epochs = run.records("epoch")
        curve = [record["val_accuracy"] for record in epochs if "val_accuracy" in record]
        return {"over": False, "fraction": fraction, "text": text, "curve": curve}

    live_session().show("training", state)
    draw_training("quick_training", "training", translate_all(state(), t))


def train_after_recording(project: Project) -> Callable[[], None]:
    """Return what follows a recording, in any thread: load what a training needs; if “Learn as I
    go” is on and there are enough samples, restart training."""
    learns, store, trainings = (
        st.session_state.get("learn_as_i_go"),
        studio().store,
        studio().trainings,
    )

    def train() -> None:
        preload_training()  # a training is likely to follow
        if learns and not advise_before_training(store.overview(project.id), ""):
            with suppress(MudraError):  # the page says what is missing
                trainings.restart_training(project)

    return train


def recording_advice(project: Project, instruction: str = words("Hold its button.")) -> str:
    """Return what to record before training is possible, and how; "" if there is enough."""
    return advise_before_training(studio().store.overview(project.id), instruction)


def _draw_train_button(project: Project, running: Run | None, advice: str) -> None:
    """Draw Stop during a training run, else Train, disabled if samples are missing."""
    trainings = studio().trainings
    if running is not None:
        if st.button(t("Stop"), icon="⏹", disabled=not trainings.can_stop(running)):
            trainings.stop(running)
    elif st.button(
        t("Train"),
        icon="▶️",
        type="primary",
        disabled=bool(advice),
        help=safe_label(t(advice)) or None,
    ):
        with st.spinner(t("Preparing …")):
            trainings.start_training(project)
        st.rerun()


def _show_last_result(project: Project, advice: str) -> None:
    """Show the last run's error and its verdict; before the first run, the advice."""
    runs = studio().trainings.runs(project)
    if not runs:
        st.caption(
            safe_label(t(advice))
            or t("Press Train: it takes seconds, then the new model is in use.")
        )
        return
    if reason := describe_failure(runs[0]):
        st.error(safe_label(t(reason)), icon="❌")
    show_verdict(project, runs[0], tries_here=True)
