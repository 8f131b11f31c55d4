"""The Record page's gesture: chosen, or added as one of one's own."""

import streamlit as st

from core.gestures.labels import safe_label
from core.store import Gesture, Project
from pages.panels.frame import errors_shown, studio


def pick_gesture(project: Project) -> Gesture:
    """One of the enabled gestures; where there is none, the page ends with what to do."""
    store = studio().store
    gestures = {g.id: g for g in store.gestures(project.id, enabled_only=True)}
    slot = st.container()
    with (
        st.popover("A gesture of your own", icon="➕"),
        st.form("own_gesture", border=False, clear_on_submit=True),
    ):
        name = st.text_input("Name", placeholder="peace")
        emoji = st.text_input("Emoji", placeholder="✌", max_chars=8)
        if st.form_submit_button("Add", type="primary"):
            with errors_shown():
                made = store.add_gesture(project.id, name, emoji)
                st.session_state[f"gesture_{project.id}"] = made.id
                st.rerun()
    if not gestures:
        slot.info(
            "Every gesture of this project is switched off or deleted: add one here, or "
            "bring one back on Gestures.",
            icon="🖐",
        )
        st.stop()
    chosen = slot.pills(
        "Gesture",
        list(gestures),
        required=True,
        default=next(iter(gestures)),
        format_func=lambda i: safe_label(gestures[i].label.title),
        key=f"gesture_{project.id}",
        persist_state="session",
        help="`none` is anything else: a relaxed hand, other signs. Without it Mudra has to guess "
        "one of the gestures for every hand.",
    )
    return gestures[chosen if chosen in gestures else next(iter(gestures))]
