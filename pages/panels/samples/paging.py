"""Many samples, a page of them at a time."""

import streamlit as st

from core.store.index import Ints

SIZES = (24, 48, 96)


def turn_pages(found: Ints) -> Ints:
    """Which page of the ids is shown; the ids on it."""
    with st.container(horizontal=True, vertical_alignment="center", key="pages"):
        size = st.selectbox(
            "Samples a page",
            SIZES,
            1,
            key="page_size",
            persist_state="session",
            width=140,
            format_func=lambda n: f"{n} a page",
            label_visibility="collapsed",
        )
        pages = -(-len(found) // size)
        number = min(max(1, st.session_state.get("page_no", 1)), pages)
        st.session_state["page_no"] = number
        if pages > 1:
            st.button("Previous", on_click=_turn, args=(-1,), disabled=number == 1)
            number = st.number_input(
                "Page", 1, pages, key="page_no", width=120, label_visibility="collapsed"
            )
            st.button("Next", on_click=_turn, args=(1,), disabled=number == pages)
        of = f"of {pages:,} pages · " if pages > 1 else ""
        st.markdown(f"{of}**{len(found):,}** sample{'' if len(found) == 1 else 's'}")
    return found[(number - 1) * size : number * size]


def first_page() -> None:
    """Begin anew: other samples are looked through."""
    st.session_state["page_no"] = 1


def _turn(by: int) -> None:
    st.session_state["page_no"] = st.session_state.get("page_no", 1) + by
