"""Which gesture model is used: the picker that Live and Files share."""

import streamlit as st

from core.gestures.model.gesture_model import METADATA, MODEL, GestureModel
from core.jobs.trainings import has_model
from core.store import Project
from pages.panels.frame import errors_shown, load_model, run_title, studio

STARTER = "starter"
STARTER_TITLE = "Starter: the eight gestures"


def pick_model(project: Project) -> GestureModel | None:
    """One of the project's trained models, or the starter's; None where it can't be read."""
    trainings, paths = studio().trainings, studio().paths
    runs = {run.name: run for run in trainings.runs(project.name) if has_model(run)}
    names = [*runs, STARTER]
    start = project.active_model if project.active_model in names else STARTER
    name = st.selectbox(
        "Model",
        names,
        index=names.index(start),
        key=f"model_{project.id}",
        persist_state="session",
        format_func=lambda n: run_title(runs[n], project) if n in runs else STARTER_TITLE,
    )
    with errors_shown():
        folder = paths.model(name or STARTER)
        files = [file for name in (MODEL, METADATA) if (file := folder / name).is_file()]
        return load_model(folder, max((file.stat().st_mtime for file in files), default=0.0))
    return None


def answering_model(project: Project) -> tuple[GestureModel | None, str]:
    """The model that answers for the project, and which it is; None where it can't be read."""
    paths = studio().paths
    with errors_shown():
        folder = paths.model(project.active_model or STARTER)
        files = [file for name in (MODEL, METADATA) if (file := folder / name).is_file()]
        model = load_model(folder, max((file.stat().st_mtime for file in files), default=0.0))
        return model, "The starter model answers now: it knows the eight gestures."
    return None, ""
