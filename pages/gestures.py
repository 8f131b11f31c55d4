"""Gestures: add, rename, order, switch off, merge, delete; and the people and sessions."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.gestures.labels import explain_gesture, safe_label
from core.store import Gesture, GestureOverview, Person, Project, curation
from core.store.rows import MOVING, STILL
from pages.panels.controls import pick_emoji
from pages.panels.language import t, tn
from pages.panels.layout import NOTHING_RECORDED, apply_and_rerun, show_errors, show_tabs
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio


def page() -> None:
    """Draw the page's open tab: gestures, people or sessions."""
    project = pick_project()
    contents = {
        t("✋ Gestures"): lambda: _show_gestures(project),
        t("🧑 People"): lambda: _show_people(project),
        t("🗓 Sessions"): lambda: _show_sessions(project),
    }
    show_tabs("gestures_tab", contents)


def _show_gestures(project: Project) -> None:
    """Draw the form for a new gesture and a row per gesture with its controls."""
    overviews = studio().store.overview(project.id)
    st.caption(t("Inactive gestures keep their samples but are not recorded or trained."))
    _add_gesture_form(project, moves=bool(overviews) and all(o.gesture.moves for o in overviews))
    gestures = {overview.gesture.id: overview.gesture for overview in overviews}
    for index, overview in enumerate(overviews):
        with st.container(border=True, key=f"row_{overview.gesture.id}"):
            _show_gesture_row(project, overview, gestures, index)
    if not overviews:
        st.info(
            t("This project has no gestures: add one above, or restore one on Review."), icon="✋"
        )


def _add_gesture_form(project: Project, *, moves: bool) -> None:
    """Draw the form for a new gesture; `moves` is the checkbox's initial state."""
    turn = st.session_state.get("added_gestures", 0)  # new keys empty the form and close it
    with (
        st.popover(t("Add a gesture"), icon="➕", key=f"add_{turn}"),
        st.form(f"add_gesture_{turn}", border=False),
    ):
        name = st.text_input(t("Name"), placeholder=t("peace"), key=f"add_name_{turn}")
        emoji = pick_emoji(f"add_{turn}")
        moves = st.checkbox(
            t("Moving gesture (swipe, circle)"),
            moves,
            key=f"add_moves_{turn}",
            help=t("Each sample is then one whole movement."),
        )
        if st.form_submit_button(t("Add"), type="primary", icon="➕"):
            with show_errors():
                kind = MOVING if moves else STILL
                studio().store.add_gesture(project.id, name, emoji, kind)
                st.session_state["added_gestures"] = turn + 1
                st.rerun()


def _show_gesture_row(
    project: Project, overview: GestureOverview, gestures: Mapping[int, Gesture], index: int
) -> None:
    """Draw a gesture's title, sample counts, Active switch, Up and Down buttons and edit form."""
    gesture, order = overview.gesture, list(gestures)
    # a row that wraps on a narrow screen, where columns would squeeze their buttons empty
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{safe_label(gesture.label.title)}**  \n:gray[{_describe_recordings(overview)}]",
            width="stretch",
        )
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="xsmall"
        ):
            # the state in the key: after an undo the widget must not restore its old value
            key = f"used_{gesture.id}_{gesture.enabled}"
            if st.toggle(t("Active"), gesture.enabled, key=key) != gesture.enabled:
                update = studio().store.update_gesture
                apply_and_rerun(update, gesture.id, enabled=not gesture.enabled)
            _move_button("⬆", t("Up in the order"), project, order, index, index - 1)
            _move_button("⬇", t("Down in the order"), project, order, index, index + 1)
            edit = st.popover(t("Edit"), icon="✏️", key=f"edit_{gesture.id}", on_change="rerun")
            if edit.open:  # a closed one stays empty: the page loads sooner
                with edit:
                    _edit_gesture_form(project, gesture, gestures)


def _describe_recordings(overview: GestureOverview) -> str:
    """Return a gesture's counts of samples, people and sessions, or how to perform it."""
    gesture = overview.gesture
    parts = [t("moves")] if gesture.moves else []
    if overview.samples:
        parts.append(tn(overview.samples, "{n:,} sample", "{n:,} samples"))
        parts.append(tn(overview.persons, "{n:,} person", "{n:,} persons"))
        parts.append(_count_sessions(overview.sessions))
    else:
        how = t(explain_gesture(gesture.name)) if gesture.moves else ""
        parts += filter(None, [t("nothing recorded yet"), how])
    return " · ".join(parts)


def _count_sessions(sessions: int) -> str:
    return tn(sessions, "{n:,} session", "{n:,} sessions")


def _move_button(
    icon: str, help_text: str, project: Project, order: list[int], index: int, target: int
) -> None:
    """Draw a button that swaps two gestures of the order and saves it."""
    if st.button(
        icon,
        key=f"{'Up' if target < index else 'Down'}_{order[index]}",
        help=help_text,
        disabled=not 0 <= target < len(order),
    ):
        order[index], order[target] = order[target], order[index]
        curation.order_gestures(studio().store, project.id, order)
        st.rerun()


