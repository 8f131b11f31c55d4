"""The results of a training run."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS, Protocol
from core.gestures.evaluation.validation import find_cell_samples, read_predictions
from core.gestures.evaluation.verdict import judge_training
from core.gestures.labels import NONE, safe_label
from core.jobs.active_model import active_model, choose_model, has_model
from core.jobs.trainings import describe_failure, describe_test_limits, run_result
from core.recording.sample_pictures import draw_sample
from core.store import Project
from core.store.index import read_samples
from core.training.runs import Run
from core.words import Words, count_words, mark, words
from pages.panels.language import t, tn
from pages.panels.layout import format_interval, show_errors, show_table
from pages.panels.resources import studio
from pages.panels.training.charts import CELL, confusion_chart, curve_chart, draw_chart
from pages.panels.training.evaluations import show_comparison, show_new_people
from pages.panels.training.texts import run_title, show_motion_accuracy
from pages.panels.training.verdict import describe_wrong_sample, open_in_review, show_verdict

MAX_SAMPLES_SHOWN, SAMPLE_WIDTH_PX = 8, 110
Cell = tuple[int, int]


def pick_run(project: Project, runs: list[Run]) -> Run:
    """Draw the list of training runs; return the selected one."""
    named = {run.name: run for run in runs}
    wanted = st.session_state.pop("show_run", None)
    if wanted in named:
        st.session_state["run"] = wanted
    elif st.session_state.get("run") not in named:
        st.session_state.pop("run", None)
    name = st.selectbox(
        t("Trainings"),
        list(named),
        key="run",
        persist_state="session",
        format_func=lambda n: run_title(named[n], project),
    )
    return named[name]


def show_result(run: Run, project: Project) -> None:
    """Show a training run's error, verdict, and a button that makes its model the active one."""
    if reason := describe_failure(run):
        text = t("The training ended early: {reason}", reason=t(reason))
        st.error(safe_label(text), icon="❌")
    show_verdict(project, run, tries_here=False, details=False)
    if not has_model(run) or active_model(studio().paths, project).name == run.name:
        return
    if st.button(t("Use this model"), icon="✨"):
        choose_model(studio().store, studio().paths, project, run.name)
        st.rerun()


def show_details(run: Run, project: Project, running: Run | None) -> None:
    """Draw the details of a training run, when opened: figures, evaluations, confusion matrix,
    comparison and curves."""
    with st.expander(t("Details"), key="train_details", icon="📊", on_change="rerun") as details:
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
            st.subheader(t("Training curves"), anchor=False)
            show_curves_per_epoch(epochs)


def _show_metrics(result: dict[str, Any]) -> None:
    """Show accuracy, interval, time, held-out split and rejection rates."""
    figures, protocol = result["figures"], Protocol.from_dict(result)
    of_held_out = t("of {n} held-out samples", n=figures["n"])
    fewer = t("Similar frames of one recording count as fewer samples.")
    with st.container(horizontal=True):
        _draw_metric(t("Accuracy"), f"{figures['accuracy']:.1%}", of_held_out)
        _draw_metric(t("95 % interval"), format_interval(figures["interval"]), fewer)
        _draw_metric(t("Time"), f"{result['seconds']:.1f} s")
    measured = t(
        "Measured on **{groups}** ({split} split): {samples}.",
        groups=words(HELD_OUT_GROUPS[protocol.split]),
        split=protocol.split,
        samples=_count_groups(figures, protocol),
    )
    st.markdown(f"{measured} {safe_label(_describe_choices(protocol))}")
    if limits := describe_test_limits(protocol, figures["accuracy"]):
        st.warning(safe_label(t(limits)), icon="⚠️")
    if rates := figures.get("rejection"):  # none in an old training
        _show_rejection_rates(rates, has_none=not judge_training(result).lacks_none)


def _describe_choices(protocol: Protocol) -> str:
    """Return a sentence on which part each choice was made; "" if there are none."""
    text = "; ".join(map(t, protocol.list_choices()))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _count_groups(figures: dict[str, Any], protocol: Protocol) -> Words:
    """Return the number of held-out samples and, if their groups are fewer, of what groups."""
    n, groups = figures["n"], figures.get("groups")
    samples = count_words(n, "{n:,} sample", "{n:,} samples")
    if not groups or groups >= n:
        return samples
    text = _name_groups(samples, groups, protocol.split)
    if figures.get("effective_n", n) < n / 2:
        return words("{samples} – too alike to count as {n}", samples=text, n=n)
    return text


def _name_groups(samples: Words, n: int, split: str) -> Words:
    """Return the samples with the number of their groups."""
    if split == "person":
        return count_words(
            n, "{samples} from {n} person", "{samples} from {n} people", samples=samples
        )
    if split == "session":
        return count_words(
            n, "{samples} from {n} session", "{samples} from {n} sessions", samples=samples
        )
    return count_words(
        n, "{samples} from {n} recording", "{samples} from {n} recordings", samples=samples
    )


