"""The results of a training: figures, confusion matrix, training curves."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS, Protocol
from core.gestures.evaluation.validation import find_cell_samples, read_predictions
from core.gestures.labels import safe_label
from core.jobs.active_model import active_model, choose_model, has_model
from core.jobs.trainings import describe_failure, describe_optimism, run_result
from core.recording.sample_pictures import draw_sample
from core.store import Project
from core.store.index import read_samples
from core.training.runs import Run
from pages.panels.layout import format_interval, show_errors, show_table
from pages.panels.resources import studio
from pages.panels.training.charts import CELL, confusion_chart, curve_chart, draw_chart
from pages.panels.training.measured import show_comparison, show_new_people
from pages.panels.training.texts import run_title, show_motion_accuracy

MAX_SAMPLES_SHOWN, SAMPLE_WIDTH_PX = 8, 110
Cell = tuple[int, int]


def show_results(project: Project, running: Run | None) -> None:
    """Draw the list of trainings and the selected one's results."""
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
    _show_training_run(runs[name], project, running)


def _show_training_run(run: Run, project: Project, running: Run | None) -> None:
    """Show a training's error, metrics, Use button, confusion matrix, accuracies, comparisons and
    curves, as far as it has them."""
    result = run_result(run)
    if reason := describe_failure(run):
        st.error(safe_label(f"The training ended early: {reason}"), icon="❌")
    if result is not None:
        _show_metrics(result)
        show_motion_accuracy(result)
    if has_model(run):
        _draw_use_model_button(run, project)
    if result is not None:
        if has_model(run):
            show_new_people(run, project, running)
        show_confusion_matrix(run, project, result)
        _show_gesture_accuracies(result)
        show_comparison(project, running)
    if epochs := run.records("epoch"):
        st.subheader("Training curves", anchor=False)
        show_curves_per_epoch(epochs)


def _show_metrics(result: dict[str, Any]) -> None:
    """Show accuracy, 95 % interval, time, the held-out split, a warning if it is optimistic, and
    rejection rates."""
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
            format_interval(figures["interval"]),
            border=True,
            width="content",
            help="Similar frames of one recording count as fewer samples.",
        )
        st.metric("Time", f"{result['seconds']:.1f} s", border=True, width="content")
    counted = figures.get("effective_n")
    as_many = f", as informative as {counted:.0f} independent ones" if counted else ""
    st.markdown(
        f"Measured on **{HELD_OUT_GROUPS[protocol.split]}** ({protocol.split} split): "
        f"{figures['n']} samples{as_many}. {safe_label(protocol.describe_choices())}"
    )
    if warning := describe_optimism(protocol):
        st.warning(safe_label(warning), icon="⚠️")
    show_rejection_rates(figures)


def _draw_use_model_button(run: Run, project: Project) -> None:
    """Draw the button that puts a training's model in use; a note if it already is."""
    if active_model(studio().paths, project).name == run.name:
        st.success("The Live page uses this model.", icon="✅")
    elif st.button("Use this model", icon="✨", type="primary"):
        choose_model(studio().store, studio().paths, project, run.name)
        st.rerun()


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


def show_rejection_rates(metrics: dict[str, Any]) -> None:
    """Show the true accept rate of gestures and the false accept rate of other hands; nothing for
    old trainings."""
    found = metrics.get("rejection")
    if not found:  # an old training
        return
    passed, accepted = f"{found['true_accept']:.1%}", found["false_accept"]
    with st.container(horizontal=True):
        st.metric(
            "Your gestures recognised",
            passed,
            border=True,
            width="content",
            help=f"of {found['gestures']} held-out samples",
        )
        st.metric(
            "Other hands wrongly accepted",
            "–" if accepted is None else f"{accepted:.1%}",
            border=True,
            width="content",
            help=f"of {found['foreign']} others",
        )
    st.markdown(
        "A hand that is too different from the gestures gets “no gesture”. Measured on "
        f"{safe_label(found['measured_on'])}."
    )


def show_confusion_matrix(run: Run, project: Project, result: dict[str, Any]) -> None:
    """Draw the confusion matrix, a list of its cells, and the samples of the clicked or selected
    cell."""
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
    """Draw a list of the non-empty cells; return the selected (row, column), None before a
    choice."""
    titles = [f"{g['emoji']} {g['name']}".strip() for g in gestures]
    cells = _sort_confusion_cells(confusion)
    if st.session_state.get(key) not in cells:  # an empty cell was clicked
        st.session_state[key] = None

    def title(cell: Cell) -> str:
        count = confusion[cell[0]][cell[1]]
        return f"{titles[cell[0]]} → {titles[cell[1]]} · {count}"

    return st.selectbox(
        "Samples of (shown → prediction)",
        cells,
        index=None,
        key=key,
        format_func=title,
        placeholder="Choose a cell, or click on it",
    )


def _sort_confusion_cells(confusion: list[list[int]]) -> list[Cell]:
    """Return the non-empty cells (row, column): errors before correct ones, each by descending
    count."""
    size = range(len(confusion))
    cells = [(i, j) for i in size for j in size if confusion[i][j]]
    return sorted(cells, key=lambda cell: (cell[0] == cell[1], -confusion[cell[0]][cell[1]]))


def _show_cell_samples(run: Run, project: Project, target: str, predicted: str) -> None:
    """Show the first samples of a confusion cell, and a button that opens all of them in Review."""
    ids = find_cell_samples(read_predictions(run.path), target, predicted)
    shown = read_samples(studio().store, ids[:MAX_SAMPLES_SHOWN], project_id=project.id)
    if not shown:
        st.caption("These samples were deleted, or this training did not save its predictions.")
        return
    with st.container(horizontal=True):
        for sample in shown:
            st.image(draw_sample(sample), width=SAMPLE_WIDTH_PX)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Open {'it' if len(ids) == 1 else f'all {len(ids)}'} in Review", icon="🔎"):
            st.session_state[f"review_ids_{project.id}"] = ids
            for choice in ("Gesture", "Person", "Session"):  # earlier ones could hide them
                st.session_state[f"review_{choice}_{project.id}"] = None
            st.switch_page("pages/review.py")
        st.caption("The most confident predictions come first.")
