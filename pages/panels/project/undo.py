"""Undo: a bar at the bottom of the window with the act just done."""

import time
from html import escape

import streamlit as st

from core.store import Project
from pages.components import source
from pages.panels.layout import errors_shown
from pages.panels.resources import studio
from pages.panels.visit import Act, latest_act, use_project

SHOWN_S = 10.0  # the bar goes by itself after as long, as undo_bar.css says
BAR = "undo_bar"


def undo_bar() -> None:
    """What this visitor just did, with its Undo; nothing is seen where there is nothing.

    A fragment's callback that acts draws it by `st.rerun([BAR, …])`, the fragment's own key in
    place of the dots.
    """
    st.html(f"<style>{source('undo_bar.css')}</style>")
    st.fragment(_bar, key=BAR)()


def _bar() -> None:
    act = _fresh_act()
    # two names in turn: the browser counts anew for every act
    look = f"act_bar_{act.number % 2}" if act else "act_bar_none"
    with st.container(key=look, horizontal=True, vertical_alignment="center"):
        said = escape(act.entry.title) if act else ""
        st.html(f'<div role="status">{said}</div>', width="content")
        if act and st.button("Undo", icon="↩️", key=f"act_undo_{act.entry.id}"):
            _undo(act)


def _fresh_act() -> Act | None:
    """The last act, while it is shown and can be undone."""
    act = latest_act()
    if act is None or time.monotonic() - act.done_s > SHOWN_S:
        return None
    there = studio().store.history(act.project_id)
    return act if act.entry in there else None


def _undo(act: Act) -> None:
    store, project_id = studio().store, act.project_id
    models = {project.id: project.active_model for project in store.projects()}
    with errors_shown():
        back = store.undo(act.entry.id)
        for project in store.projects():
            if project.id == project_id:
                _open(project, other_model=models.get(project_id) != project.active_model)
        st.toast(
            f"Undone: {back:,} back as before."
            if back
            else "Nothing was left to undo: all of it was changed since.",
            icon="↩️",
        )
        st.rerun()


def _open(project: Project, *, other_model: bool) -> None:
    """Have what came back on the page."""
    if st.session_state.get("project_id") != project.id:
        use_project(project.id)
    if other_model:
        st.session_state.pop(f"model_{project.id}", None)
