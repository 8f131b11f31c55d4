"""Live's word on drift: hands that are held otherwise than in the samples, bodies of which less is
seen."""

import streamlit as st

from core.gestures.labels import safe_label
from core.gestures.modelfile.drift import Drift, Hand
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import Latest


def show_drift(latest: Latest, model: GestureModel | None) -> None:
    """One sentence when the last half minute differs from the training data, and what to do."""
    if model is None:
        return
    key, drift = st.session_state.get("drift", (None, None))
    if key != model.path or drift is None:
        drift = Drift(model.metadata.get("usual", {}), model.skeleton)
        st.session_state["drift"] = (model.path, drift)
    hands = [
        Hand(
            hand.pose.keypoints,
            hand.gesture.name if hand.gesture else None,
            hand.rejected,
            hand.half,
        )
        for hand in latest.hands
    ]
    drift.see(hands, latest.taken_s, mirrored_view=True)
    if sentence := drift.sentence():
        st.warning(safe_label(sentence), icon="🧭")
