"""Train: the Train button, curves while it runs, and how far the result can be trusted."""

import streamlit as st

from core.gestures.labels import safe_label
from core.jobs.trainings import KIND, excluded_samples_text
from core.pose.skeletons.table import skeleton_named
from core.store import GestureOverview, Project
from core.store.learned import set_train_in_space
from core.training.runs import RUNNING, Run
from pages.panels.layout import show_errors, show_table
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio
from pages.panels.samples.balance import next_step, show_no_samples
from pages.panels.training.net_training import show_fine_tuning
from pages.panels.training.texts import training_progress
from pages.panels.training.trained import show_curves_per_epoch, show_results

_PICTURE, _SPACE = "2-D (x, y)", "3-D (x, y, z)"


def page() -> None:
    """Draw the page: recorded gestures, Train, the running training, results of past ones, and net
    fine-tuning for hands."""
    project = pick_project()
    running = studio().trainings.find_running(project)
    recorded = [row for row in studio().store.overview(project.id) if row.samples]
    _show_recorded_gestures(project, recorded, running)
    _train_form(project, running, has_samples=bool(recorded))
    if running is not None:
        st.fragment(_watch_training, run_every=0.5)(running)
    if running is None or KIND in running.about():
        show_results(project, running)
    if skeleton_named(project.skeleton).is_hand:
        show_fine_tuning(project)


def _show_recorded_gestures(
    project: Project, recorded: list[GestureOverview], running: Run | None
) -> None:
    """Show what to do next and a table of samples, people and sessions per gesture; a hint without
    samples."""
    if not recorded:
        show_no_samples()
        return
    if running is not None:
        st.caption("⏳ Training. You can use other pages meanwhile.")
    else:
        st.caption(next_step(project, untrained=not studio().trainings.runs(project)))
    show_table(
        {
            "Gesture": [row.gesture.label.title for row in recorded],
            "Samples": [row.samples for row in recorded],
            "People": [row.persons for row in recorded],
            "Sessions": [row.sessions for row in recorded],
        },
        bar="Samples",
        bar_max=max(row.samples for row in recorded),
    )


def _train_form(project: Project, running: Run | None, *, has_samples: bool) -> None:
    """Draw Train with options (epochs, seed, 2-D or 3-D), and start a training; disabled without
    samples or while one runs."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        begin = st.button(
            "Train", icon="▶️", type="primary", disabled=running is not None or not has_samples
        )
        with st.popover("Options", icon="⚙️"):
            epochs = st.number_input(
                "Maximum epochs",
                1,
                1000,
                None,
                key="epochs",
                persist_state="session",
                placeholder="automatic",
            )
            seed = st.number_input(
                "Seed",
                0,
                10**6,
                0,
                key="seed",
                persist_state="session",
                help="The same seed gives the same result.",
            )
            pick_training_axes(project)
        if project.in_space:
            st.caption("Learns from 3-D keypoints.")
        if (
            has_samples
            and running is None
            and (left := excluded_samples_text(studio().store, project))
        ):
            st.caption(f"⚠️ {safe_label(left)}")
    if begin:
        with show_errors(), st.spinner("Preparing …"):
            studio().trainings.start_training(project, seed=int(seed), epochs=epochs)
            st.rerun()


def _watch_training(run: Run) -> None:
    """Show the running training's progress, Stop and curves; rerun the page when it ends."""
    with show_errors():
        if run.status() != RUNNING:
            if KIND not in run.about():
                st.session_state["show_run"] = run.name
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(*training_progress(run))
            kept = "" if KIND in run.about() else "What it has learned so far is kept."
            if st.button(
                "Stop", icon="⏹", help=kept or None, disabled=not studio().trainings.can_stop(run)
            ):
                studio().trainings.stop(run)
                st.toast(f"Stopping after this epoch. {kept}")
        if epochs := run.records("epoch"):
            show_curves_per_epoch(epochs)


def pick_training_axes(project: Project) -> None:
    """Draw the choice of 2-D or 3-D keypoints, for hand projects alone; save a change and rerun the
    page."""
    if not skeleton_named(project.skeleton).is_hand:
        return
    chosen = st.radio(
        "Learn from keypoints in",
        [_PICTURE, _SPACE],
        index=int(project.in_space),
        key=f"axes_{project.id}_{project.in_space}",
        help="3-D also uses rotation towards and away from the camera, measured by a depth camera "
        "or estimated by MediaPipe from a webcam.",
    )
    with show_errors():
        if (chosen == _SPACE) != project.in_space:
            set_train_in_space(studio().store, project, chosen == _SPACE)
            st.rerun()


page()
