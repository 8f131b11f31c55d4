"""The live answer: emoji, name and bars, drawn by the browser many times a second."""

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
    """Draw each hand's `emoji`, `name`, `note` and `bars`; a bar has `emoji`, `name`,
    `share` (0..1) and `most`, whether it is the likeliest."""
    _component(key=key, data={"hands": hands})
