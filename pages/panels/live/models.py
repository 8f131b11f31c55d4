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
from core.words import mark
from pages.panels.language import t
from pages.panels.layout import ESTIMATED_DEPTH_NOTE, show_errors
from pages.panels.resources import load_gesture_model, studio
from pages.panels.training.texts import count_text, run_started_at

STARTERS = {STARTER: mark("Starter: the eight gestures"), ARMS: mark("Starter: the arm poses")}
_KNOWS = {
    STARTER: mark("Starter model: knows these eight."),
    ARMS: mark("Starter model: knows the arm poses."),
}

NO_MODEL = mark("No model yet: record, then train.")


def pick_model(project: Project) -> GestureModel | None:
    """Show a selector for a trained or starter model; load and return it, None if there is none."""
    trainings, paths = studio().trainings, studio().paths
    runs = {run.name: run for run in trainings.runs(project) if has_model(run)}
    starter = find_shipped_model(project.skeleton)
    names = [*runs, *filter(None, [starter])]
    if not names:
        st.caption(t(NO_MODEL))
        return None
    start = active_model(paths, project).name
    key, before = f"model_{project.id}", f"answering_{project.id}"
    if st.session_state.get(before, start) != start:  # a training has ended since
        st.session_state.pop(key, None)
    st.session_state[before] = start
    name = st.selectbox(
        t("Model"),
        names,
        index=names.index(start) if start in names else len(runs),
        key=key,
        persist_state="session",
        format_func=lambda n: _model_title(runs[n]) if n in runs else t(STARTERS[n]),
    )
    return _load_unchanged_model(paths.model(name or starter))


def _model_title(run: Run) -> str:
    """Return a model's title for a narrow column: time and recognised samples."""
    result = run_result(run)
    time_text = run_started_at(run)
    if not result:
        return t("My model, {time}", time=time_text)
    counted = count_text(judge_training(result).held_out)
    return t("My model, {time} ({count})", time=time_text, count=counted)


def load_active_model(project: Project) -> tuple[GestureModel | None, str]:
    """Return the project's model in use and a sentence about it; None with a hint if there is none,
    or None and "" if it can't be read."""
    found = active_model(studio().paths, project)
    if not found.name:
        return None, t(NO_MODEL)
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
    if model.name in _KNOWS:
        return t(_KNOWS[model.name])
    if not model.learned_at:
        return t("Using your model.")
    now, learned = time.localtime(), time.localtime(model.learned_at)
    form = "%H:%M" if learned[:3] == now[:3] else "%Y-%m-%d %H:%M"
    trained_at = time.strftime(form, learned)
    if model.preliminary:
        return t("Using your model trained at {time} (not tested yet).", time=trained_at)
    return t("Using your model trained at {time}.", time=trained_at)


def model_for_keypoints(model: GestureModel | None, source: KeypointSource) -> GestureModel | None:
    """Return the model if it was trained on this source's keypoints; else show a warning."""
    came = source.training_estimator(studio().paths)
    if model is None or model.knows(came):
        if model is not None and model.axes == 3:
            st.caption(t(ESTIMATED_DEPTH_NOTE))
        return model
    of_depth = model.about.estimator in depth_nets(studio().paths)
    problem = t(
        "The model was trained on {known} keypoints, these come from {came}: only the skeleton is "
        "shown.",
        known=model.about.estimator,
        came=came,
    )
    other = t("Record and train with these keypoints, or choose another model.")
    advice = t("Use it on Depth.") if of_depth else other
    st.warning(f"{problem} {advice}", icon="🧩")
    return None
