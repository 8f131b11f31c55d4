"""How wide a page's picture is shown, and where it is clicked."""

from collections.abc import Callable

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "shown_picture", html="<span></span>", js=read_asset("shown_picture.js")
)


def watch_picture(
    key: str, still: str, *, clicks: bool, fits: bool, on_click: Callable[[], None]
) -> None:
    """Watch the live video, or a still picture; drawn as wide as they are.

    Args:
        still: a CSS selector of the picture.
        clicks: whether they mean something; then the pointer says so.
        fits: show it no higher than the window has room for.
        on_click: called before the page is drawn anew; `click_position` knows where.
    """
    _component(
        key=key,
        data={"still": still, "clicks": clicks, "fits": fits},
        width="stretch",
        on_click_change=on_click,
        on_width_change=lambda: None,
    )


def displayed_width_px(key: str, otherwise: int) -> int:
    """CSS pixels, as far as the browser has said."""
    said = st.session_state.get(key)
    return int((said and said.get("width")) or otherwise)


def click_position(key: str) -> tuple[float, float] | None:
    """x and y in 0..1 of the picture."""
    said = st.session_state.get(key)
    at = said and said.get("click")
    return (float(at["x"]), float(at["y"])) if at else None
