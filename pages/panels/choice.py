"""One of a few, side by side, that stays chosen while pages change."""

from collections.abc import Iterable
from typing import Any

import streamlit as st


def pick_one(title: str, options: Iterable[str], key: str, **look: Any) -> str:
    """One is always chosen, at first the first; `look` is what Streamlit's control takes."""
    names = list(options)
    return st.segmented_control(
        title, names, default=names[0], required=True, key=key, persist_state="session", **look
    )
