"""The Export page's lower part: a project's data to take away."""

import streamlit as st

from core.studio.store import Project, Store


def data_section(store: Store, project: Project) -> None:
    """What there is to take away of a project's data."""
    st.subheader("Take the data along", anchor=False)
    st.caption("`python -m core project export` writes the whole project to one zip.")
