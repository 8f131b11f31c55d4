"""The video's frame is as high as its picture, whatever shape that takes."""

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component("video_shape", js=read_asset("video_shape.js"))


def fit_video_frame(key: str) -> None:
    """Keep the video's frame at the height of the video."""
    _component(key=key)
