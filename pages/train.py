"""Train: the Train button, how far its result can be trusted, and fine-tuning of a net."""

import streamlit as st

from core.gestures.labels import safe_label
from core.jobs import net_training
from core.jobs.trainings import KIND, describe_failure, excluded_samples_text
from core.pose.skeletons.table import skeleton_named
from core.store import GestureOverview, Project
from core.store.learned import set_train_in_space
from core.training.runs import DEAD, RUNNING, Run, list_runs
from core.words import mark
from pages.panels.language import t
from pages.panels.layout import (
    apply_and_rerun,
    confirm_in_popover,
    show_errors,
    show_table,
    stacking_columns,
)
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio
from pages.panels.samples.balance import next_step, show_no_samples
from pages.panels.training.charts import draw_chart, stages_chart
from pages.panels.training.texts import MARKS, training_progress
from pages.panels.training.trained import (
    pick_run,
    show_curves_per_epoch,
    show_details,
    show_result,
)

_PICTURE, _SPACE = mark("2-D (x, y)"), mark("3-D (x, y, z)")


def page() -> None:
    """Draw the page: Train, its progress, the verdict, recorded gestures, details, fine-tuning."""
    project = pick_project()
    running = studio().trainings.find_running(project)
    runs = studio().trainings.runs(project)
    recorded = [row for row in studio().store.overview(project.id) if row.samples]
    if not recorded:
        show_no_samples()
    elif not runs:
        st.caption(next_step(project, untrained=True))
    _train_form(project, running, has_samples=bool(recorded))
    if running is not None:
        st.caption(t("⏳ You can use other pages meanwhile."))
        st.fragment(_watch_training, run_every=0.5)(running)
    shown = runs and (running is None or KIND in running.about())
    left, right = stacking_columns("results", 5, 4) if shown and recorded else (st.container(),) * 2
    with left:
        run = pick_run(project, runs) if shown else None
        if run is not None:
            show_result(run, project)
    with right:
        if recorded:
            _show_recorded_gestures(recorded)
    if run is not None:
        show_details(run, project, running)
    if skeleton_named(project.skeleton).is_hand:
        show_fine_tuning(project)


def _show_recorded_gestures(recorded: list[GestureOverview]) -> None:
    """Show a table of samples, people and sessions per gesture."""
    show_table(
        {
            t("Gesture"): [row.gesture.label.title for row in recorded],
            t("Samples"): [row.samples for row in recorded],
            t("People"): [row.persons for row in recorded],
            t("Sessions"): [row.sessions for row in recorded],
        },
        bar=t("Samples"),
        bar_max=max(row.samples for row in recorded),
    )


def _train_form(project: Project, running: Run | None, *, has_samples: bool) -> None:
    """Draw Train with options (epochs, seed, 2-D or 3-D), and start a training run."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        begin = st.button(
            t("Train"), icon="▶️", type="primary", disabled=running is not None or not has_samples
        )
        with st.popover(t("Options"), icon="⚙️"):
            epochs = st.number_input(
                t("Maximum epochs"),
                1,
                1000,
                None,
                key="epochs",
                persist_state="session",
                placeholder=t("automatic"),
            )
            seed = st.number_input(
                t("Seed"),
                0,
                10**6,
                0,
                key="seed",
                persist_state="session",
                help=t("The same seed gives the same result."),
            )
            pick_training_axes(project)
        if project.in_space:
            st.caption(t("Learns from 3-D keypoints."))
        ready = has_samples and running is None
        if ready and (left := excluded_samples_text(studio().store, project)):
            st.caption(f"⚠️ {safe_label(t(left))}")
    if begin:
        with show_errors(), st.spinner(t("Preparing …")):
            studio().trainings.start_training(project, seed=int(seed), epochs=epochs)
            st.rerun()


def _watch_training(run: Run) -> None:
    """Show a training run's progress, Stop and curves; rerun the page when it ends."""
    with show_errors():
        if run.status() != RUNNING:
            if KIND not in run.about():
                st.session_state["show_run"] = run.name
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            fraction, text = training_progress(run)
            st.progress(fraction, t(text))
            kept = "" if KIND in run.about() else t("What it has learned so far is kept.")
            can_stop = studio().trainings.can_stop(run)
            if st.button(t("Stop"), icon="⏹", help=kept or None, disabled=not can_stop):
                studio().trainings.stop(run)
                stopping = t("Stopping after this epoch.")
                st.toast(f"{stopping} {kept}")
        if epochs := run.records("epoch"):
            show_curves_per_epoch(epochs)


def pick_training_axes(project: Project) -> None:
    """Show a selector for 2-D or 3-D keypoints for hand projects; save a change and rerun."""
    if not skeleton_named(project.skeleton).is_hand:
        return
    chosen = st.radio(
        t("Learn from keypoints in"),
        [_PICTURE, _SPACE],
        format_func=t,
        index=int(project.in_space),
        key=f"axes_{project.id}_{project.in_space}",
        help=t(
            "3-D also uses rotation towards and away from the camera, measured by a depth camera "
            "or estimated by MediaPipe from a webcam."
        ),
    )
    if (chosen == _SPACE) != project.in_space:
        apply_and_rerun(set_train_in_space, studio().store, project, chosen == _SPACE)


