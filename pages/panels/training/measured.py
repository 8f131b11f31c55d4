"""Measurements on the Train page: comparing classifiers, and leaving each person out once."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import safe_label
from core.jobs.evaluations import (
    COMPARISON,
    LEFT_OUT,
    NAMES,
    compare_with_first,
    comparison_text,
    is_running,
    latest_comparison,
    latest_leave_one_out,
    start_comparison,
    start_leave_one_out,
)
from core.jobs.trainings import describe_failure, run_result
from core.store import Project
from core.training.runs import Run
from pages.panels.layout import format_interval, show_errors, show_table
from pages.panels.resources import studio
from pages.panels.training.texts import run_started_at

VERDICTS = {"better": "better", "worse": "worse", "same": "no clear difference", "": ""}


def show_comparison(project: Project, running: Run | None) -> None:
    """Draw the Compare button, an error of the last comparison, and the newest result table."""
    st.subheader("Other classifiers", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        title = "Comparing …" if is_running(running, COMPARISON) else "Compare classifiers"
        begin = st.button(title, icon="⚖️", disabled=running is not None)
        st.caption("MLP, k-NN, logistic regression and random forest on the same samples.")
    if begin:
        with show_errors(), st.spinner("Preparing …"):
            start_comparison(studio().trainings, project)
            st.rerun()
    last = next(iter(studio().trainings.runs(project, COMPARISON)), None)
    if last is not None and (reason := describe_failure(last)):
        st.error(safe_label(f"The comparison ended early: {reason}"), icon="❌")
    run = latest_comparison(studio().trainings, project)
    if run is not None and (result := run_result(run)):
        _show_comparison_table(result)
        st.caption(
            f"Measured {run_started_at(run)} on {result['n']} held-out samples: "
            f"{HELD_OUT_GROUPS[result['split']]}. The MLP learns for {result['epochs']} epochs, "
            "fixed in advance, so that no classifier is tuned on the held-out samples."
        )


def _show_comparison_table(result: dict[str, Any]) -> None:
    """Show each classifier's accuracy, interval, difference from the MLP and training time, and a
    sentence."""
    rows = result["rows"]
    show_table(
        {
            "Classifier": [NAMES[row["classifier"]] for row in rows],
            "Accuracy": [f"{row['accuracy']:.1%}" for row in rows],
            "95 % interval": [format_interval(row["interval"]) for row in rows],
            "Difference from MLP": [_format_difference(row) for row in rows],
            "Training time": [f"{row['seconds']:.1f} s" for row in rows],
        }
    )
    st.markdown(comparison_text(result))


def _format_difference(row: dict[str, Any]) -> str:
    """Return the accuracy difference from the MLP in points, its interval and verdict; "–" for the
    MLP itself."""
    if "difference" not in row:
        return "–"
    low, high = row["difference_interval"]
    points = f"{100 * row['difference']:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{points}, {VERDICTS[compare_with_first(row)]}"


def show_new_people(run: Run, project: Project, running: Run | None) -> None:
    """Draw the button that starts leave-one-person-out and its last result; a hint with fewer than
    two people."""
    st.subheader("New people", anchor=False)
    trainings = studio().trainings
    found = latest_leave_one_out(trainings, project, run)
    if len(studio().store.persons(project.id)) < 2:
        st.caption(
            "Let a second person record the same gestures: then Mudra can test how well it "
            "recognises new people."
        )
    else:
        again = "Test on new people again" if found else "Test on new people (leave one person out)"
        title = "Testing on new people …" if is_running(running, LEFT_OUT) else again
        _draw_leave_one_out_button(run, project, title, running is not None)
    last = next(iter(trainings.runs(project, LEFT_OUT)), None)
    if last is not None and last.about()["of"] == run.name and (reason := describe_failure(last)):
        st.error(safe_label(f"Not all people were tested: {reason}"), icon="❌")
    if found is not None and (result := run_result(found)):
        _show_leave_one_out_result(result)


def _draw_leave_one_out_button(run: Run, project: Project, title: str, disabled: bool) -> None:
    """Draw the button that starts leave-one-person-out training; rerun the page when it starts."""
    with st.container(horizontal=True, vertical_alignment="center"):
        begin = st.button(title, icon="👥", disabled=disabled)
        st.caption("Trains once per person on everyone else, and tests on that person.")
    if begin:
        with show_errors(), st.spinner("Preparing …"):
            start_leave_one_out(studio().trainings, project, run)
            st.rerun()


def _show_leave_one_out_result(result: dict[str, Any]) -> None:
    """Show the mean and worst accuracy of leave-one-person-out, and a table per person, worst
    first."""
    rows, worst = result["per_person"], result["worst_person"]
    left, right = st.columns(2)
    left.metric(
        "A new person",
        f"{result['mean_accuracy']:.1%}",
        border=True,
        help="The mean over people, each tested by a model trained without them.",
    )
    left.caption(f"95 % interval {format_interval(result['interval'])}")
    right.metric("The worst person", f"{result['worst_accuracy']:.1%}", border=True)
    interval = rows[worst].get("interval")
    right.caption(safe_label(worst) + (f" · {format_interval(interval)}" if interval else ""))
    order = sorted(rows, key=lambda person: rows[person].get("accuracy", 2))
    table: dict[str, list[Any]] = {
        "Person": order,
        "Samples": [rows[p]["n"] for p in order],
        "Accuracy": [100 * rows[p]["accuracy"] if rows[p]["n"] else "–" for p in order],
        "95 % interval": [
            format_interval(rows[p]["interval"]) if rows[p]["n"] else "–" for p in order
        ],
    }
    if any(rows[p].get("unjudged") for p in order):
        table["Not judged"] = [rows[p].get("unjudged", 0) for p in order]
        st.caption("“Not judged”: nobody else recorded these gestures.")
    show_table(table, bar="Accuracy", bar_max=100)
