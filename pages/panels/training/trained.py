"""The results of a training run, compared with other classifiers and measured on new people."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS, Protocol
from core.gestures.evaluation.validation import find_cell_samples, read_predictions
from core.gestures.evaluation.verdict import judge_training
from core.gestures.labels import NONE, format_count, safe_label
from core.jobs.active_model import active_model, choose_model, has_model
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
from core.jobs.trainings import describe_failure, describe_test_limits, run_result
from core.recording.sample_pictures import draw_sample
from core.store import Project
from core.store.index import read_samples
from core.training.runs import Run
from pages.panels.layout import format_interval, show_errors, show_table
from pages.panels.resources import studio
from pages.panels.training.charts import CELL, confusion_chart, curve_chart, draw_chart
from pages.panels.training.texts import run_started_at, run_title, show_motion_accuracy
from pages.panels.training.verdict import open_in_review, show_verdict

MAX_SAMPLES_SHOWN, SAMPLE_WIDTH_PX = 8, 110
Cell = tuple[int, int]
_GROUPS = {  # kind of split → its groups, one and several
    "person": ("1 person", "{} people"),
    "session": ("1 session", "{} sessions"),
    "burst": ("1 recording", "{} recordings"),
    "tail": ("1 recording", "{} recordings"),
}


def pick_run(project: Project, runs: list[Run]) -> Run:
    """Draw the list of training runs; return the selected one."""
    named = {run.name: run for run in runs}
    wanted = st.session_state.pop("show_run", None)
    if wanted in named:
        st.session_state["run"] = wanted
    elif st.session_state.get("run") not in named:
        st.session_state.pop("run", None)
    name = st.selectbox(
        "Trainings",
        list(named),
        key="run",
        persist_state="session",
        format_func=lambda n: run_title(named[n], project),
    )
    return named[name]


def show_result(run: Run, project: Project) -> None:
    """Show a training run's error, verdict, and a button that makes its model the active one."""
    if reason := describe_failure(run):
        st.error(safe_label(f"The training ended early: {reason}"), icon="❌")
    show_verdict(project, run, tries_here=False, details=False)
    if not has_model(run) or active_model(studio().paths, project).name == run.name:
        return
    if st.button("Use this model", icon="✨"):
        choose_model(studio().store, studio().paths, project, run.name)
        st.rerun()


def show_details(run: Run, project: Project, running: Run | None) -> None:
    """Draw the details of a training run, when opened: figures, evaluations, confusion matrix,
    comparison and curves."""
    with st.expander("Details", key="train_details", icon="📊", on_change="rerun") as details:
        if not details.open:
            return
        result = run_result(run)
        if result is not None:
            _show_metrics(result)
            show_motion_accuracy(result)
            if has_model(run):
                show_new_people(run, project, running)
            show_confusion_matrix(run, project, result)
            _show_gesture_accuracies(result)
            show_comparison(project, running)
        if epochs := run.records("epoch"):
            st.subheader("Training curves", anchor=False)
            show_curves_per_epoch(epochs)


def _show_metrics(result: dict[str, Any]) -> None:
    """Show accuracy, interval, time, held-out split and rejection rates."""
    figures, protocol = result["figures"], Protocol.from_dict(result)
    of_held_out = f"of {figures['n']} held-out samples"
    fewer = "Similar frames of one recording count as fewer samples."
    with st.container(horizontal=True):
        _draw_metric("Accuracy", f"{figures['accuracy']:.1%}", of_held_out)
        _draw_metric("95 % interval", format_interval(figures["interval"]), fewer)
        _draw_metric("Time", f"{result['seconds']:.1f} s")
    st.markdown(
        f"Measured on **{HELD_OUT_GROUPS[protocol.split]}** ({protocol.split} split): "
        f"{_count_groups(figures, protocol)}. {safe_label(protocol.describe_choices())}"
    )
    if limits := describe_test_limits(protocol, figures["accuracy"]):
        st.warning(safe_label(limits), icon="⚠️")
    if rates := figures.get("rejection"):  # none in an old training
        _show_rejection_rates(rates, has_none=not judge_training(result).lacks_none)