def show_fine_tuning(project: Project) -> None:
    """Show the form that fine-tunes the CPM net, or the current run, then the last five runs."""
    runs = list_runs(studio().paths.net_runs)
    running = next((run for run in runs if run.status() == RUNNING), None)
    news = running is not None or bool(runs and describe_failure(runs[0]))
    title = t("The keypoint net: fine-tune the light CPM on your hands")
    with st.expander(title, news, icon="🔥"):
        st.caption(
            t(
                "The light CPM learns from the keypoints that MediaPipe found in your samples with "
                "a picture. Every fifth recording is kept for testing. Live, Record and Heatmaps "
                "then offer the net by its name."
            )
        )
        if running is None:
            _fine_tuning_form(project)
        else:
            st.fragment(_watch_fine_tuning, run_every=1.0)(running)
        for run in runs[:5]:
            if run is not running:
                _show_fine_tuning_run(run)


def _fine_tuning_form(project: Project) -> None:
    """Draw name, minutes and Fine-tune; then wait for the process to start, or show its error."""
    with st.form("fine_tune", border=False):
        name = st.text_input(t("Name of the net"), "cpm.my_hand")
        minutes = st.slider(t("Minutes"), 1, 60, 5)
        if st.form_submit_button(t("Fine-tune"), icon="🔥"):
            with show_errors():
                net_training.start_fine_tuning(studio().paths, project.name, name, minutes)
                st.toast(t("It starts in a few seconds."), icon="🔥")
    start = net_training.find_latest_fine_tuning(studio().paths)
    if start is None:
        return
    if start.failure:
        text = t("The fine-tuning did not start: {reason}", reason=t(start.failure))
        st.error(safe_label(text), icon="❌")
    elif start.is_starting:
        st.fragment(_watch_fine_tuning_start, run_every=1.0)(start)
    elif start.run is not None and start.run.status() == RUNNING:
        st.rerun()


def _watch_fine_tuning_start(process: net_training.FineTuningProcess) -> None:
    """Show that a fine-tuning is starting; rerun the page once it has started or failed."""
    if not process.is_starting:
        st.rerun()
    st.caption(t("⏳ starting …"))


def _watch_fine_tuning(run: Run) -> None:
    """Show a running fine-tuning's progress, PCK curve and Stop; rerun the page when it ends."""
    if run.status() != RUNNING:
        st.rerun()
    evaluations = run.records("look")
    about = run.about()
    last = evaluations[-1] if evaluations else {"seconds": 0.0, "step": 0}
    by_time = last["seconds"] / (60 * float(about.get("minutes", 1)))
    share = last["step"] / about["steps"] if about.get("steps") else by_time
    net = about.get("net") or t("the net")
    st.progress(min(1.0, share), t("training {net}", net=safe_label(net)))
    rows = [
        {
            "seconds": evaluation["seconds"],
            "stage": t("stage {n}", n=i + 1),
            "PCK": stage["pck@0.1"],
        }
        for evaluation in evaluations
        for stages in evaluation["held_out"].values()
        for i, stage in enumerate(stages)
    ]
    if rows:
        draw_chart(stages_chart(rows))
    if st.button(t("Stop and save"), icon="⏹"):
        net_training.stop_net_training(run)


def _show_fine_tuning_run(run: Run) -> None:
    """Show a past fine-tuning run: status, PCK@0.1, error, Delete, and Save if it crashed."""
    evaluations = run.records("look")
    sign, name = MARKS[run.status()], run.about().get("net", "")
    if evaluations:
        last = evaluations[-1]["held_out"]
        fractions = {name: stages[-1]["pck@0.1"] for name, stages in last.items()}
        pck = ", ".join(f"{data} {s:.1%}" for data, s in fractions.items() if s is not None)
        pck = pck or t("none held out")
        st.markdown(f"{sign} **{safe_label(name)}** · {run.name} · PCK@0.1: {pck}")
    if reason := describe_failure(run):
        text = t("The training of {net} ended early: {reason}", net=name, reason=t(reason))
        st.error(safe_label(text), icon="❌")
    dead = run.status() == DEAD and net_training.has_fine_tuning_checkpoint(run)
    if dead and st.button(t("Save what it had learned"), icon="💾", key=f"keep_{run.name}"):
        apply_and_rerun(net_training.save_last_checkpoint, studio().paths, run)
    explanation = t("Its figures and checkpoints are deleted for good. The net stays.")
    button, key = t("Delete this training"), f"delete_{run.name}"
    if confirm_in_popover(t("Delete"), "🗑️", explanation, button, key):
        apply_and_rerun(net_training.delete_net_run, run)


page()
