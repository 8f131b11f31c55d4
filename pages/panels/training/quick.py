"""Training beside the video: one button, a curve while it runs, and the result in one sentence."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import safe_label
from core.jobs.active_model import ActiveModel, active_model
from core.jobs.trainings import (
    describe_failure,
    excluded_samples_text,
    preload_training,
    run_result,
)
from core.review.balance import advise_before_training
from core.store import Project
from core.training.runs import Run
from pages.panels.layout import format_interval, show_errors
from pages.panels.resources import studio
from pages.panels.training.charts import accuracy_chart, draw_chart
from pages.panels.training.texts import show_motion_accuracy, training_progress

MAX_TRUSTED_WIDTH = 0.2  # of the accuracy's 95 % interval


def show_quick_training(project: Project, advice: str) -> None:
    """Draw Train, “Learn as I go”, and the current or last training run, with live updates.

    Args:
        advice: the `recording_advice` of this run of the page; "" enables the button.
    """
    running, model = _training_and_model(project)
    left = "" if advice else excluded_samples_text(studio().store, project)
    st.fragment(_draw_quick_training, run_every=0.5 if running else None)(
        project, (running, model), advice, left
    )


def train_after_recording(project: Project) -> None:
    """Restart training after a recording if “Learn as I go” is on and there are enough samples."""
    preload_training()  # a training is likely to follow
    if st.session_state.get("learn_as_i_go") and not recording_advice(project):
        with show_errors():
            studio().trainings.restart_training(project)


def recording_advice(project: Project, instruction: str = "Hold its button.") -> str:
    """Return what to record before training is possible, and how; "" if there is enough."""
    return advise_before_training(studio().store.overview(project.id), instruction)


def _training_and_model(project: Project) -> tuple[str, ActiveModel]:
    """Return the name of the current training run, "" if none, and the model in use."""
    running = studio().trainings.find_running(project)
    return (running.name if running else "", active_model(studio().paths, project))


def _draw_quick_training(
    project: Project, drawn: tuple[str, ActiveModel], advice: str, excluded_text: str
) -> None:
    """Draw the current or last training run and its controls; rerun if the run or model changed."""
    with show_errors():
        running = studio().trainings.find_running(project)
        if drawn != _training_and_model(project):
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            _draw_train_button(project, running, advice)
            st.toggle(
                "Learn as I go",
                key="learn_as_i_go",
                persist_state="session",
                help="Trains again after each recording; the new model is then in use.",
            )
        if excluded_text:
            st.caption(f"⚠️ {safe_label(excluded_text)}")
        if running is not None:
            st.progress(*training_progress(running))
            if epochs := running.records("epoch"):
                draw_chart(accuracy_chart(epochs), key="quick_curve", height=110)
        else:
            _show_last_result(project, advice)


def _draw_train_button(project: Project, running: Run | None, advice: str) -> None:
    """Draw Stop during a training run, else Train, disabled if samples are missing."""
    trainings = studio().trainings
    if running is not None:
        if st.button("Stop", icon="⏹", disabled=not trainings.can_stop(running)):
            trainings.stop(running)
    elif st.button("Train", icon="▶️", type="primary", disabled=bool(advice), help=advice or None):
        with st.spinner("Preparing …"):
            trainings.start_training(project)
        st.rerun()


def _show_last_result(project: Project, advice: str) -> None:
    """Show the last run's error and test accuracy; before the first run, the advice."""
    runs = studio().trainings.runs(project)
    if not runs:
        st.caption(advice or "Press Train: it takes seconds, then the new model is in use.")
        return
    if reason := describe_failure(runs[0]):
        st.error(safe_label(reason), icon="❌")
    if result := run_result(runs[0]):
        details = f"95 % interval {format_interval(result['figures']['interval'])}, "
        details += f"on {HELD_OUT_GROUPS[result['split']]}."
        st.markdown(_accuracy_sentence(result), help=details)
        show_motion_accuracy(result)
        st.page_link("pages/train.py", label="Which gestures are mixed up?", icon="📈")


def _accuracy_sentence(result: dict[str, Any]) -> str:
    """Return how many test samples were recognised, as Markdown, with a warning if too few."""
    figures = result["figures"]
    count, total = round(figures["accuracy"] * figures["n"]), figures["n"]
    text = f"**{count} of {total} test samples recognised** ({figures['accuracy']:.1%})."
    low, high = figures["interval"]
    if high - low > MAX_TRUSTED_WIDTH:
        return f"{text} Too few to trust: record each gesture once more."
    return text
