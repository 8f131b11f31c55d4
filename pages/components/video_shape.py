"""The video's frame is as high as its picture, whatever shape that takes."""

import streamlit as st

from pages.components import source

_component = st.components.v2.component("video_shape", js=source("video_shape.js"))


def follow_shape(key: str) -> None:
    """Keep the frame at the height of the video."""
    _component(key=key)
