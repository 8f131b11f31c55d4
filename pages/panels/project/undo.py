"""The way back: what was done to the project, each act with its button."""

import streamlit as st

from core.gestures.labels import safe_label
from core.store import Project, Store
from pages.panels.frame import errors_shown

SHOWN = 8


def undo_history(store: Store, project: Project) -> None:
    """The latest acts, each to be undone with a click; nothing where nothing was done."""
    acts = store.acts(project.id)
    if not acts:
        return
    with st.popover("Undo", icon="↩️", width="stretch", help=safe_label(acts[0].title)):
        for act in acts[:SHOWN]:
            when = act.at[11:16]
            label = f"{safe_label(act.title)} · {when} UTC"
            if st.button(label, key=f"undo_{act.id}", width="stretch"):
                _undo(store, act.id)
        if len(acts) > SHOWN:
            st.caption(f"and {len(acts) - SHOWN} before these")


def _undo(store: Store, act_id: int) -> None:
    with errors_shown():
        back = store.undo(act_id)
        st.toast(f"Undone: {back:,} back as before." if back else
                 "Nothing was left to undo: all of it was changed since.", icon="↩️")  # fmt: skip
        st.rerun()
