"""What a training gave, and how far it can be trusted: the Train page's lower half."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS, Protocol
from core.gestures.labels import safe_label
from core.jobs.answering import answering, choose, has_model
from core.jobs.trainings import advice, failure_of, result_of
from core.learning.runs import Run
from core.store import Project
from pages.panels.frame import in_percent, run_title, studio
from pages.panels.table import show_table
from pages.panels.training.charts import curve_chart, draw
from pages.panels.training.compared import comparison
from pages.panels.training.mistakes import mistakes
from pages.panels.training.motions import motion_sentence
from pages.panels.training.new_people import new_people
from pages.panels.training.rejection import rejection


def results(project: Project, running: Run | None) -> None:
    """The trainings so far, and the chosen one; `running`: what is being measured."""
    runs = {run.name: run for run in studio().trainings.runs(project)}
    if not runs:
        return
    st.divider()
    wanted = st.session_state.pop("show_run", None)
    if wanted in runs:
        st.session_state["run"] = wanted
    elif st.session_state.get("run") not in runs:
        st.session_state.pop("run", None)
    name = st.selectbox(
        "Trainings",
        list(runs),
        key="run",
        persist_state="session",
        format_func=lambda n: run_title(runs[n], project),
    )
    _show(runs[name], project, running)


def _show(run: Run, project: Project, running: Run | None) -> None:
    result = result_of(run)
    if reason := failure_of(run):
        st.error(safe_label(f"The training ended early: {reason}"), icon="❌")
    if result is not None:
        _figures(result)
        motion_sentence(result)
    if has_model(run):
        _use(run, project)
    if result is not None:
        if has_model(run):
            new_people(run, project, running)
        mistakes(run, project, result)
        _per_gesture(result)
        comparison(project, running)
    if epochs := run.records("epoch"):
        st.subheader("Its course", anchor=False)
        curves(epochs)


def _figures(result: dict[str, Any]) -> None:
    figures, protocol = result["figures"], Protocol.from_dict(result)
    with st.container(horizontal=True):
        st.metric(
            "Accuracy",
            f"{figures['accuracy']:.1%}",
            border=True,
            width="content",
            help=f"of {figures['n']} held-out samples",
        )
        st.metric(
            "95 % interval",
            in_percent(figures["interval"]),
            border=True,
            width="content",
            help="Frames of one recording are much alike: the interval counts them as "
            "fewer samples than there are.",
        )
        st.metric("Time", f"{result['seconds']:.1f} s", border=True, width="content")
    counted = figures.get("effective_n")
    as_many = f", which count as {counted:.0f} independent ones" if counted else ""
    st.markdown(
        f"Measured on **{HELD_OUT_GROUPS[protocol.split]}** ({protocol.split} split): "
        f"{figures['n']} samples{as_many}. {safe_label(protocol.describe_choices())}"
    )
    if warning := advice(protocol):
        st.warning(safe_label(warning), icon="⚠️")
    rejection(figures)


def _use(run: Run, project: Project) -> None:
    if answering(studio().paths, project).name == run.name:
        st.success("The Live page uses this model.", icon="✅")
    elif st.button("Use this model", icon="✨", type="primary"):
        choose(studio().store, studio().paths, project, run.name)
        st.rerun()


def _per_gesture(result: dict[str, Any]) -> None:
    st.subheader("Each gesture", anchor=False)
    emoji = {g["name"]: g["emoji"] for g in result["gestures"]}
    rows = result["figures"]["per_gesture"]
    order = sorted(rows, key=lambda name: rows[name]["accuracy"])
    intervals = [rows[name].get("interval") for name in order]  # none in old trainings
    show_table(
        {
            "Gesture": [f"{emoji.get(name, '')} {name}".strip() for name in order],
            "Held out": [rows[name]["n"] for name in order],
            "Accuracy": [100 * rows[name]["accuracy"] for name in order],
            "95 % interval": [in_percent(found) if found else "–" for found in intervals],
        },
        bar="Accuracy",
        most=100,
    )


def curves(epochs: list[dict[str, Any]]) -> None:
    """Accuracy and loss per epoch."""
    left, right = st.columns(2)
    for column, what in ((left, "accuracy"), (right, "loss")):
        with column:
            draw(curve_chart(epochs, what), key=what)
