"""Keys that record and choose a gesture on the Record page."""

import streamlit as st

from pages.components import source

_component = st.components.v2.component("record_keyboard", js=source("record_keyboard.js"))


def hear_keys(key: str) -> None:
    """Pass keys on as the clicks that they stand for, while the page is shown."""
    _component(key=key)
