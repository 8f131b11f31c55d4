"""Which project this visitor has chosen."""

import streamlit as st


def use_project(project_id: int | None) -> None:
    """Choose a project from code; None: the first.

    The widgets get new keys: a message that the browser sent before it heard of the change still
    carries the old choice, and would bring it back. Open popovers close by that, too.
    """
    st.session_state["project_id"] = project_id
    st.session_state["project_turn"] = st.session_state.get("project_turn", 0) + 1
