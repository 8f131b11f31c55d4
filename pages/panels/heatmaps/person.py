"""Whose heatmaps are shown where several people are seen, live or held."""

from collections.abc import Callable, Collection

import streamlit as st

from pages.panels.choice import in_their_colour

_CHOSEN, _PRESSED = "maps_person", "maps_person_pressed"
_EVERY_S = 0.7


def pick_person(numbers: Callable[[], Collection[int]], *, moving: bool) -> int:
    """The chosen person's number, at first 1; everybody who is seen can be chosen.

    Args:
        numbers: of those who are seen now.
        moving: they come and go.
    """
    with st.container(key="maps_whose", width="content"):
        st.fragment(_pick, run_every=_EVERY_S if moving else None)(numbers)
    return int(st.session_state.get(_CHOSEN, 1))


def _pick(numbers: Callable[[], Collection[int]]) -> None:
    if st.session_state.pop(_PRESSED, False):
        st.rerun()
    there = sorted(numbers())
    if not there:
        st.caption("Nobody is seen.")
        return
    chosen, key = st.session_state.get(_CHOSEN, 1), f"maps_person_of_{there}"
    st.session_state[key] = chosen if chosen in there else there[0]
    st.segmented_control(
        "Person",
        there,
        required=True,
        key=key,
        format_func=in_their_colour,
        width="content",
        on_change=_choose,
        args=(key,),
    )


def _choose(key: str) -> None:
    st.session_state[_CHOSEN] = st.session_state[key]
    st.session_state[_PRESSED] = True
