"""A tone that the page plays."""

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "gesture_tone", html="<span></span>", js=read_asset("gesture_tone.js")
)


def play_tone(key: str, changes: int, hz: float) -> None:
    """Play a tone of `hz` in the browser if `changes` differs from the last call.

    Args:
        hz: the pitch; 0 for silence.
    """
    _component(key=key, data={"changes": changes, "hz": hz})
