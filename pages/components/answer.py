"""The answer as emoji, name and bars, drawn by the browser so that it can change many times a
second."""

from typing import Any

import streamlit as st

from pages.components import source

_component = st.components.v2.component(
    "answer",
    html='<div class="answer"></div><p class="held" role="status"></p>',
    css=source("answer.css"),
    js=source("answer.js"),
)


def draw_answer(key: str, hands: list[dict[str, Any]]) -> None:
    """Of each hand `emoji`, `name`, `note`, and `bars` with `emoji`, `name`, `share` (0..1) and
    `most` (the likeliest)."""
    _component(key=key, data={"hands": hands})
