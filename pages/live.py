"""Live: recognise gestures by a selected model, correct it, and send actions."""

import streamlit as st

from core.gestures.evaluation.verdict import Step
from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import LiveProcessor, Options
from core.live.streams import BrowserStream
from core.pose.types import LEFT, RIGHT
from core.recording.correcting import (
    HISTORY_S,
    AnalysedFrame,
    FrameHistory,
    add_correction,
    attach_crops,
    list_handedness,
)
from core.recording.recorder import Recorder
from core.store import Project
from core.words import mark
from pages.panels.camera.keypoints import pick_keypoints, pick_max_poses, pick_overlay
from pages.panels.camera.stage import current_stage
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.live.actions import show_actions
from pages.panels.live.models import model_for_keypoints, pick_model
from pages.panels.live.rules import show_rules
from pages.panels.live.smoothing import pick_smoothing, show_smoothing
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio
from pages.panels.training.verdict import show_verdict
from pages.panels.visit import last_action

PICTURES = 3
HANDEDNESS: dict[str | None, str] = {LEFT: mark("Left"), RIGHT: mark("Right")}


def page() -> None:
    """Draw the page: the answer beside the video; correction, actions and smoothing below."""
    project = pick_project()
    place = current_stage()
    with place.beside:
        model = pick_model(project)
        number = pick_max_poses(
            "two_hands", project.skeleton, help=t("Takes about 15 ms more per frame.")
        )
    with place.settings:
        smoothing = pick_smoothing(model)
        source = pick_keypoints("live", project)
        maps = pick_overlay("live", source)
    with place.beside:
        model = model_for_keypoints(model, source)
    options = Options(model, number, smoothing, source, maps)
    place.show_next_step(t("Show a gesture and see what the model says."))
    live = place.show(options, watch=recent_second().remember)
    with place.beside:
        place.show_answer("answer", project.skeleton, model, details=True)
        show_model_verdict(project, model)
    show_correction(live, project)
    show_rules(live, project)
    show_actions(live, project, model, smoothed=smoothing.hold_s > 0)
    show_smoothing(live, project.skeleton)


def show_model_verdict(project: Project, model: GestureModel | None) -> None:
    """Draw the verdict on the training of the selected model; nothing for other models."""
    runs = studio().trainings.runs(project) if model is not None else []
    for run in runs:
        if model is not None and run.path == model.path:
            show_verdict(project, run, tries_here=True, last=Step.EXPORT)


def recent_second() -> FrameHistory:
    """Return the last second of this visitor's stream."""
    return st.session_state.setdefault("last_second", FrameHistory())


def show_correction(live: LiveProcessor | None, project: Project) -> None:
    """Draw “That was wrong”, which freezes the last second; while frozen, draw the form that saves
    it as samples of the right gesture."""
    _show_last_correction(project)
    stream = current_stage().stream
    remote = stream if isinstance(stream, BrowserStream) else None
    if remote is not None:
        remote.keeps = live is not None and not project.keypoints_only
    frozen: tuple[AnalysedFrame, ...] = st.session_state.get(_frozen_key(project), ())
    if not frozen:
        if st.button(
            t("That was wrong"),
            icon="🙅",
            disabled=live is None,
            help=t(
                "Freezes the last {seconds:.0f} s to save as samples of the right gesture.",
                seconds=HISTORY_S,
            ),
        ):
            with show_errors():
                _freeze_last_second(project, remote)
        return
    with st.container(border=True, key="correction"):
        _draw_correction_form(frozen, project, remote)


def _frozen_key(project: Project) -> str:
    return f"frozen_{project.id}"


def _freeze_last_second(project: Project, remote: BrowserStream | None) -> None:
    """Freeze the last second, request its crops from the browser if needed, and rerun."""
    st.session_state[_frozen_key(project)] = moments = recent_second().freeze()
    if remote is not None and remote.keeps:
        remote.frames.request_crops([moment.frame.index for moment in moments])
    st.rerun()


def _draw_correction_form(
    frozen: tuple[AnalysedFrame, ...], project: Project, remote: BrowserStream | None
) -> None:
    """Draw three frozen frames, and the choice of hand and gesture that saves the samples."""
    st.markdown(t("**What was it?** The last second, {n} frames:", n=len(frozen)))
    some = frozen[:: max(1, -(-len(frozen) // PICTURES))]
    for column, moment in zip(st.columns(PICTURES), some, strict=False):
        column.image(moment.draw(), width="stretch", alt=t("A frame of the last second"))
    enabled = studio().store.gestures(project.id, enabled_only=True)
    gestures = {g.id: g for g in enabled if not g.moves}  # frames show what is held still
    hands = list_handedness(frozen)
    hand = None
    if len(hands) > 1:
        hand = st.segmented_control(
            t("Which hand"),
            hands,
            default=hands[0],
            required=True,
            format_func=lambda side: t(HANDEDNESS[side]),
        )
    chosen = st.pills(
        t("Right gesture"),
        list(gestures),
        key=f"it_is_{project.id}",
        format_func=lambda i: safe_label(gestures[i].label.title),
    )
    if chosen is not None:
        with show_errors():
            crops = remote.frames.wait_for_crops() if remote else {}
            _save_correction(project, chosen, attach_crops(frozen, crops), hand)
    if st.button(t("Cancel"), icon="↩️"):
        _end_correction(project)


def _save_correction(
    project: Project, gesture_id: int, frozen: tuple[AnalysedFrame, ...], hand: str | None
) -> None:
    """Save the frozen frames as samples of a gesture, and end the correction."""
    person = st.session_state.get("person") or "me"
    pictures = not project.keypoints_only
    recorder = Recorder(studio().store, project.id, person, with_pictures=pictures)
    add_correction(recorder, gesture_id, frozen, hand)
    st.session_state["corrected"] = last_action()
    _end_correction(project)


def _end_correction(project: Project) -> None:
    for key in (_frozen_key(project), f"it_is_{project.id}"):
        st.session_state.pop(key, None)
    st.rerun()


def _show_last_correction(project: Project) -> None:
    """Show the last correction with a link to Train, unless it was undone."""
    act = st.session_state.get("corrected")
    if act is None or act.entry not in studio().store.list_history(project.id):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        title = safe_label(t(act.entry.title))
        st.markdown(t("✅ {change}. Train again to use them.", change=title))
        st.page_link("pages/train.py", label=t("Train"), icon="📈")


page()
