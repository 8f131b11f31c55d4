"""One of a few, side by side, that stays chosen while pages change."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.media.pictures import encode_png
from core.pose.drawing import person_swatch


def pick_one(title: str, options: Iterable[str], key: str, **look: Any) -> str:
    """One is always chosen, at first the first; `look` is what Streamlit's control takes."""
    names = list(options)
    return st.segmented_control(
        title, names, default=names[0], required=True, key=key, persist_state="session", **look
    )


def in_their_colour(number: int) -> str:
    """A person's number with the colour that they are drawn in, as Markdown."""
    png = b64encode(encode_png(person_swatch(number))).decode()
    return f"![](data:image/png;base64,{png}) {number}"
