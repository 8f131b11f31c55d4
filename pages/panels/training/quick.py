"""Training in few lines, beside the video: one button, the curve while it learns, one sentence."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import safe_label
from core.jobs.answering import Answering, answering
from core.jobs.trainings import (
    failure_of,
    not_learned,
    result_of,
    warm_up,
)
from core.review.balance import missing_to_train
from core.store import Project
from core.training.runs import Run
from pages.panels.layout import format_interval, show_errors
from pages.panels.resources import studio
from pages.panels.training.charts import accuracy_chart, draw_chart
from pages.panels.training.texts import show_motion_accuracy, training_progress


def show_quick_training(project: Project, lacks: str) -> None:
    """The button and what became of it; a fragment that moves while something is learned.

    Args:
        lacks: what `recording_advice` said in this run of the page.
    """
    running = studio().trainings.running(project)
    drawn = _DrawnTraining(running.name if running else "", answering(studio().paths, project))
    left = "" if lacks else not_learned(studio().store, project)  # not in each of its runs
    st.fragment(_draw_quick_training, run_every=0.5 if running else None)(
        project, drawn, lacks, left
    )


def train_after_recording(project: Project) -> None:
    """After a recording: learn anew where the switch is on and there is enough."""
    warm_up()  # who records will train
    if st.session_state.get("learn_as_i_go") and not recording_advice(project):
        with show_errors():
            studio().trainings.learn_anew(project)


def recording_advice(project: Project, how: str = "Hold its button.") -> str:
    """What is to be recorded before anything can be learned, and how; "" where there is enough."""
    return missing_to_train(studio().store.overview(project.id), how)


@dataclass(frozen=True)
class _DrawnTraining:
    """What the page was drawn by; it is drawn anew when that changes."""

    training: str
    answers: Answering


def _draw_quick_training(project: Project, drawn: _DrawnTraining, lacks: str, left: str) -> None:
    with show_errors():
        trainings = studio().trainings
        running = trainings.running(project)
        name = running.name if running else ""
        if drawn != _DrawnTraining(name, answering(studio().paths, project)):
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            _train_button(project, running, lacks)
            st.toggle(
                "Learn as I go",
                key="learn_as_i_go",
                persist_state="session",
                help="It trains again after each recording, and the new model answers.",
            )
        if left:
            st.caption(f"⚠️ {safe_label(left)}")
        if running is not None:
            st.progress(*training_progress(running))
            _draw_accuracy_curve(running)
        else:
            _show_last_result(project, lacks)


def _train_button(project: Project, running: Run | None, lacks: str) -> None:
    trainings = studio().trainings
    if running is not None:
        if st.button("Stop", icon="⏹", disabled=not trainings.can_stop(running)):
            trainings.stop(running)
    elif st.button("Train", icon="▶️", type="primary", disabled=bool(lacks), help=lacks or None):
        with st.spinner("Preparing …"):
            trainings.begin(project)
        st.rerun()


def _draw_accuracy_curve(run: Run) -> None:
    if epochs := run.records("epoch"):
        draw_chart(accuracy_chart(epochs), key="quick_curve", height=110)


def _show_last_result(project: Project, lacks: str) -> None:
    """The last training in one sentence."""
    runs = studio().trainings.runs(project)
    if not runs:
        st.caption(lacks or "Press Train: it takes seconds, then the new model answers.")
        return
    if reason := failure_of(runs[0]):
        st.error(safe_label(reason), icon="❌")
    if result := result_of(runs[0]):
        st.markdown(_accuracy_sentence(result))
        show_motion_accuracy(result)
        st.page_link("pages/train.py", label="Which gestures are mixed up?", icon="📈")


def _accuracy_sentence(result: dict[str, Any]) -> str:
    figures = result["figures"]
    return (
        f"**{figures['accuracy']:.1%}** of {figures['n']} held-out samples are right "
        f"({format_interval(figures['interval'])}), {HELD_OUT_GROUPS[result['split']]}."
    )
