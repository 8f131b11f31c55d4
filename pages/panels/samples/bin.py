"""The bin: deleted projects, gestures and persons, and deleted samples, each with a way back."""

import streamlit as st

from core.gestures.labels import safe_label
from core.review.reviewing import Wanted, find
from core.store import Project
from core.store.bin import PROJECT, Binned, list_bin, restore_from_bin, restore_samples
from core.store.index import read_bin, read_samples
from pages.panels.frame import errors_shown, studio
from pages.panels.samples.paging import turn_pages
from pages.panels.samples.picking import binned_bar, sample_grid

ICONS = {"project": "🗂", "gesture": "🖐", "person": "🧑"}
SHOWN = 50


def deleted_things(project: Project) -> None:
    """Projects, and this project's gestures and persons, each with a button."""
    found = list_bin(studio().store, project.id)
    for one in found[:SHOWN]:
        _line(project, one)
    if len(found) > SHOWN:
        st.caption(f"and {len(found) - SHOWN} older ones")
    if not found:
        st.caption("No deleted project, gesture or person.")


def _line(project: Project, one: Binned) -> None:
    n = f"{one.samples:,} sample{'' if one.samples == 1 else 's'}"
    when = one.at[:16].replace("T", " ")
    key = f"{one.kind}_{one.id}"
    with st.container(border=True, gap="small"):
        st.markdown(
            f"{ICONS[one.kind]} {one.kind} **{safe_label(one.name)}** · {n} · deleted {when} UTC"
        )
        if one.clash:
            st.caption(f"{safe_label(one.clash)}: type a new name for this one.")
        with st.container(horizontal=True, vertical_alignment="center"):
            if one.clash:
                st.text_input(
                    "New name",
                    key=f"name_{key}",
                    max_chars=40,
                    width=220,
                    placeholder="a new name",
                    label_visibility="collapsed",
                )
            st.button(
                "Restore",
                icon="↩️",
                key=f"back_{key}",
                on_click=_back,
                args=(project, one, f"name_{key}"),
            )


def _back(project: Project, one: Binned, key: str) -> None:
    with errors_shown():
        name = st.session_state.get(key, "").strip()
        back = restore_from_bin(studio().store, project.id, one.kind, one.id, name)
        came = "" if one.kind == PROJECT else f", with {back:,} samples"
        st.toast(f"{safe_label(name or one.name)} is back{came}", icon="↩️")


def deleted_samples(project: Project) -> None:
    """Samples that were deleted by themselves."""
    st.subheader("Samples", anchor=False)
    found = find(read_bin(studio().store, project.id), Wanted())
    if not len(found):
        st.caption(
            "No deleted samples, apart from those that come back with their gesture or person."
        )
        return
    shown = turn_pages(found)
    binned_bar(found, shown, lambda ids: _restore(project, ids))
    sample_grid(project, read_samples(studio().store, shown.tolist()), {}, binned=True)


def _restore(project: Project, ids: list[int]) -> None:
    with errors_shown():
        back = restore_samples(studio().store, project.id, ids)
        st.toast(f"{back:,} samples are back", icon="↩️")
