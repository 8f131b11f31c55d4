"""How the model does on people that it never saw: each person left out once."""

from typing import Any

import streamlit as st

from core.gestures.labels import safe_label
from core.jobs.measuring import LEFT_OUT, begin_left_out, is_running, left_out_of
from core.jobs.trainings import failure_of, result_of
from core.learning.runs import Run
from core.store import Project
from pages.panels.frame import errors_shown, in_percent, studio
from pages.panels.table import show_table


def new_people(run: Run, project: Project, running: Run | None) -> None:
    """The button, and what it gave."""
    st.subheader("New people", anchor=False)
    trainings = studio().trainings
    found = left_out_of(trainings, project, run)
    if len(studio().store.persons(project.id)) < 2:
        st.caption(
            "Let a second person record the same gestures: then each can be left out once, which "
            "says how new people will do."
        )
    else:
        again = "Leave each person out again" if found else "Leave each person out"
        title = "Leaving each person out …" if is_running(running, LEFT_OUT) else again
        _begin(run, project, title, running is not None)
    last = next(iter(trainings.runs(project, LEFT_OUT)), None)
    if last is not None and last.about()["of"] == run.name and (reason := failure_of(last)):
        st.error(safe_label(f"Not everybody was measured: {reason}"), icon="❌")
    if found is not None and (result := result_of(found)):
        _show(result)


def _begin(run: Run, project: Project, title: str, busy: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        begin = st.button(title, icon="👥", disabled=busy)
        st.caption("Trains once for each person, on all the others, and measures on that person.")
    if begin:
        with errors_shown(), st.spinner("Preparing …"):
            begin_left_out(studio().trainings, project, run)
            st.rerun()


def _show(result: dict[str, Any]) -> None:
    rows, worst = result["per_person"], result["worst_person"]
    left, right = st.columns(2)
    left.metric(
        "A new person",
        f"{result['mean_accuracy']:.1%}",
        border=True,
        help="The mean of the persons, each by a model that never saw them.",
    )
    left.caption(f"95 % interval {in_percent(result['interval'])}")
    right.metric("The worst person", f"{result['worst_accuracy']:.1%}", border=True)
    interval = rows[worst].get("interval")
    right.caption(safe_label(worst) + (f" · {in_percent(interval)}" if interval else ""))
    order = sorted(rows, key=lambda person: rows[person].get("accuracy", 2))
    table: dict[str, list[Any]] = {
        "Person": order,
        "Samples": [rows[p]["n"] for p in order],
        "Accuracy": [100 * rows[p]["accuracy"] if rows[p]["n"] else "–" for p in order],
        "95 % interval": [in_percent(rows[p]["interval"]) if rows[p]["n"] else "–" for p in order],
    }
    if any(rows[p].get("unjudged") for p in order):
        table["Not judged"] = [rows[p].get("unjudged", 0) for p in order]
        st.caption("Not judged are samples of gestures that nobody else has recorded.")
    show_table(table, bar="Accuracy", most=100)
