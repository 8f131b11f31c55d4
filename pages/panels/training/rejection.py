"""Train's word on what is none of the gestures: how it is turned away."""

from typing import Any

import streamlit as st

from core.gestures.labels import safe_label


def rejection(figures: dict[str, Any]) -> None:
    """Both shares with their numbers and how they were measured; nothing for old trainings."""
    found = figures.get("rejection")
    if not found:
        return
    passed, let_in = f"{found['true_accept']:.1%}", found["false_accept"]
    with st.container(horizontal=True):
        st.metric(
            "True-accept rate",
            passed,
            border=True,
            width="content",
            help=f"of {found['gestures']} held-out samples",
        )
        st.metric(
            "False-accept rate",
            "–" if let_in is None else f"{let_in:.1%}",
            border=True,
            width="content",
            help=f"of {found['foreign']} others",
        )
    st.markdown(
        "What is too far from the gestures gets “no gesture”. Measured on "
        f"{safe_label(found['measured_on'])}."
    )
