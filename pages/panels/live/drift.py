"""Live's word on drift: hands that are held otherwise than in the samples."""

import streamlit as st

from core.gestures.labels import safe_label
from core.gestures.model.drift import Drift, Hand
from core.gestures.model.gesture_model import GestureModel
from core.recognition.live import Latest


def show_drift(latest: Latest, model: GestureModel | None) -> None:
    """One sentence when the last half minute differs from the training data, and what to do."""
    if model is None or model.skeleton.is_body:
        return  # what is said of drift is said of fingers and palms
    key, drift = st.session_state.get("drift", (None, None))
    if key != model.path or drift is None:
        drift = Drift(model.metadata.get("usual", {}))
        st.session_state["drift"] = (model.path, drift)
    hands = [
        Hand(hand.pose.keypoints, hand.gesture.name if hand.gesture else None, hand.rejected)
        for hand in latest.hands
    ]
    drift.see(hands, latest.taken_s, mirrored_view=True)
    if sentence := drift.sentence():
        st.warning(safe_label(sentence), icon="🧭")
