"""A training compared with other classifiers, and measured on new people."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.labels import safe_label
from core.jobs.evaluations import (
    COMPARISON,
    LEFT_OUT,
    NAMES,
    compare_with_first,
    describe_comparison,
    find_comparison,
    find_leave_one_out,
    is_running,
    start_comparison,
    start_leave_one_out,
)
from core.jobs.trainings import describe_failure, run_result
from core.store import Project
from core.training.runs import Run
from core.words import words
from pages.panels.language import t
from pages.panels.layout import format_interval, show_errors, show_table
from pages.panels.resources import studio
from pages.panels.training.texts import run_started_at

_VERDICTS = {
    "better": words("better"),
    "worse": words("worse"),
    "same": words("no clear difference"),
}


def show_comparison(project: Project, running: Run | None) -> None:
    """Draw the Compare button, the last comparison's error, and the newest result table."""
    st.subheader(t("Other classifiers"), anchor=False)
    compares = is_running(running, COMPARISON)
    title = t("Comparing …") if compares else t("Compare classifiers")
    about = t("MLP, k-NN, logistic regression and random forest on the same samples.")
    if _draw_start_button(title, "⚖️", about, running):
        with show_errors(), st.spinner(t("Preparing …")):
            start_comparison(studio().trainings, project)
            st.rerun()
    last = next(iter(studio().trainings.runs(project, COMPARISON)), None)
    if last is not None and (reason := describe_failure(last)):
        text = t("The comparison ended early: {reason}", reason=t(reason))
        st.error(safe_label(text), icon="❌")
    run = find_comparison(studio().trainings, project)
    if run is not None and (result := run_result(run)):
        _show_comparison_result(run, result)


def _show_comparison_result(run: Run, result: dict[str, Any]) -> None:
    """Show a table of the compared classifiers, a sentence on it, and how it was measured."""
    rows, split = result["rows"], result["split"]
    names = [NAMES[row["classifier"]] for row in rows]
    show_table(
        {
            t("Classifier"): [t(name) for name in names],
            t("Accuracy"): [f"{row['accuracy']:.1%}" for row in rows],
            t("95 % interval"): [format_interval(row["interval"]) for row in rows],
            t("Difference from MLP"): [_format_difference(row) for row in rows],
            t("Training time"): [f"{row['seconds']:.1f} s" for row in rows],
        }
    )
    st.markdown(t(describe_comparison(result)))
    st.caption(
        t(
            "Measured {time} on {n} held-out samples: {groups}. The MLP learns for {epochs} "
            "epochs, fixed in advance, so that no classifier is tuned on the held-out samples.",
            time=run_started_at(run),
            n=result["n"],
            groups=words(HELD_OUT_GROUPS[split]),
            epochs=result["epochs"],
        )
    )


def _draw_start_button(title: str, icon: str, about: str, running: Run | None) -> bool:
    """Draw an evaluation's button, disabled during another run; return whether it was pressed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(title, icon=icon, disabled=running is not None)
        st.caption(about)
    return pressed


def _format_difference(row: dict[str, Any]) -> str:
    """Return the accuracy difference from the MLP in points, its interval and verdict."""
    if "difference" not in row:
        return "–"
    low, high = row["difference_interval"]
    verdict = compare_with_first(row)
    return t(
        "{points:+.1f} points ({low:+.1f} to {high:+.1f}), {verdict}",
        points=100 * row["difference"],
        low=100 * low,
        high=100 * high,
        verdict=_VERDICTS[verdict],
    )


def show_new_people(run: Run, project: Project, running: Run | None) -> None:
    """Draw the button that starts leave-one-person-out evaluation, and its last result."""
    st.subheader(t("New people"), anchor=False)
    trainings = studio().trainings
    found = find_leave_one_out(trainings, project, run)
    if len(studio().store.persons(project.id)) < 2:
        st.caption(
            t(
                "Let a second person record the same gestures: then Mudra can test how well it "
                "recognises new people."
            )
        )
    else:
        title = _label_leave_one_out(running, again=found is not None)
        about = t("Trains once per person on everyone else, and tests on that person.")
        if _draw_start_button(title, "👥", about, running):
            with show_errors(), st.spinner(t("Preparing …")):
                start_leave_one_out(studio().trainings, project, run)
                st.rerun()
    last = next(iter(trainings.runs(project, LEFT_OUT)), None)
    if last is not None and last.about()["of"] == run.name and (reason := describe_failure(last)):
        text = t("Not all people were tested: {reason}", reason=t(reason))
        st.error(safe_label(text), icon="❌")
    if found is not None and (result := run_result(found)):
        _show_leave_one_out_result(result)


def _label_leave_one_out(running: Run | None, *, again: bool) -> str:
    """Return the label of the button that starts leave-one-person-out evaluation."""
    if is_running(running, LEFT_OUT):
        return t("Testing on new people …")
    if again:
        return t("Test on new people again")
    return t("Test on new people (leave one person out)")


def _show_leave_one_out_result(result: dict[str, Any]) -> None:
    """Show mean and worst accuracy of leave-one-person-out, and a table, worst person first."""
    rows, worst = result["per_person"], result["worst_person"]
    left, right = st.columns(2)
    left.metric(
        t("A new person"),
        f"{result['mean_accuracy']:.1%}",
        border=True,
        help=t("The mean over people, each tested by a model trained without them."),
    )
    left.caption(t("95 % interval {interval}", interval=format_interval(result["interval"])))
    right.metric(t("The worst person"), f"{result['worst_accuracy']:.1%}", border=True)
    interval = rows[worst].get("interval")
    right.caption(safe_label(worst) + (f" · {format_interval(interval)}" if interval else ""))
    order = sorted(rows, key=lambda person: rows[person].get("accuracy", 2))
    table: dict[str, list[Any]] = {
        t("Person"): order,
        t("Samples"): [rows[p]["n"] for p in order],
        t("Accuracy"): [100 * rows[p]["accuracy"] if rows[p]["n"] else "–" for p in order],
        t("95 % interval"): [
            format_interval(rows[p]["interval"]) if rows[p]["n"] else "–" for p in order
        ],
    }
    if any(rows[p].get("unjudged") for p in order):
        table[t("Not judged")] = [rows[p].get("unjudged", 0) for p in order]
        st.caption(t("“Not judged”: nobody else recorded these gestures."))
    show_table(table, bar=t("Accuracy"), bar_max=100)
