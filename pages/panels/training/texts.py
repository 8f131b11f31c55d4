"""Texts about a training run or measurement: its title, progress and moving gestures."""

import time
from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from core.gestures.evaluation.verdict import MIN_FOR_PERCENT, Count, judge_training
from core.gestures.labels import safe_label
from core.jobs.active_model import active_model
from core.jobs.evaluations import LEFT_OUT, NAMES, read_evaluation_progress
from core.jobs.trainings import KIND, run_result
from core.store import Project
from core.training.runs import DONE, Run
from pages.panels.layout import format_interval
from pages.panels.resources import studio

MARKS = {
    "running": "⏳",
    "done": "✅",
    "stopped": "⏹",
    "failed": "❌",
    "dead": "💀",
    "replaced": "⏭",
}
_MATCHERS = {"templates": "nearest examples", "net": "small net"}


def run_title(run: Run, project: Project) -> str:
    """Return a training run's title: start time, status, recognised samples, origin, use."""
    status = run.status()
    parts = [f"{MARKS[status]} {run_started_at(run)}", *([] if status == DONE else [status])]
    if result := run_result(run):
        parts.append(f"{count_text(judge_training(result).held_out)} recognised")
    if imported := run.about().get("imported"):
        parts.append(f"from {imported}")
    if active_model(studio().paths, project).name == run.name:
        parts.append("in use")
    return " · ".join(parts)


def run_started_at(run: Run) -> str:
    """Return a run's local start time; of a run of today without the date."""
    started, now = time.localtime(run.about()["time"]), time.localtime()
    today = started[:3] == now[:3]
    return time.strftime("today %H:%M" if today else "%Y-%m-%d %H:%M", started)


def count_text(count: Count) -> str:
    """Return "5 of 10"; of many samples "98 % of 420"."""
    if count.n < MIN_FOR_PERCENT:
        return f"{count.correct} of {count.n}"
    return f"{100 * count.fraction:.0f} % of {count.n:,}"


def training_progress(run: Run) -> tuple[float, str]:
    """Return a training run's or measurement's completed fraction, 0..1, and its step as text."""
    if KIND in run.about():
        done, total, name = read_evaluation_progress(run)
        kind = "learning from all but" if run.about()[KIND] == LEFT_OUT else "learning:"
        text = safe_label(f"{done} of {total} · {kind} {NAMES.get(name, name)}") if name else ""
        return done / total, text or "saving …"
    epochs, answers = run.records("epoch"), ""
    if not epochs:
        return 0.0, "starting …"
    if run.records("usable"):
        answers = " – already usable, the final model swaps in by itself"
    if run.records("refit"):
        return 1.0, f"learning from all samples{answers}"
    last = epochs[-1]
    return last["epoch"] / last["epochs"], f"Training {last['epoch']}/{last['epochs']}{answers}"


def show_motion_accuracy(result: dict[str, Any]) -> None:
    """Show the held-out accuracy of moving gestures and the method that recognises them."""
    beside = result.get("motions")
    if beside is not None:
        figures = beside["figures"]
        st.markdown(
            f"Moving gestures: **{figures['accuracy']:.1%}** of {figures['n']} held-out "
            f"performances right ({format_interval(figures['interval'])}), "
            f"{HELD_OUT_GROUPS[beside['split']]}."
        )
    if chosen := (beside or result).get("matcher"):
        st.caption(_describe_matcher(chosen, (beside or result)["compared"]))


def _describe_matcher(method: str, accuracies: dict[str, float]) -> str:
    """Return which method recognises moving gestures, and why it was chosen."""
    text = f"Method: {_MATCHERS[method]}"
    if len(accuracies) > 1:
        rates = [f"{_MATCHERS[name]} had {rate:.1%}" for name, rate in accuracies.items()]
        return f"{text}, chosen on part of the training performances: {' and '.join(rates)} right."
    return f"{text}, since there are too few for a net." if method == "templates" else f"{text}."
