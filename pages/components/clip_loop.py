"""A clip that plays in a loop."""

import streamlit as st

from pages.components import read_asset, to_data_url

_component = st.components.v2.component(
    "clip_loop",
    html='<img alt="The movement, played over and over">',
    css=read_asset("clip_loop.css"),
    js=read_asset("loop.js") + read_asset("clip_loop.js"),
)


def play_clip(key: str, jpeg: bytes) -> None:
    """Play a clip from a JPEG with its frames side by side; all frames if motion is reduced."""
    _component(key=key, width="stretch", data={"picture": to_data_url(jpeg)})
