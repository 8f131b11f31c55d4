"""The gesture model in use, and whether it was trained on the selected keypoints."""

import time
from pathlib import Path

import streamlit as st

from core.gestures.evaluation.verdict import judge_training
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.active_model import (
    ARMS,
    STARTER,
    ActiveModel,
    active_model,
    find_shipped_model,
    has_model,
    model_changed_at,
)
from core.jobs.trainings import run_result
from core.reading.keypoint_sources import KeypointSource, depth_nets
from core.store import Project
from core.training.runs import Run
from pages.panels.layout import ESTIMATED_DEPTH_NOTE, show_errors
from pages.panels.resources import load_gesture_model, studio
from pages.panels.training.texts import count_text, run_started_at

STARTERS = {STARTER: "Starter: the eight gestures", ARMS: "Starter: the arm poses"}
KNOWS = {STARTER: "these eight", ARMS: "the arm poses"}

NO_MODEL = "No model yet: record, then train."
_OTHER_KEYPOINTS_ADVICE = "Record and train with these keypoints, or choose another model."


def pick_model(project: Project) -> GestureModel | None:
    """Show a selector for a trained or starter model; load and return it, None if there is none."""
    trainings, paths = studio().trainings, studio().paths
    runs = {run.name: run for run in trainings.runs(project) if has_model(run)}
    starter = find_shipped_model(project.skeleton)
    names = [*runs, *filter(None, [starter])]
    if not names:
        st.caption(NO_MODEL)
        return None
    start = active_model(paths, project).name
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
        format_func=lambda n: _model_title(runs[n]) if n in runs else STARTERS[n],
    )
    return _load_unchanged_model(paths.model(name or starter))


def _model_title(run: Run) -> str:
    """Return a model's title for a narrow column: time and recognised samples."""
    result = run_result(run)
    counted = f" ({count_text(judge_training(result).held_out)})" if result else ""
    return f"My model, {run_started_at(run)}{counted}"


def load_active_model(project: Project) -> tuple[GestureModel | None, str]:
    """Return the project's model in use and a sentence about it; None with a hint if there is none,
    or None and "" if it can't be read."""
    found = active_model(studio().paths, project)
    if not found.name:
        return None, NO_MODEL
    model = _load_unchanged_model(found.folder)
    return model, _describe_active_model(found) if model else ""


def _load_unchanged_model(folder: Path) -> GestureModel | None:
    """Return a model, cached until its files change; if it can't be read, show the error."""
    with show_errors():
        return load_gesture_model(folder, model_changed_at(folder))
    return None


def _describe_active_model(model: ActiveModel) -> str:
    """Return a sentence about the model in use: which gestures the starter model recognises, or
    when the user's own was trained."""
    if model.name in KNOWS:
        return f"Starter model: knows {KNOWS[model.name]}."
    now = time.localtime()
    learned = time.localtime(model.learned_at) if model.learned_at else now
    form = "%H:%M" if learned[:3] == now[:3] else "%Y-%m-%d %H:%M"
    trained = f" trained at {time.strftime(form, learned)}" if model.learned_at else ""
    untested = " (not tested yet)" if model.preliminary else ""
    return f"Using your model{trained}{untested}."


def model_for_keypoints(model: GestureModel | None, source: KeypointSource) -> GestureModel | None:
    """Return the model if it was trained on this source's keypoints; else show a warning."""
    came = source.training_estimator(studio().paths)
    if model is None or model.knows(came):
        if model is not None and model.axes == 3:
            st.caption(ESTIMATED_DEPTH_NOTE)
        return model
    of_depth = model.about.estimator in depth_nets(studio().paths)
    advice = "Use it on Depth." if of_depth else _OTHER_KEYPOINTS_ADVICE
    st.warning(
        f"The model was trained on {model.about.estimator} keypoints, these come from {came}: only "
        f"the skeleton is shown. {advice}",
        icon="🧩",
    )
    return None
