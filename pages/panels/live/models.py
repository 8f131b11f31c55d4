"""Which gesture model is used: the picker that Live and Files share."""

import time
from pathlib import Path

import streamlit as st

from core.gestures.modelfile.gesture_model import METADATA, MODEL, MOTIONS, GestureModel
from core.jobs.answering import ARMS, STARTER, Answering, answering, has_model, starter_of
from core.jobs.trainings import result_of
from core.learning.runs import Run
from core.store import Project
from pages.panels.frame import errors_shown, load_model, studio, when

STARTERS = {STARTER: "Starter: the eight gestures", ARMS: "Starter: the arm poses"}
KNOWS = {STARTER: "the eight gestures", ARMS: "the arm poses"}

NO_MODEL = "No model answers yet: record, then train."


def pick_model(project: Project) -> GestureModel | None:
    """One of the project's trained models, or the starter's; None where it can't be read."""
    trainings, paths = studio().trainings, studio().paths
    runs = {run.name: run for run in trainings.runs(project) if has_model(run)}
    starter = starter_of(project.skeleton)
    names = [*runs, *filter(None, [starter])]
    if not names:
        st.caption(NO_MODEL)
        return None
    start = answering(paths, project).name
    key, before = f"model_{project.id}", f"answering_{project.id}"
    if st.session_state.get(before, start) != start:  # a training has ended since
        st.session_state.pop(key, None)
    st.session_state[before] = start
    name = st.selectbox(
        "Model",
        names,
        index=names.index(start) if start in names else len(runs),
        key=key,
        persist_state="session",
        format_func=lambda n: _title(runs[n]) if n in runs else STARTERS[n],
    )
    with errors_shown():
        return _loaded(paths.model(name or starter))
    return None


def _title(run: Run) -> str:
    """Short enough for a narrow column; Train says the rest."""
    result = result_of(run)
    return when(run) + (f" · {result['figures']['accuracy']:.1%}" if result else "")


def answering_model(project: Project) -> tuple[GestureModel | None, str]:
    """The model that answers for the project, and which it is; None where it can't be read."""
    found = answering(studio().paths, project)
    if not found.name:
        return None, NO_MODEL
    with errors_shown():
        return _loaded(found.folder), _said(found)
    return None, ""


def _loaded(folder: Path) -> GestureModel:
    return load_model(folder, changed_at(folder))


def changed_at(folder: Path) -> float:
    """When a model's files, or those of the moving gestures beside it, were last written."""
    places = (folder, folder / MOTIONS)
    files = [f for place in places for name in (MODEL, METADATA) if (f := place / name).is_file()]
    return max((file.stat().st_mtime for file in files), default=0.0)


def _said(found: Answering) -> str:
    if found.name in KNOWS:
        return f"The starter model answers now: it knows {KNOWS[found.name]}."
    now = time.localtime()
    learned = time.localtime(found.learned_at) if found.learned_at else now
    form = "%H:%M" if learned[:3] == now[:3] else "%Y-%m-%d %H:%M"
    model = f"The model of {time.strftime(form, learned)}" if found.learned_at else "Your model"
    if found.preliminary:
        return f"{model} answers now; nothing was measured of it yet."
    return f"{model} answers now."