def _edit_gesture_form(project: Project, gesture: Gesture, gestures: Mapping[int, Gesture]) -> None:
    """Draw the controls that rename a gesture, merge it into another of its kind, or delete it."""
    store = studio().store
    with st.form(f"change_{gesture.id}", border=False):
        name = st.text_input(t("Name"), gesture.name, key=f"name_{gesture.id}_{gesture.name}")
        emoji = pick_emoji(f"emoji_{gesture.id}_{gesture.emoji}", gesture.emoji)
        if st.form_submit_button(t("Save"), icon="💾", type="primary"):
            apply_and_rerun(store.update_gesture, gesture.id, name=name, emoji=emoji)
    others = {
        other.id: safe_label(other.label.title)
        for other in gestures.values()
        if other.id != gesture.id and other.kind == gesture.kind
    }
    _merge_form(
        others,
        f"into_{gesture.id}",
        f"merge_{gesture.id}",
        lambda target: curation.merge_gestures(store, project.id, gesture.id, target),
    )
    if st.button(t("Delete with its samples"), icon="🗑️", key=f"delete_{gesture.id}"):
        apply_and_rerun(store.delete_gesture, gesture.id)


def _merge_form(
    others: Mapping[int, str], key: str, button_key: str, merge: Callable[[int], object]
) -> None:
    """Show a selector for a merge target, if any, and the button that calls `merge` with its id."""
    if not others:
        return
    target = st.selectbox(
        t("Merge with"), list(others), None, key=key, format_func=lambda i: others[i]
    )
    if st.button(t("Merge"), icon="🔗", disabled=target is None, key=button_key):
        apply_and_rerun(merge, target)


def _show_people(project: Project) -> None:
    """Draw a row per person, or a hint if nothing is recorded."""
    store = studio().store
    persons, sessions = store.persons(project.id), curation.list_sessions(store, project.id)
    if not persons:
        st.info(t(NOTHING_RECORDED), icon="🧑")
        return
    st.caption(
        t(
            "Keep each person under one name: with two or more people, Mudra measures how well it "
            "recognises a new one."
        )
    )
    for person in persons:
        with st.container(border=True, key=f"person_{person.id}"):
            own = [session for session in sessions if session.person_id == person.id]
            _show_person_row(project, person, persons, own)


def _show_person_row(
    project: Project, person: Person, persons: list[Person], sessions: list[curation.Session]
) -> None:
    """Draw a person's name, counts of samples and sessions, and edit form."""
    samples = tn(sum(session.samples for session in sessions), "{n:,} sample", "{n:,} samples")
    counts = f"{samples} · {_count_sessions(len(sessions))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**🧑 {safe_label(person.name)}**  \n:gray[{counts}]", width="stretch")
        edit = st.popover(t("Edit"), icon="✏️", key=f"change_{person.id}", on_change="rerun")
        if edit.open:
            with edit:
                others = {p.id: safe_label(p.name) for p in persons if p.id != person.id}
                _edit_person_form(project, person, others)


def _edit_person_form(project: Project, person: Person, others: Mapping[int, str]) -> None:
    """Draw the controls that rename a person, merge them into another, or delete them."""
    store = studio().store
    with st.form(f"rename_{person.id}", border=False):
        name = st.text_input(t("Name"), person.name, key=f"called_{person.id}_{person.name}")
        if st.form_submit_button(t("Rename"), icon="✏️", type="primary"):
            apply_and_rerun(curation.rename_person, store, person.id, name)
    _merge_form(
        others,
        f"same_{person.id}",
        f"merge_p_{person.id}",
        lambda target: curation.merge_persons(store, project.id, person.id, target),
    )
    if st.button(t("Delete with all samples"), icon="🗑️", key=f"delete_p_{person.id}"):
        apply_and_rerun(store.delete_person, person.id)


def _show_sessions(project: Project) -> None:
    """Draw the table of recording sessions, and the edit form of the selected rows."""
    sessions = curation.list_sessions(studio().store, project.id)
    if not sessions:
        st.info(t(NOTHING_RECORDED), icon="🗓")
        return
    st.caption(t("Select sessions in the first column to rename, assign or delete them."))
    turn = st.session_state.get("sessions_turn", 0)
    table = st.dataframe(
        {
            t("person"): [session.person for session in sessions],
            t("session"): [session.name or "–" for session in sessions],
            t("when (UTC)"): [session.started_at[:16].replace("T", " ") for session in sessions],
            t("from"): [t(curation.describe_source(session.source)) for session in sessions],
            t("samples"): [session.samples for session in sessions],
        },
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="multi-row",
        key=f"sessions_{project.id}_{turn}",
    )
    selected = [sessions[row] for row in table.selection.rows if row < len(sessions)]
    if selected:
        with st.container(border=True), show_errors():
            _edit_sessions_form(project, selected)


def _edit_sessions_form(project: Project, selected: list[curation.Session]) -> None:
    """Draw the controls that assign sessions to a person, rename one, or delete their samples."""
    store, ids = studio().store, [session.id for session in selected]
    left, middle, right = st.columns(3, vertical_alignment="bottom", gap="medium")
    with left, st.form("assign", border=False):
        names = [person.name for person in store.persons(project.id)]
        person = st.selectbox(t("Recorded by"), names, None, accept_new_options=True)
        if st.form_submit_button(t("Assign"), icon="🧑") and person:
            curation.assign_sessions(store, project.id, ids, person)
            _clear_session_selection()
    with middle, st.form("name_session", border=False):
        name = st.text_input(t("Session name"), selected[0].name, placeholder=t("in the car"))
        if st.form_submit_button(
            t("Rename"), icon="✏️", disabled=len(selected) != 1, help=t("One session at a time.")
        ):
            curation.name_session(store, ids[0], name)
            _clear_session_selection()
    with right:
        total = sum(session.samples for session in selected)
        delete = tn(total, "Delete the {n:,} sample", "Delete the {n:,} samples")
        if st.button(delete, icon="🗑️", disabled=not total):
            curation.delete_session_samples(store, project.id, ids)
            _clear_session_selection()


def _clear_session_selection() -> None:
    st.session_state["sessions_turn"] = st.session_state.get("sessions_turn", 0) + 1
    st.rerun()


page()
