"""Class: a guest records into one project and sees its answer, and nothing else of the studio."""

from functools import partial

import streamlit as st

from core.classroom.cards import GuestCards
from core.classroom.invitations import Guest, check_guest_name
from core.classroom.watch import ProjectWatch
from core.gestures.labels import safe_label
from core.live.live import Options
from core.live.session import LiveSession
from core.modelfiles.browser_files import has_browser_files
from core.reading.keypoint_sources import default_source
from core.recording.plans import HELD
from core.store import Project
from core.words import mark, words
from pages.components.stage import Lines, draw_lines
from pages.panels.access import current_guest, invitations
from pages.panels.camera.stage import current_stage
from pages.panels.language import t
from pages.panels.layout import apply_and_rerun, show_errors
from pages.panels.recording.cards import draw_gesture_cards
from pages.panels.recording.options import show_recorded_video, visit_recorder
from pages.panels.resources import Studio, studio_of_guest, watch_project

_LINES, _NAME = "class", "wanted_name"
_SAVED_KEYPOINTS = mark("Your name and the keypoints of what you record are saved in this project.")
_SAVED_PICTURES = mark(
    "Your name and the keypoints and small pictures of what you record are saved in this project."
)


def page() -> None:
    """Draw the page: at first the field for the name, then the video, cards and answer."""
    guest = current_guest()
    if guest is None:
        st.stop()
    host = studio_of_guest(guest)
    project, watch = guest.invitation.project, watch_project(host, guest.invitation.project)
    problem = guest.invitation.problem or watch.view().problem
    if not has_browser_files(host.paths.weights):
        problem = words(
            "Hand tracking on your device is not installed in this studio: tell its owner."
        )
    if problem or not guest.name:
        with current_stage().replace_video(), show_errors():
            if problem:
                st.error(safe_label(t(problem)), icon="⚠️")
            else:
                _ask_name(guest, host, project)
        return
    _draw_class(guest, host, project, watch)


def _ask_name(guest: Guest, host: Studio, project: Project) -> None:
    """Draw the field for the name; take it, once confirmed if the project knows that person."""
    with st.form("name", border=False):
        st.markdown(
            t(
                "You are invited to record gestures into **{project}**.",
                project=safe_label(project.name),
            )
        )
        name = st.text_input(t("Your name"), max_chars=40, autocomplete="given-name")
        if st.form_submit_button(t("Join"), type="primary"):
            st.session_state[_NAME] = name
        st.caption(t(_SAVED_KEYPOINTS if project.keypoints_only else _SAVED_PICTURES))
    if (wanted := st.session_state.get(_NAME)) is None:
        return
    safe = check_guest_name(guest, wanted)
    known = {person.name.casefold() for person in host.store.persons(project.id)}
    if safe.casefold() in known:
        st.info(
            t("“{name}” is in this project already. Is that you?", name=safe_label(safe)), icon="👋"
        )
        if not st.button(t("Yes, I am {name}", name=safe_label(safe))):
            return
    apply_and_rerun(invitations.name_guest, guest, safe)


def _draw_class(guest: Guest, host: Studio, project: Project, watch: ProjectWatch) -> None:
    """Draw the video, the cards and the answer of the project's model in use."""
    place = current_stage()
    with place.head:
        st.caption(
            t(
                "You are **{name}** in **{project}**.",
                name=safe_label(guest.name),
                project=safe_label(project.name),
            )
        )
    recorder = visit_recorder(project, guest.name, store=host.store)
    options = Options(watch.view().model, keypoints=default_source(project.skeleton))
    live = show_recorded_video(place, options, recorder)
    with place.beside:
        make_cards = partial(GuestCards, guest=guest)
        draw_gesture_cards(project, recorder, live, HELD, "class_cards", make_cards=make_cards)
    place.session.show(_LINES, partial(_use_current_model, place.session, watch))
    with place.under:
        place.show_answer("studio_answer", project.skeleton)  # beside the video on a phone, too
        draw_lines("class_lines", _LINES)


def _use_current_model(session: LiveSession, watch: ProjectWatch) -> Lines:
    """Let the model that the project uses now answer; return what is said about it."""
    view, stream = watch.view(), session.stream
    if view.problem:
        return {"errors": [view.problem]}
    if stream is not None and stream.live.options.model is not view.model:
        stream.live.change_options(model=view.model)
    return {"texts": [view.text], "errors": []}


page()
