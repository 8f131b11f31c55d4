"""Classifiers side by side on the Train page."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import safe_label
from core.jobs.measuring import (
    COMPARISON,
    NAMES,
    begin_comparison,
    comparison_of,
    in_one_sentence,
    is_running,
    verdict,
)
from core.jobs.trainings import failure_of, result_of
from core.learning.runs import Run
from core.store import Project
from pages.panels.frame import errors_shown, in_percent, studio, when
from pages.panels.table import show_table

VERDICTS = {"better": "better", "worse": "worse", "same": "can't be told apart", "": ""}


def comparison(project: Project, running: Run | None) -> None:
    """The button, and the newest comparison."""
    st.subheader("Other classifiers", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        title = "Comparing …" if is_running(running, COMPARISON) else "Compare classifiers"
        begin = st.button(title, icon="⚖️", disabled=running is not None)
        st.caption("MLP, k-NN, logistic regression and random forest on the same samples.")
    if begin:
        with errors_shown(), st.spinner("Preparing …"):
            begin_comparison(studio().trainings, project)
            st.rerun()
    last = next(iter(studio().trainings.runs(project, COMPARISON)), None)
    if last is not None and (reason := failure_of(last)):
        st.error(safe_label(f"The comparison ended early: {reason}"), icon="❌")
    run = comparison_of(studio().trainings, project)
    if run is not None and (result := result_of(run)):
        _show(result)
        st.caption(
            f"Measured {when(run)} on {result['n']} held-out samples: "
            f"{HELD_OUT_GROUPS[result['split']]}. The MLP learns for {result['epochs']} epochs, "
            "fixed beforehand, so that no classifier chooses anything on the held-out samples."
        )


def _show(result: dict[str, Any]) -> None:
    rows = result["rows"]
    show_table(
        {
            "Classifier": [NAMES[row["classifier"]] for row in rows],
            "Accuracy": [f"{row['accuracy']:.1%}" for row in rows],
            "95 % interval": [in_percent(row["interval"]) for row in rows],
            "Beside the MLP": [_difference(row) for row in rows],
            "Time to learn": [f"{row['seconds']:.1f} s" for row in rows],
        }
    )
    st.markdown(in_one_sentence(result))


def _difference(row: dict[str, Any]) -> str:
    if "difference" not in row:
        return "–"
    low, high = row["difference_interval"]
    points = f"{100 * row['difference']:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{points}, {VERDICTS[verdict(row)]}"
