"""Gestures: add, rename, order, switch off, merge, delete; and who recorded them."""

from typing import Any

import streamlit as st

from core.gestures.labels import format_count, how_to_perform, safe_label
from core.store import Gesture, GestureOverview, Project
from core.store.curation import merge_gestures, order_gestures
from core.store.rows import MOVING, STILL
from pages.panels.controls import pick_emoji
from pages.panels.layout import show_errors
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio
from pages.panels.samples.people import show_people, show_sessions


def page() -> None:
    """The project's gestures on one tab, persons and sessions on the others."""
    project = pick_project()
    shown = {"✋ Gestures": _show_gestures, "🧑 People": show_people, "🗓 Sessions": show_sessions}
    # a tab's and a popover's content is made when it is opened: the page stands sooner
    tabs = st.tabs(list(shown), key="gestures_tab", on_change="rerun")
    for tab, show in zip(tabs, shown.values(), strict=True):
        if tab.open:
            with tab:
                show(project)


def _show_gestures(project: Project) -> None:
    found = studio().store.overview(project.id)
    st.caption(
        "Add the gestures that you want to teach. Those not used keep their samples, but are "
        "neither recorded nor trained."
    )
    _add_gesture_form(
        project, moves=bool(found) and all(overview.gesture.moves for overview in found)
    )
    there = {overview.gesture.id: overview.gesture for overview in found}
    for index, overview in enumerate(found):
        with st.container(border=True, key=f"row_{overview.gesture.id}"):
            _show_gesture_row(project, overview, there, index)
    if not found:
        st.info("This project has no gestures: add one above, or restore one on Review.", icon="✋")


def _add_gesture_form(project: Project, *, moves: bool) -> None:
    turn = st.session_state.get("added_gestures", 0)  # new keys empty the form and close it
    with (
        st.popover("Add a gesture", icon="➕", key=f"add_{turn}"),
        st.form(f"add_gesture_{turn}", border=False),
    ):
        name = st.text_input("Name", placeholder="peace", key=f"add_name_{turn}")
        emoji = pick_emoji(f"add_{turn}")
        moves = st.checkbox(
            "It moves: a swipe, a circle",
            moves,
            key=f"add_moves_{turn}",
            help="A sample is one performance then. A gesture that is held still needs none.",
        )
        if st.form_submit_button("Add", type="primary", icon="➕"):
            with show_errors():
                kind = MOVING if moves else STILL
                studio().store.add_gesture(project.id, name, emoji, kind)
                st.session_state["added_gestures"] = turn + 1
                st.rerun()


def _show_gesture_row(
    project: Project, overview: GestureOverview, there: dict[int, Gesture], index: int
) -> None:
    gesture, order = overview.gesture, list(there)
    counts = {
        "sample": overview.samples,
        "person": overview.persons,
        "session": overview.sessions,
    }
    recorded = " · ".join(format_count(n, noun) for noun, n in counts.items())
    how = how_to_perform(gesture.name) if gesture.moves else ""
    told = recorded if overview.samples else f"nothing recorded yet · {how}".removesuffix(" · ")
    # a row that wraps on a narrow screen, where columns would squeeze their buttons empty
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{safe_label(gesture.label.title)}**  \n"
            f":gray[{'moves · ' if gesture.moves else ''}{told}]",
            width="stretch",
        )
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="xsmall"
        ):
            # the state in the key: after an undo the widget must not bring its old word back
            key = f"used_{gesture.id}_{gesture.enabled}"
            if st.toggle("Used", gesture.enabled, key=key) != gesture.enabled:
                _update_gesture(gesture, enabled=not gesture.enabled)
            _move_button("⬆", "Up", project, order, index, -1)
            _move_button("⬇", "Down", project, order, index, 1)
            edit = st.popover("Change", icon="✏️", key=f"edit_{gesture.id}", on_change="rerun")
            if edit.open:
                with edit:
                    _edit_gesture_form(project, gesture, there)


def _move_button(
    icon: str, to: str, project: Project, order: list[int], index: int, step: int
) -> None:
    there = index + step
    if st.button(
        icon,
        key=f"{to}_{order[index]}",
        help=f"{to} in the order",
        disabled=not 0 <= there < len(order),
    ):
        order[index], order[there] = order[there], order[index]
        order_gestures(studio().store, project.id, order)
        st.rerun()


def _update_gesture(gesture: Gesture, **changes: Any) -> None:
    with show_errors():
        studio().store.update_gesture(gesture.id, **changes)
        st.rerun()


def _edit_gesture_form(project: Project, gesture: Gesture, there: dict[int, Gesture]) -> None:
    store = studio().store
    with st.form(f"change_{gesture.id}", border=False):
        name = st.text_input("Name", gesture.name, key=f"name_{gesture.id}_{gesture.name}")
        emoji = pick_emoji(f"emoji_{gesture.id}_{gesture.emoji}", gesture.emoji)
        if st.form_submit_button("Save", icon="💾", type="primary"):
            _update_gesture(gesture, name=name, emoji=emoji)
    others = [i for i, other in there.items() if i != gesture.id and other.kind == gesture.kind]
    if others:
        into = st.selectbox(
            "Merge all its samples into",
            others,
            None,
            key=f"into_{gesture.id}",
            format_func=lambda i: safe_label(there[i].label.title),
        )
        if st.button("Merge", icon="🔗", disabled=into is None, key=f"merge_{gesture.id}"):
            assert into is not None
            with show_errors():
                merge_gestures(store, project.id, gesture.id, into)
                st.rerun()
    if st.button("Delete with its samples", icon="🗑️", key=f"delete_{gesture.id}"):
        with show_errors():
            store.delete_gesture(gesture.id)
            st.rerun()


page()
