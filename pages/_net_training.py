"""On the Train page: the light CPM taught further on one's own samples, in a process of its own."""

import altair as alt
import pandas as pd
import streamlit as st

from core.gestures.labels import safe_label
from core.learning.runs import RUNNING, Run, list_runs
from core.studio.net_training import start_fine_tuning, stop_net_training
from core.studio.store import Project
from pages._widgets import MARKS, errors_shown, studio


def fine_tuning(project: Project) -> None:
    """The form, and the nets' trainings so far."""
    with st.expander("The keypoint net: teach the light CPM on your hands", icon="🔥"):
        st.caption(
            "The light CPM learns from the joints that MediaPipe found in your samples (those with "
            "a picture). Every fifth recording is kept apart to measure. Afterwards the net is "
            "offered on Live, Record and Heatmaps under its name."
        )
        runs = list_runs(studio().places.net_runs)
        running = next((run for run in runs if run.status() == RUNNING), None)
        if running is None:
            _form(project)
        else:
            st.fragment(_watch, run_every=1.0)(running)
        for run in runs[:5]:
            if run is not running and run.records("look"):
                _line(run)


def _form(project: Project) -> None:
    with st.form("fine_tune", border=False):
        name = st.text_input("Name of the net", "cpm.my_hand")
        minutes = st.slider("Minutes", 1, 60, 5)
        if st.form_submit_button("Teach it", icon="🔥"):
            with errors_shown():
                start_fine_tuning(studio().places, project.name, name, minutes)
                st.session_state["fine_tuning"] = True
                st.toast("It begins in a few seconds, in a process of its own.", icon="🔥")
    if st.session_state.get("fine_tuning"):
        st.fragment(_begun, run_every=1.0)()


def _begun() -> None:
    """Until the new process has written its first line."""
    runs = list_runs(studio().places.net_runs)
    if runs and runs[0].status() == RUNNING:
        st.session_state["fine_tuning"] = False
        st.rerun()
    st.caption("⏳ starting …")


def _watch(run: Run) -> None:
    if run.status() != RUNNING:
        st.rerun()
    looks = run.records("look")
    about = run.about()
    total = 60 * float(about.get("minutes", 1))
    spent = looks[-1]["seconds"] if looks else 0.0
    st.progress(min(1.0, spent / total), f"teaching {safe_label(about.get('net', 'the net'))}")
    if looks:
        _curve(looks)
    if st.button("Stop and keep it", icon="⏹"):
        stop_net_training(run)


def _line(run: Run) -> None:
    looks = run.records("look")
    last = looks[-1]["held_out"]
    said = ", ".join(f"{name} {stages[-1]['pck@0.1']:.1%}" for name, stages in last.items())
    mark, net = MARKS[run.status()], safe_label(run.about().get("net", ""))
    st.markdown(f"{mark} **{net}** · {run.name} · right within a tenth of the hand: "
                f"{said or 'none held out'}")  # fmt: skip


def _curve(looks: list[dict]) -> None:  # type: ignore[type-arg]
    rows = [
        {"seconds": look["seconds"], "stage": f"stage {i + 1}", "PCK@0.1": stage["pck@0.1"]}
        for look in looks
        for stages in look["held_out"].values()
        for i, stage in enumerate(stages)
    ]
    if rows:
        chart = alt.Chart(pd.DataFrame(rows)).mark_line(point=True)
        st.altair_chart(chart.encode(x="seconds:Q", y="PCK@0.1:Q", color="stage:N"))
