"""Fine-tuning the light CPM on the project's samples, in a separate process."""

from typing import Any

import streamlit as st

from core.gestures.labels import safe_label
from core.jobs.net_training import (
    FineTuningProcess,
    delete_net_run,
    has_fine_tuning_checkpoint,
    latest_fine_tuning,
    save_last_checkpoint,
    start_fine_tuning,
    stop_net_training,
)
from core.jobs.trainings import describe_failure
from core.store import Project
from core.training.runs import DEAD, RUNNING, Run, list_runs
from pages.panels.layout import show_errors
from pages.panels.resources import studio
from pages.panels.training.charts import draw_chart, stages_chart
from pages.panels.training.texts import MARKS


def show_fine_tuning(project: Project) -> None:
    """Show the form that fine-tunes the CPM net, or the running fine-tuning; below it the last five
    runs."""
    runs = list_runs(studio().paths.net_runs)
    running = next((run for run in runs if run.status() == RUNNING), None)
    news = running is not None or bool(runs and describe_failure(runs[0]))
    with st.expander("The keypoint net: fine-tune the light CPM on your hands", news, icon="🔥"):
        st.caption(
            "The light CPM learns from the keypoints that MediaPipe found in your samples with a "
            "picture. Every fifth recording is held out for testing. Live, Record and Heatmaps "
            "then offer the net by its name."
        )
        if running is None:
            _fine_tuning_form(project)
        else:
            st.fragment(_watch_fine_tuning, run_every=1.0)(running)
        for run in runs[:5]:
            if run is not running:
                _show_fine_tuning_run(run)


def _fine_tuning_form(project: Project) -> None:
    """Draw name, minutes and the Fine-tune button; then wait for the process to start, or show why
    it didn't."""
    with st.form("fine_tune", border=False):
        name = st.text_input("Name of the net", "cpm.my_hand")
        minutes = st.slider("Minutes", 1, 60, 5)
        if st.form_submit_button("Fine-tune", icon="🔥"):
            with show_errors():
                start_fine_tuning(studio().paths, project.name, name, minutes)
                st.toast("It starts in a few seconds.", icon="🔥")
    start = latest_fine_tuning(studio().paths)
    if start is None:
        return
    if start.failure:
        st.error(safe_label(f"The fine-tuning did not start: {start.failure}"), icon="❌")
    elif start.is_starting:
        st.fragment(_watch_fine_tuning_start, run_every=1.0)(start)
    elif start.run is not None and start.run.status() == RUNNING:
        st.rerun()


def _watch_fine_tuning_start(process: FineTuningProcess) -> None:
    """Show that a fine-tuning is starting; rerun the page once it has started or failed."""
    if not process.is_starting:
        st.rerun()
    st.caption("⏳ starting …")


def _watch_fine_tuning(run: Run) -> None:
    """Show a running fine-tuning's progress, PCK curve and Stop; rerun the page when it ends."""
    if run.status() != RUNNING:
        st.rerun()
    evaluations = run.records("look")
    about = run.about()
    last = evaluations[-1] if evaluations else {"seconds": 0.0, "step": 0}
    by_time = last["seconds"] / (60 * float(about.get("minutes", 1)))
    share = last["step"] / about["steps"] if about.get("steps") else by_time
    st.progress(min(1.0, share), f"training {safe_label(about.get('net', 'the net'))}")
    if evaluations:
        _draw_pck_curve(evaluations)
    if st.button("Stop and save", icon="⏹"):
        stop_net_training(run)


def _show_fine_tuning_run(run: Run) -> None:
    """Show a past fine-tuning: status, PCK@0.1, error, Delete, and for a crashed one Save."""
    evaluations = run.records("look")
    mark, net = MARKS[run.status()], safe_label(run.about().get("net", ""))
    if evaluations:
        last = evaluations[-1]["held_out"]
        fractions = {name: stages[-1]["pck@0.1"] for name, stages in last.items()}
        pck = ", ".join(f"{name} {s:.1%}" for name, s in fractions.items() if s is not None)
        st.markdown(f"{mark} **{net}** · {run.name} · PCK@0.1: {pck or 'none held out'}")
    if reason := describe_failure(run):
        st.error(
            safe_label(f"The training of {run.about().get('net', '')} ended early: {reason}"),
            icon="❌",
        )
    dead = run.status() == DEAD and has_fine_tuning_checkpoint(run)
    if dead and st.button("Save what it had learned", icon="💾", key=f"keep_{run.name}"):
        with show_errors():
            save_last_checkpoint(studio().paths, run)
            st.rerun()
    with st.popover("Delete", icon="🗑️", key=f"delete_menu_{run.name}"):
        st.markdown("Its figures and checkpoints are deleted for good. The net stays.")
        if st.button("Delete this training", type="primary", key=f"delete_{run.name}"):
            with show_errors():
                delete_net_run(run)
                st.rerun()


def _draw_pck_curve(evaluations: list[dict[str, Any]]) -> None:
    """Draw the held-out PCK@0.1 per stage over the seconds of training; nothing without
    evaluations."""
    rows = [
        {"seconds": evaluation["seconds"], "stage": f"stage {i + 1}", "PCK": stage["pck@0.1"]}
        for evaluation in evaluations
        for stages in evaluation["held_out"].values()
        for i, stage in enumerate(stages)
    ]
    if rows:
        draw_chart(stages_chart(rows))
