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
from core.words import Words, join_words, mark, words
from pages.panels.language import t
from pages.panels.layout import format_interval
from pages.panels.resources import studio

MARKS = {
    mark("running"): "⏳",
    mark("done"): "✅",
    mark("stopped"): "⏹",
    mark("failed"): "❌",
    mark("dead"): "💀",
    mark("replaced"): "⏭",
}
_MATCHERS = {"templates": words("nearest examples"), "net": words("small net")}


def run_title(run: Run, project: Project) -> str:
    """Return a training run's title: start time, status, recognised samples, origin, use."""
    status = run.status()
    parts = [f"{MARKS[status]} {run_started_at(run)}", *([] if status == DONE else [t(status)])]
    if result := run_result(run):
        parts.append(t("{count} recognised", count=count_text(judge_training(result).held_out)))
    if imported := run.about().get("imported"):
        parts.append(t("from {file}", file=imported))
    if active_model(studio().paths, project).name == run.name:
        parts.append(t("in use"))
    return " · ".join(parts)


def run_started_at(run: Run) -> str:
    """Return a run's local start time; of a run of today without the date."""
    started, now = time.localtime(run.about()["time"]), time.localtime()
    if started[:3] == now[:3]:
        return t("today {time}", time=time.strftime("%H:%M", started))
    return time.strftime("%Y-%m-%d %H:%M", started)


def count_text(count: Count) -> Words:
    """Return "5 of 10"; of many samples "98 % of 420"."""
    if count.n < MIN_FOR_PERCENT:
        return words("{correct} of {n}", correct=count.correct, n=count.n)
    return words("{percent:.0f} % of {n:,}", percent=100 * count.fraction, n=count.n)


def training_progress(run: Run) -> tuple[float, Words]:
    """Return a training run's or measurement's completed fraction, 0..1, and its step as text."""
    if KIND in run.about():
        done, total, name = read_evaluation_progress(run)
        return done / total, _describe_evaluation_step(run, done, total, name)
    epochs = run.records("epoch")
    if not epochs:
        return 0.0, words("starting …")
    done, total = epochs[-1]["epoch"], epochs[-1]["epochs"]
    text = words("Training {epoch}/{epochs}", epoch=done, epochs=total)
    if run.records("refit"):
        done, text = total, words("learning from all samples")
    if run.records("usable"):
        text = words("{step} – already usable, the final model swaps in by itself", step=text)
    return done / total, text


def _describe_evaluation_step(run: Run, done: int, total: int, name: str) -> Words:
    """Return whom or what a measurement learns from or compares next, escaped."""
    if not name:
        return words("saving …")
    if run.about()[KIND] == LEFT_OUT:
        return words(
            "{n} of {total} · learning from all but {person}",
            n=done,
            total=total,
            person=safe_label(name),
        )
    classifier = NAMES.get(name, safe_label(name))
    return words(
        "{n} of {total} · learning: {classifier}", n=done, total=total, classifier=classifier
    )


def show_motion_accuracy(result: dict[str, Any]) -> None:
    """Show the held-out accuracy of moving gestures and the method that recognises them."""
    beside = result.get("motions")
    if beside is not None:
        figures, split = beside["figures"], beside["split"]
        st.markdown(
            t(
                "Moving gestures: **{accuracy:.1%}** of {n} held-out performances right "
                "({interval}), {groups}.",
                accuracy=figures["accuracy"],
                n=figures["n"],
                interval=format_interval(figures["interval"]),
                groups=words(HELD_OUT_GROUPS[split]),
            )
        )
    if chosen := (beside or result).get("matcher"):
        st.caption(_describe_matcher(chosen, (beside or result)["compared"]))


def _describe_matcher(method: str, accuracies: dict[str, float]) -> str:
    """Return which method recognises moving gestures, and why it was chosen."""
    chosen = _MATCHERS[method]
    if len(accuracies) > 1:
        rates = [
            words("{method} had {rate:.1%}", method=_MATCHERS[name], rate=rate)
            for name, rate in accuracies.items()
        ]
        return t(
            "Method: {method}, chosen on part of the training performances: {rates} right.",
            method=chosen,
            rates=join_words(rates, mark("{first} and {rest}")),
        )
    if method == "templates":
        return t("Method: {method}, since there are too few for a net.", method=chosen)
    return t("Method: {method}.", method=chosen)
