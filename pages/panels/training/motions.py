"""What a training says of gestures that move: how well, and which kind of model was chosen."""

from typing import Any

import streamlit as st

from core.gestures.evaluation.protocol import HELD_OUT_GROUPS
from pages.panels.frame import in_percent

_KINDS = {"templates": "comparing with your examples", "net": "a small net"}


def motion_sentence(result: dict[str, Any]) -> None:
    """How the moving gestures did, where they were learned beside still ones; and by what."""
    beside = result.get("motions")
    if beside is not None:
        figures = beside["figures"]
        st.markdown(
            f"Gestures that move: **{figures['accuracy']:.1%}** of {figures['n']} held-out "
            f"performances are right ({in_percent(figures['interval'])}), "
            f"{HELD_OUT_GROUPS[beside['split']]}."
        )
    if chosen := (beside or result).get("matcher"):
        st.caption(_chosen(chosen, (beside or result)["compared"]))


def _chosen(chosen: str, compared: dict[str, float]) -> str:
    """Which of two methods it is, and what that choice was made by."""
    text = f"They are told apart by {_KINDS[chosen]}"
    if len(compared) > 1:
        rates = [f"{_KINDS[name]} had {rate:.1%}" for name, rate in compared.items()]
        return f"{text}, chosen on some of the training performances: {' and '.join(rates)} right."
    return f"{text}: there are too few for a net." if chosen == "templates" else f"{text}."