def _draw_metric(label: str, value: str, explanation: str | None = None) -> None:
    st.metric(label, value, border=True, width="content", help=explanation)


def _show_rejection_rates(rates: dict[str, Any], *, has_none: bool) -> None:
    """Show the true accept rate of gestures and the false accept rate of unknown hands."""
    accepted = rates["false_accept"]
    with st.container(horizontal=True):
        of_held_out = t("of {n} held-out samples", n=rates["gestures"])
        _draw_metric(t("Your gestures recognised"), f"{rates['true_accept']:.1%}", of_held_out)
        text = "–" if accepted is None else f"{accepted:.1%}"
        of_others = t("of {n} others", n=rates["foreign"])
        _draw_metric(t("Other hands wrongly accepted"), text, of_others)
    counts = {"n": rates["gestures"], "others": rates["foreign"]}
    if has_none:
        tested = t(
            "Tested with {n} samples of gestures and {others} samples of {none}.",
            none=NONE.name,
            **counts,
        )
    else:
        tested = t(
            "Tested with {n} samples of gestures and {others} made-up hands that match no gesture.",
            **counts,
        )
    rejected = t("A hand that is too different from the gestures gets “no gesture”.")
    st.markdown(f"{rejected} {tested}")


def _show_gesture_accuracies(result: dict[str, Any]) -> None:
    """Show a table of held-out accuracy per gesture with 95 % interval, worst first."""
    st.subheader(t("Per gesture"), anchor=False)
    emoji = {g["name"]: g["emoji"] for g in result["gestures"]}
    rows = result["figures"]["per_gesture"]
    order = sorted(rows, key=lambda name: rows[name]["accuracy"])
    intervals = [rows[name].get("interval") for name in order]  # none in old trainings
    show_table(
        {
            t("Gesture"): [f"{emoji.get(name, '')} {name}".strip() for name in order],
            t("Held out"): [rows[name]["n"] for name in order],
            t("Accuracy"): [100 * rows[name]["accuracy"] for name in order],
            t("95 % interval"): [format_interval(found) if found else "–" for found in intervals],
        },
        bar=t("Accuracy"),
        bar_max=100,
    )


def show_curves_per_epoch(epochs: list[dict[str, Any]]) -> None:
    """Draw accuracy and loss per epoch side by side."""
    left, right = st.columns(2)
    for column, metric in ((left, mark("accuracy")), (right, mark("loss"))):
        with column:
            draw_chart(curve_chart(epochs, metric), key=metric)


def show_confusion_matrix(run: Run, project: Project, result: dict[str, Any]) -> None:
    """Draw the confusion matrix, a list of its cells, and the samples of the selected cell."""
    confusion, gestures = result["figures"]["confusion"], result["gestures"]
    st.subheader(t("Confusion matrix"), anchor=False)
    st.caption(
        t("Rows: the shown gesture. Columns: the prediction. Click a cell to see its samples.")
    )
    chart = confusion_chart(confusion, gestures)
    chosen = draw_chart(chart, on_select="rerun", key=f"matrix_{run.name}")
    key = f"cell_{run.name}"
    clicked = [(int(c["row"]), int(c["column"])) for c in chosen["selection"].get(CELL, [])]
    if clicked and clicked != st.session_state.get(f"clicked_{key}"):
        st.session_state[key] = clicked[0]
    st.session_state[f"clicked_{key}"] = clicked
    cell = _pick_confusion_cell(confusion, gestures, key)
    if cell is None and clicked:
        st.caption(t("No sample is in that cell."))
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
        t("Samples of (shown → prediction)"),
        cells,
        index=None,
        key=key,
        format_func=lambda cell: f"{titles[cell[0]]} → {titles[cell[1]]} · {counts[cell]}",
        placeholder=t("Choose a cell, or click on it"),
    )


def _show_cell_samples(run: Run, project: Project, target: str, predicted: str) -> None:
    """Show the first samples of a confusion cell, and a button that opens all of them in Review."""
    ids = find_cell_samples(read_predictions(run.path), target, predicted)
    shown = read_samples(studio().store, ids[:MAX_SAMPLES_SHOWN], project_id=project.id)
    if not shown:
        st.caption(t("These samples were deleted, or this training did not save its predictions."))
        return
    with st.container(horizontal=True):
        for sample in shown:
            alt = describe_wrong_sample(target, predicted)
            st.image(draw_sample(sample), width=SAMPLE_WIDTH_PX, alt=alt)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(tn(len(ids), "Open it in Review", "Open all {n} in Review"), icon="🔎"):
            open_in_review(project, ids)
        st.caption(t("The most confident predictions come first."))
