"""A visitor's visits of pages: counted, and what ends with them."""

from collections.abc import Callable

import streamlit as st

from pages.panels.project.acts import begin_acts

_LEAVING = "on_leaving"


def begin_visit(page: str) -> None:
    """Count a visit whenever the page changes; `visit` in the session state is its number."""
    begin_acts()
    if st.session_state.get("page") != page:
        for forget in st.session_state.pop(_LEAVING, {}).values():
            forget()
        st.session_state["page"] = page
        st.session_state["visit"] = st.session_state.get("visit", 0) + 1


def on_leaving(key: str, forget: Callable[[], None]) -> None:
    """Have this done when the visitor opens another page: its file fields are empty by then."""
    st.session_state.setdefault(_LEAVING, {})[key] = forget
