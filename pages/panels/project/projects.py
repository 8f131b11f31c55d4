"""The project in the sidebar: selected, created, renamed, deleted; and the Undo bar."""

import time
from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from core.errors import StoreError
from core.pose.skeletons.table import SUBJECTS
from core.store import Project, Store
from core.words import mark
from pages.components import read_asset
from pages.panels.camera.stage import has_stage
from pages.panels.language import t
from pages.panels.layout import show_errors
from pages.panels.navigation import draw_navigation
from pages.panels.resources import studio
from pages.panels.visit import Action, last_action, select_project

SHOWN_S = 10.0  # the bar goes by itself after as long, as undo_bar.css says
BAR = "undo_bar"  # a fragment's callback that changes something calls `st.rerun([BAR, own_key])`


def _draw_undo_bar() -> None:
    """Draw the last change's title and Undo while it can be undone; its container's key changes
    with each change to restart the CSS animation. Later the button is out of sight, for Ctrl+Z."""
    act = _undoable_action()
    is_recent = act is not None and time.monotonic() - act.done_s <= SHOWN_S
    # two alternating names: the browser restarts the bar's time for every change
    look = "act_bar_none" if act is None else f"act_bar_{act.number % 2 if is_recent else 'past'}"
    with st.container(key=look, horizontal=True, vertical_alignment="center"):
        said = escape(t(act.entry.title)) if act and is_recent else ""
        st.html(f'<div role="status">{said}</div>', width="content")
        if act and st.button(
            t("Undo"), icon="↩️", key=f"act_{'undo' if is_recent else 'past'}_{act.entry.id}"
        ):
            _undo_action(act)


def _undoable_action() -> Action | None:
    """Return the last change while it is still in the history; None otherwise."""
    act = last_action()
    if act is None:
        return None
    there = studio().store.list_history(act.project_id)
    return act if act.entry in there else None


def _undo_action(action: Action) -> None:
    """Undo a change, select its project, show how many rows were restored, and rerun the page."""
    store, project_id = studio().store, action.project_id
    models = {project.id: project.active_model for project in store.projects()}
    with show_errors():
        back = store.undo(action.entry.id)
        restored = {project.id: project for project in store.projects()}.get(project_id)
        if restored and st.session_state.get("project_id") != project_id:
            select_project(project_id)
        if restored and models.get(project_id) != restored.active_model:
            st.session_state.pop(f"model_{project_id}", None)  # the choice of a model
        restored_text = t("Restored: {n:,}.", n=back)
        st.toast(
            restored_text if back else t("Nothing to undo: it has been changed since."), icon="↩️"
        )
        st.rerun()


FIRST_PROJECT = "My gestures"
# skeleton of a new project, and whether it starts with moving gestures
_KINDS = {name: (skeleton, False) for name, skeleton in SUBJECTS.items()}
_KINDS |= {mark("Moving hands"): (SUBJECTS["Hands"], True)}


def pick_project() -> Project:
    """Draw the undo bar and the sidebar's project controls; return the selected project."""
    if not has_stage():
        # If a page is a fresh server's first request, Streamlit runs it as an old-style multipage
        # app, without app.py, until `st.navigation` has been called once.
        draw_navigation()
        st.rerun()
    st.html(f"<style>{read_asset('undo_bar.css')}</style>")
    st.fragment(_draw_undo_bar, key=BAR)()
    store = studio().store
    projects = list_or_create_projects(store)
    project = _selected_project(projects)
    drawn: Project | None = st.session_state.get("project_drawn")
    if drawn and drawn.id == project.id and drawn.name != project.name:
        select_project(project.id)  # renamed elsewhere: its old name may be another's by now
    st.session_state["project_drawn"] = project
    ids = {one.name: one.id for one in projects}
    turn = st.session_state.get("project_turn", 0)
    key, names = f"project_{turn}", list(ids)
    with st.sidebar:
        st.selectbox(
            t("Project"),
            names,
            names.index(project.name),
            key=key,
            on_change=_select_from_sidebar,
            args=(key, ids),
        )
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            _new_project_form(store, turn)
            _edit_project_form(store, project, turn)
    st.session_state["project_id"] = project.id
    st.query_params["project"] = project.name
    return project


def list_or_create_projects(store: Store) -> Sequence[Project]:
    """Return all projects; create one if there are none."""
    if not store.projects():
        try:
            store.create_project(FIRST_PROJECT)
        except StoreError:
            if not store.projects():  # else another visitor created it at the same moment
                raise
    return store.projects()


def _selected_project(projects: Sequence[Project]) -> Project:
    """Return the project with the selected id, else the one named in the URL, else the first."""
    chosen, name = st.session_state.get("project_id"), st.query_params.get("project")
    by_id = next((one for one in projects if one.id == chosen), None)
    by_name = next((one for one in projects if one.name == name), None)
    return by_id or by_name or projects[0]


def _select_from_sidebar(key: str, ids: Mapping[str, int]) -> None:
    """Store the sidebar's selection; ignore late messages of a replaced widget."""
    turn = st.session_state.get("project_turn", 0)
    # else a late message of an old widget, or of a page being left
    if key == f"project_{turn}" and key in st.session_state:
        st.session_state["project_id"] = ids[st.session_state[key]]


def _new_project_form(store: Store, turn: int) -> None:
    """Draw the form for a new project: name, type, 3-D and keypoints only; create and select it."""
    with (
        st.popover(t("New"), width="stretch", key=f"new_{turn}"),
        st.form("new_project", border=False, clear_on_submit=True),
    ):
        name = st.text_input(t("Name"), placeholder=t("Rock, paper, scissors"))
        kind = st.radio(
            t("Type"), list(_KINDS), horizontal=True, key=f"about_{turn}", format_func=t
        )
        in_space = st.checkbox(
            t("Hands in 3-D"),
            help=t(
                "Learns from x, y and z of each keypoint, from a depth camera or as MediaPipe "
                "estimates them from a webcam."
            ),
            key=f"in_space_{turn}",
        )
        keypoints_only = st.checkbox(
            t("Store keypoints only"), help=t("No picture is stored, not even a crop.")
        )
        if not st.form_submit_button(t("Create"), type="primary"):
            return
        with show_errors():
            skeleton, motions = _KINDS[str(kind)]
            made = store.create_project(
                name,
                keypoints_only=keypoints_only,
                skeleton=skeleton.name,
                in_space=in_space,
                motions=motions,
            )
            select_project(made.id)
            st.rerun()


def _edit_project_form(store: Store, project: Project, turn: int) -> None:
    """Draw the controls that rename or delete the project."""
    with st.popover(t("Edit"), width="stretch", key=f"change_project_{turn}"):
        with st.form("rename_project", border=False):
            name = st.text_input(t("New name"), project.name, key=f"rename_{project.id}")
            if st.form_submit_button(t("Rename"), icon="✏️"):
                with show_errors():
                    store.rename_project(project.id, name)
                    select_project(project.id)
                    st.rerun()
        if st.button(t("Delete the project"), icon="🗑️", help=t("It can be undone.")):
            with show_errors():
                store.delete_project(project.id)
                select_project(None)
                st.rerun()