def _count_groups(figures: dict[str, Any], protocol: Protocol) -> str:
    """Return the number of held-out samples and, if their groups are fewer, of what groups."""
    text, groups = format_count(figures["n"], "sample"), figures.get("groups")
    if not groups or groups >= figures["n"]:
        return text
    text += f" from {_GROUPS[protocol.split][groups > 1].format(groups)}"
    counted = figures.get("effective_n", figures["n"])
    if counted < figures["n"] / 2:
        text += f" – too alike to count as {figures['n']}"
    return text


def _draw_metric(label: str, value: str, explanation: str | None = None) -> None:
    st.metric(label, value, border=True, width="content", help=explanation)


def _show_rejection_rates(rates: dict[str, Any], *, has_none: bool) -> None:
    """Show the true accept rate of gestures and the false accept rate of unknown hands."""
    accepted = rates["false_accept"]
    with st.container(horizontal=True):
        of_held_out = f"of {rates['gestures']} held-out samples"
        _draw_metric("Your gestures recognised", f"{rates['true_accept']:.1%}", of_held_out)
        text = "–" if accepted is None else f"{accepted:.1%}"
        _draw_metric("Other hands wrongly accepted", text, f"of {rates['foreign']} others")
    others = f"samples of {NONE.name}" if has_none else "made-up hands that match no gesture"
    st.markdown(
        "A hand that is too different from the gestures gets “no gesture”. Tested with "
        f"{rates['gestures']} samples of gestures and {rates['foreign']} {others}."
    )


def _show_gesture_accuracies(result: dict[str, Any]) -> None:
    """Show a table of held-out accuracy per gesture with 95 % interval, worst first."""
    st.subheader("Per gesture", anchor=False)
    emoji = {g["name"]: g["emoji"] for g in result["gestures"]}
    rows = result["figures"]["per_gesture"]
    order = sorted(rows, key=lambda name: rows[name]["accuracy"])
    intervals = [rows[name].get("interval") for name in order]  # none in old trainings
    show_table(
        {
            "Gesture": [f"{emoji.get(name, '')} {name}".strip() for name in order],
            "Held out": [rows[name]["n"] for name in order],
            "Accuracy": [100 * rows[name]["accuracy"] for name in order],
            "95 % interval": [format_interval(found) if found else "–" for found in intervals],
        },
        bar="Accuracy",
        bar_max=100,
    )


def show_curves_per_epoch(epochs: list[dict[str, Any]]) -> None:
    """Draw accuracy and loss per epoch side by side."""
    left, right = st.columns(2)
    for column, metric in ((left, "accuracy"), (right, "loss")):
        with column:
            draw_chart(curve_chart(epochs, metric), key=metric)


def show_confusion_matrix(run: Run, project: Project, result: dict[str, Any]) -> None:
    """Draw the confusion matrix, a list of its cells, and the samples of the selected cell."""
    confusion, gestures = result["figures"]["confusion"], result["gestures"]
    st.subheader("Confusion matrix", anchor=False)
    st.caption("Rows: the shown gesture. Columns: the prediction. Click a cell to see its samples.")
    chart = confusion_chart(confusion, gestures)
    chosen = draw_chart(chart, on_select="rerun", key=f"matrix_{run.name}")
    key = f"cell_{run.name}"
    clicked = [(int(c["row"]), int(c["column"])) for c in chosen["selection"].get(CELL, [])]
    if clicked and clicked != st.session_state.get(f"clicked_{key}"):
        st.session_state[key] = clicked[0]
    st.session_state[f"clicked_{key}"] = clicked
    cell = _pick_confusion_cell(confusion, gestures, key)
    if cell is None and clicked:
        st.caption("No sample is in that cell.")
    if cell is not None:
        with show_errors():
            _show_cell_samples(run, project, gestures[cell[0]]["name"], gestures[cell[1]]["name"])


