"""Who recorded, and when: persons and sessions to rename, assign and delete."""

from typing import Any

import streamlit as st

from core.gestures.labels import format_count, safe_label
from core.store import Person, Project
from core.store.curation import (
    Session,
    assign_sessions,
    delete_session_samples,
    list_sessions,
    merge_persons,
    name_session,
    rename_person,
)
from pages.panels.layout import NOTHING_RECORDED, show_errors
from pages.panels.resources import studio


def show_people(project: Project) -> None:
    """A row a person."""
    store = studio().store
    persons, there = store.persons(project.id), list_sessions(store, project.id)
    if not persons:
        st.info(NOTHING_RECORDED, icon="🧑")
        return
    st.caption(
        "Keep each person under one name: with two or more, Mudra measures how well it "
        "understands a new one."
    )
    for person in persons:
        theirs = [session for session in there if session.person_id == person.id]
        with st.container(border=True, key=f"person_{person.id}"):
            _show_person_row(project, person, persons, theirs)


def _show_person_row(
    project: Project, person: Person, persons: list[Person], theirs: list[Session]
) -> None:
    samples = sum(session.samples for session in theirs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**🧑 {safe_label(person.name)}**  \n:gray[{format_count(samples, 'sample')} · "
            f"{format_count(len(theirs), 'session')}]",
            width="stretch",
        )
        change = st.popover("Change", icon="✏️", key=f"change_{person.id}", on_change="rerun")
        if change.open:
            with change:
                _edit_person(project, person, [p for p in persons if p.id != person.id])


def _edit_person(project: Project, person: Person, others: list[Person]) -> None:
    store = studio().store
    with st.form(f"rename_{person.id}", border=False):
        name = st.text_input("Name", person.name, key=f"called_{person.id}_{person.name}")
        if st.form_submit_button("Rename", icon="✏️", type="primary"):
            with show_errors():
                rename_person(store, person.id, name)
                st.rerun()
    if others:
        names = {p.id: safe_label(p.name) for p in others}
        into = st.selectbox(
            "The same person as",
            list(names),
            None,
            format_func=names.__getitem__,
            key=f"same_{person.id}",
        )
        if st.button("Merge", icon="🔗", disabled=into is None, key=f"merge_p_{person.id}"):
            assert into is not None
            with show_errors():
                merge_persons(store, project.id, person.id, into)
                st.rerun()
    if st.button("Delete with all samples", icon="🗑️", key=f"delete_p_{person.id}"):
        with show_errors():
            store.delete_person(person.id)
            st.rerun()


def show_sessions(project: Project) -> None:
    """The sessions in a table; what is chosen there can be named, assigned, deleted."""
    there = list_sessions(studio().store, project.id)
    if not there:
        st.info(NOTHING_RECORDED, icon="🗓")
        return
    st.caption("Choose sessions in the first column, then say whose they are or what to call them.")
    turn = st.session_state.get("sessions_turn", 0)
    table = st.dataframe(
        _session_columns(there),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="multi-row",
        key=f"sessions_{project.id}_{turn}",
    )
    chosen = [there[row] for row in table.selection.rows if row < len(there)]
    if chosen:
        with st.container(border=True), show_errors():
            _edit_sessions(project, chosen)


def _session_columns(there: list[Session]) -> dict[str, list[Any]]:
    return {
        "person": [v.person for v in there],  # a table's cells are shown as they are
        "session": [v.name or "–" for v in there],
        "when (UTC)": [v.started_at[:16].replace("T", " ") for v in there],
        "from": [v.source for v in there],
        "samples": [v.samples for v in there],
    }


def _edit_sessions(project: Project, chosen: list[Session]) -> None:
    store, ids = studio().store, [session.id for session in chosen]
    whose, called, away = st.columns(3, vertical_alignment="bottom", gap="medium")
    with whose, st.form("assign", border=False):
        names = [p.name for p in store.persons(project.id)]
        person = st.selectbox("Recorded by", names, None, accept_new_options=True)
        if st.form_submit_button("Assign", icon="🧑") and person:
            assign_sessions(store, project.id, ids, person)
            _clear_session_selection()
    with called, st.form("name_session", border=False):
        name = st.text_input("Call it", chosen[0].name, placeholder="in the car")
        if st.form_submit_button(
            "Name", icon="✏️", disabled=len(chosen) != 1, help="One session at a time."
        ):
            name_session(store, ids[0], name)
            _clear_session_selection()
    with away:
        total = sum(session.samples for session in chosen)
        if st.button(f"Delete the {format_count(total, 'sample')}", icon="🗑️", disabled=not total):
            delete_session_samples(store, project.id, ids)
            _clear_session_selection()


def _clear_session_selection() -> None:
    """The table anew, with nothing chosen."""
    st.session_state["sessions_turn"] = st.session_state.get("sessions_turn", 0) + 1
    st.rerun()
