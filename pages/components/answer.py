"""The answer as emoji, name and bars, drawn by the browser so that it can change many times a
second."""

from typing import Any

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "answer",
    html='<div class="answer"></div><p class="held" role="status"></p>',
    css=read_asset("answer.css"),
    js=read_asset("answer.js"),
)


def draw_answers(key: str, hands: list[dict[str, Any]]) -> None:
    """Of each hand `emoji`, `name`, `note`, and `bars` with `emoji`, `name`, `share` (0..1) and
    `most` (the likeliest)."""
    _component(key=key, data={"hands": hands})
