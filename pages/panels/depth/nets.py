"""Which net finds the keypoints of a hand in depth."""

from pathlib import Path

import streamlit as st

from core.estimators.depth_net import DepthNet
from core.reading.keypoint_sources import depth_nets
from pages.panels.frame import studio


def pick_depth_net() -> DepthNet:
    """One of those that are installed; at first the one that ships."""
    nets = depth_nets(studio().paths)
    name = st.selectbox(
        "Net",
        list(nets),
        key="depth_net",
        persist_state="session",
        width=260,
        help="Finds the keypoints in the hand's crop. Train your own by `python -m core train-net "
        "crossinfonet.synthetic_light --data rendered`.",
    )
    return _loaded(nets[name], nets[name].stat().st_mtime)


@st.cache_resource(show_spinner=False, max_entries=2)
def _loaded(folder: Path, changed_at: float) -> DepthNet:
    """Kept while its folder stays the same."""
    return DepthNet(folder, threads=2)
