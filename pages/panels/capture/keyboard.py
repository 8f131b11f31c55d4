"""The Record page by keyboard: space records and stops, the digits choose a gesture."""

import streamlit as st

from pages.components.record_keyboard import hear_keys

_HINT = "⌨️ **Space** records and stops · **1** to **9** choose a gesture"


def keyboard() -> None:
    """Hear the keys while the page is shown, and say which there are."""
    st.caption(_HINT)
    hear_keys("keyboard")