def _pick_confusion_cell(
    confusion: list[list[int]], gestures: list[dict[str, str]], key: str
) -> Cell | None:
    """Draw a list of the non-empty cells; return the selected (row, column), or None."""
    titles = [f"{g['emoji']} {g['name']}".strip() for g in gestures]
    size = range(len(confusion))
    counts = {(i, j): confusion[i][j] for i in size for j in size if confusion[i][j]}
    cells = sorted(counts, key=lambda cell: (cell[0] == cell[1], -counts[cell]))  # errors first
    if st.session_state.get(key) not in cells:  # an empty cell was clicked
        st.session_state[key] = None
    return st.selectbox(
        "Samples of (shown → prediction)",
        cells,
        index=None,
        key=key,
        format_func=lambda cell: f"{titles[cell[0]]} → {titles[cell[1]]} · {counts[cell]}",
        placeholder="Choose a cell, or click on it",
    )


def _show_cell_samples(run: Run, project: Project, target: str, predicted: str) -> None:
    """Show the first samples of a confusion cell, and a button that opens all of them in Review."""
    ids = find_cell_samples(read_predictions(run.path), target, predicted)
    shown = read_samples(studio().store, ids[:MAX_SAMPLES_SHOWN], project_id=project.id)
    if not shown:
        st.caption("These samples were deleted, or this training did not save its predictions.")
        return
    with st.container(horizontal=True):
        for sample in shown:
            alt = f"A sample of {target} recognised as {predicted}"
            st.image(draw_sample(sample), width=SAMPLE_WIDTH_PX, alt=alt)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Open {'it' if len(ids) == 1 else f'all {len(ids)}'} in Review", icon="🔎"):
            open_in_review(project, ids)
        st.caption("The most confident predictions come first.")


VERDICTS = {"better": "better", "worse": "worse", "same": "no clear difference", "": ""}


def show_comparison(project: Project, running: Run | None) -> None:
    """Draw the Compare button, the last comparison's error, and the newest result table."""
    st.subheader("Other classifiers", anchor=False)
    title = "Comparing …" if is_running(running, COMPARISON) else "Compare classifiers"
    about = "MLP, k-NN, logistic regression and random forest on the same samples."
    if _draw_start_button(title, "⚖️", about, running):
        with show_errors(), st.spinner("Preparing …"):
            start_comparison(studio().trainings, project)
            st.rerun()
    last = next(iter(studio().trainings.runs(project, COMPARISON)), None)
    if last is not None and (reason := describe_failure(last)):
        st.error(safe_label(f"The comparison ended early: {reason}"), icon="❌")
    run = find_comparison(studio().trainings, project)
    if run is not None and (result := run_result(run)):
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
        st.markdown(describe_comparison(result))
        st.caption(
            f"Measured {run_started_at(run)} on {result['n']} held-out samples: "
            f"{HELD_OUT_GROUPS[result['split']]}. The MLP learns for {result['epochs']} epochs, "
            "fixed in advance, so that no classifier is tuned on the held-out samples."
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
    points = f"{100 * row['difference']:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{points}, {VERDICTS[compare_with_first(row)]}"


def show_new_people(run: Run, project: Project, running: Run | None) -> None:
    """Draw the button that starts leave-one-person-out evaluation, and its last result."""
    st.subheader("New people", anchor=False)
    trainings = studio().trainings
    found = find_leave_one_out(trainings, project, run)
    if len(studio().store.persons(project.id)) < 2:
        st.caption(
            "Let a second person record the same gestures: then Mudra can test how well it "
            "recognises new people."
        )
    else:
        again = "Test on new people again" if found else "Test on new people (leave one person out)"
        title = "Testing on new people …" if is_running(running, LEFT_OUT) else again
        about = "Trains once per person on everyone else, and tests on that person."
        if _draw_start_button(title, "👥", about, running):
            with show_errors(), st.spinner("Preparing …"):
                start_leave_one_out(studio().trainings, project, run)
                st.rerun()
    last = next(iter(trainings.runs(project, LEFT_OUT)), None)
    if last is not None and last.about()["of"] == run.name and (reason := describe_failure(last)):
        st.error(safe_label(f"Not all people were tested: {reason}"), icon="❌")
    if found is not None and (result := run_result(found)):
        _show_leave_one_out_result(result)


def _show_leave_one_out_result(result: dict[str, Any]) -> None:
    """Show mean and worst accuracy of leave-one-person-out, and a table, worst person first."""
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
