"""Whether a gesture model knows the keypoints that are chosen, and what kind these are."""

import streamlit as st

from core.gestures.modelfile.gesture_model import GestureModel
from core.reading.keypoint_sources import KeypointSource, depth_nets
from pages.panels.frame import studio
from pages.panels.words import FROM_COLOURS

_OTHERWISE = "Record and train with these keypoints, or choose another model."


def fitting(model: GestureModel | None, source: KeypointSource) -> GestureModel | None:
    """The model, if it was trained on such keypoints; else a word about it and none."""
    came = source.keypoints_of(studio().paths)
    if model is None or model.knows(came):
        if model is not None and model.axes == 3:
            st.caption(FROM_COLOURS)
        return model
    of_depth = model.estimator in depth_nets(studio().paths)
    way = "It answers on Depth." if of_depth else _OTHERWISE
    st.warning(
        f"The model was trained on {model.estimator} keypoints, these come from {came}: the "
        f"skeleton is shown without a gesture. {way}",
        icon="🧩",
    )
    return None
