"""Review: look through the samples, fix or delete what went wrong, restore what was deleted."""

import streamlit as st

from core.gestures.labels import safe_label
from core.review.reviewing import BY_PERSON, NEWEST, SUSPECTED, Wanted, find, opinions
from core.store import Project
from core.store.curation import list_sessions
from core.store.index import SampleIndex, read_index, read_samples
from pages.panels.choice import pick_one
from pages.panels.frame import errors_shown, studio
from pages.panels.project.projects import pick_project
from pages.panels.samples.balance import balance, nothing_recorded
from pages.panels.samples.bin import deleted_samples, deleted_things
from pages.panels.samples.label_noise import label_noise_of
from pages.panels.samples.map import data_map
from pages.panels.samples.paging import first_page, turn_pages
from pages.panels.samples.picking import picked_bar, sample_grid
from pages.panels.words import many

SAMPLES, MAP, BALANCE, BIN = "🖐 Samples", "🗺️ Map", "⚖️ Balance", "🗑️ Bin"
ALL = 0  # no gesture, person or session has this id
ORDERS = {NEWEST: "newest first", SUSPECTED: "most suspect first", BY_PERSON: "by person"}


def page() -> None:
    """The views, and the chosen one."""
    project = pick_project()
    _from_link(project)
    views = [SAMPLES, MAP, BALANCE, BIN]
    view = pick_one("View", views, "review_view", label_visibility="collapsed")
    with errors_shown():
        if view == BIN:
            deleted_things(project)
            deleted_samples(project)
            return
        sample_index = read_index(studio().store, project.id)
        if view == BALANCE:
            balance(project, sample_index)
        elif not len(sample_index):
            nothing_recorded()
        elif view == MAP:
            data_map(project, sample_index)
        else:
            _samples(project, sample_index)


def _from_link(project: Project) -> None:
    """Who comes to see certain samples sees them, whatever was looked at last."""
    ids = st.session_state.get(f"review_ids_{project.id}")
    if ids is not None and ids is not st.session_state.get("review_ids_seen"):
        st.session_state["review_ids_seen"] = ids
        st.session_state["review_view"] = SAMPLES
        for title in ("Gesture", "Person", "Session"):
            st.session_state[f"review_{title}_{project.id}"] = ALL
        first_page()


def _samples(project: Project, sample_index: SampleIndex) -> None:
    st.caption("Pick the samples that are wrong, and delete or move them.")
    wanted = _filters(project)
    label_noise = label_noise_of(project, sample_index, wanted.order)
    persons = tuple(person.id for person in studio().store.persons(project.id))
    found = find(sample_index, wanted, label_noise=label_noise, persons=persons)
    if not len(found):
        st.info("No sample fits these choices.", icon="🔎")
        return
    shown = turn_pages(found)
    picked_bar(project, found, shown)
    known = opinions(label_noise, sample_index, shown) if label_noise else {}
    sample_grid(project, read_samples(studio().store, shown.tolist()), known)


def _filters(project: Project) -> Wanted:
    store = studio().store
    gestures = {g.id: g.label.title for g in store.gestures(project.id)}
    persons = {p.id: p.name for p in store.persons(project.id)}
    sessions = {v.id: f"{v.title} · {v.person}" for v in list_sessions(store, project.id)}
    named = {"Gesture": gestures, "Person": persons, "Session": sessions}
    with st.container(horizontal=True, key="filters"):
        gesture, person, session = (
            _filter(title, names, project) for title, names in named.items()
        )
        order = st.selectbox(
            "Order",
            list(ORDERS),
            key="review_order",
            persist_state="session",
            width=190,
            format_func=lambda o: ORDERS[o],
            on_change=first_page,
        )
    return Wanted(gesture, person, session, _given(project), order or NEWEST)


def _filter(title: str, names: dict[int, str], project: Project) -> int | None:
    """The chosen id; None where all are wanted."""
    chosen = st.selectbox(
        title,
        [ALL, *names],
        key=f"review_{title}_{project.id}",
        width=190,
        persist_state="session",
        on_change=first_page,
        format_func=lambda i: safe_label(names[i]) if i in names else "all",
    )
    return chosen or None


def _given(project: Project) -> tuple[int, ...] | None:
    """Samples that another page asked to see."""
    key = f"review_ids_{project.id}"
    ids = st.session_state.get(key)
    if ids is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"🔎 Only the {many(len(ids), 'sample')} that you came to see.")
        st.button("Show all", icon="✖️", on_click=lambda: st.session_state.pop(key, None))
    return tuple(ids)


page()
