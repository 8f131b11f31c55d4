"""A clip that plays, over and over."""

from base64 import b64encode

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "clip_loop",
    html='<img alt="The movement, played over and over">',
    css=read_asset("clip_loop.css"),
    js=read_asset("loop.js") + read_asset("clip_loop.js"),
)


def play_clip(key: str, jpeg: bytes) -> None:
    """The clip's frames, side by side in a JPEG, one after another; its whole way where motion is
    not wanted."""
    address = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
    _component(key=key, width="stretch", data={"picture": address})
