"""Train: one button, curves while it learns, and how far the result can be trusted."""

import streamlit as st

from core.gestures.labels import safe_label
from core.learning.runs import FAILED, RUNNING, Run
from core.studio.store import Project
from core.studio.training_room import SPLITS, failure_of, has_model, result_of
from pages._charts import confusion_chart, curve_chart
from pages._net_training import fine_tuning
from pages._projects import pick_project
from pages._widgets import errors_shown, run_title, studio


def page() -> None:
    """What there is, the button, the running training, and the results so far."""
    project = pick_project()
    st.title("Train", anchor=False)
    _what_there_is(project)
    running = studio().room.running(project.name)
    _start(project, running)
    if running is not None:
        st.fragment(_watch, run_every=0.5)(running)
    else:
        _results(project)
    fine_tuning(project)


def _what_there_is(project: Project) -> None:
    rows = studio().store.overview(project.id)
    recorded = [row for row in rows if row.samples]
    if not recorded:
        st.info("Nothing is recorded yet.", icon="🎥")
        st.page_link("pages/record.py", label="Record gestures", icon="➡️")
        return
    st.dataframe(
        {
            "Gesture": [row.gesture.label.title for row in recorded],
            "Samples": [row.samples for row in recorded],
            "Persons": [row.persons for row in recorded],
            "Sessions": [row.sessions for row in recorded],
        },
        hide_index=True,
        width="stretch",
        column_config={"Samples": st.column_config.ProgressColumn(
            format="%d", min_value=0, max_value=max(row.samples for row in recorded))},
    )  # fmt: skip
    if not any(row.gesture.name == "none" for row in recorded):
        st.caption("Nothing is recorded for 🚫 none: the model will see one of the gestures in "
                   "every hand that it finds probable enough.")  # fmt: skip


def _start(project: Project, running: Run | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        begin = st.button("Train", icon="▶️", type="primary", disabled=running is not None)
        with st.popover("Options", icon="⚙️"):
            epochs = st.number_input("At most so many epochs", 1, 1000, 40, key="epochs",
                                     persist_state="session")  # fmt: skip
            seed = st.number_input("Seed", 0, 10**6, 0, key="seed", persist_state="session",
                                   help="The same seed gives the same result.")  # fmt: skip
    if begin:
        with errors_shown(), st.spinner("Preparing …"):
            studio().room.begin(project.name, seed=int(seed), epochs=int(epochs))
            st.rerun()


def _watch(run: Run) -> None:
    """The running training; a fragment, so that the curves move."""
    with errors_shown():
        if run.status() != RUNNING:
            st.session_state["show_run"] = run.name
            st.rerun()
        epochs = run.records("epoch")
        with st.container(horizontal=True, vertical_alignment="center"):
            last = epochs[-1] if epochs else None
            share = last["epoch"] / last["epochs"] if last else 0.0
            text = f"epoch {last['epoch']} of {last['epochs']}" if last else "starting …"
            st.progress(share, "saving …" if run.records("refit") else text)
            if st.button("Stop", icon="⏹", help="The best epoch so far is kept.",
                         disabled=not studio().room.can_stop(run)):  # fmt: skip
                studio().room.stop(run)
                st.toast("Stopping after this epoch: the best one is kept.")
        if epochs:
            _curves(epochs)


def _curves(epochs: list[dict]) -> None:  # type: ignore[type-arg]
    left, right = st.columns(2)
    left.altair_chart(curve_chart(epochs, "accuracy"), key="accuracy")
    right.altair_chart(curve_chart(epochs, "loss"), key="loss")


def _results(project: Project) -> None:
    runs = {run.name: run for run in studio().room.runs(project.name)}
    if not runs:
        return
    st.divider()
    wanted = st.session_state.pop("show_run", None)
    if wanted in runs:
        st.session_state["run"] = wanted
    elif st.session_state.get("run") not in runs:
        st.session_state.pop("run", None)
    name = st.selectbox("Trainings", list(runs), key="run", persist_state="session",
                        format_func=lambda n: run_title(runs[n], project))  # fmt: skip
    _show(runs[name], project)


def _show(run: Run, project: Project) -> None:
    result = result_of(run)
    if run.status() == FAILED:
        st.error(safe_label(f"The training ended early: {failure_of(run)}"), icon="❌")
    if result is not None:
        figures = result["figures"]
        low, high = figures["interval"]
        columns = st.columns(3)
        columns[0].metric("Right", f"{figures['accuracy']:.1%}", border=True,
                          help=f"of {figures['n']} samples that were kept apart")  # fmt: skip
        columns[1].metric("95 % interval", f"{low:.0%} – {high:.0%}", border=True)
        columns[2].metric("Time", f"{result['seconds']:.1f} s", border=True)
        st.markdown(f"Measured on **{result['split']}** split: {SPLITS[result['split']]}.")
    if has_model(run):
        if project.active_model == run.name:
            st.success("The Live page uses this model.", icon="✅")
        elif st.button("Use this model", icon="✨", type="primary"):
            studio().store.set_active_model(project.id, run.name)
            st.session_state.pop(f"model_{project.id}", None)
            st.rerun()
    if result is not None:
        st.altair_chart(confusion_chart(result["figures"]["confusion"], result["gestures"]))
    if epochs := run.records("epoch"):
        _curves(epochs)


page()
