"""The undo list: what was done to the project, each action with its button."""

import streamlit as st

from core.gestures.labels import safe_label
from core.store import Project, Store
from pages.panels.frame import errors_shown

SHOWN = 8


def undo_history(store: Store, project: Project) -> None:
    """The latest actions, each to be undone with a click; nothing where nothing was done."""
    entries = store.history(project.id)
    if not entries:
        return
    with st.popover("Undo", icon="↩️", width="stretch", help=safe_label(entries[0].title)):
        for entry in entries[:SHOWN]:
            when = entry.at[11:16]
            label = f"{safe_label(entry.title)} · {when} UTC"
            if st.button(label, key=f"undo_{entry.id}", width="stretch"):
                _undo(store, entry.id)
        if len(entries) > SHOWN:
            st.caption(f"and {len(entries) - SHOWN} before these")


def _undo(store: Store, entry_id: int) -> None:
    with errors_shown():
        back = store.undo(entry_id)
        st.toast(
            f"Undone: {back:,} back as before."
            if back
            else "Nothing was left to undo: all of it was changed since.",
            icon="↩️",
        )
        st.rerun()
