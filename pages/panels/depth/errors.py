"""How far found keypoints are from the true ones, where these are known."""

import streamlit as st

from core.measuring.depth_evaluating import depth_figures, success_curve
from core.pose.metrics import Distances, epe
from pages.panels.frame import wide_columns
from pages.panels.training.charts import TEAL, Chart, draw
from pages.panels.words import many

_SAID_MM = ("20", "40")


def show_errors(apart_mm: Distances) -> None:
    """Mean error and success curve of the frames read so far, (N, K); nothing where none has a
    truth."""
    if not len(apart_mm):
        return
    figures = depth_figures(apart_mm)
    said, curve = wide_columns("depth_errors", 1, 2)
    with said:
        st.metric("Mean error", f"{epe(apart_mm):.1f} mm", border=True)
        shares = figures["success"]
        within = ", ".join(f"{mm} mm in {shares[mm]:.0%}" for mm in _SAID_MM)
        st.caption(
            f"{many(figures['n'], 'frame')} with truth. Every keypoint is within {within} of them."
        )
    with curve:
        draw(success_chart(success_curve(apart_mm)), width="stretch", key="depth_success")


def success_chart(curve: list[tuple[int, float]]) -> Chart:
    """The share of frames whose worst keypoint is within a distance, by that distance."""
    return {
        "data": {"values": [{"mm": mm, "share": share} for mm, share in curve]},
        "mark": {"type": "line", "strokeWidth": 2.5, "color": TEAL},
        "encoding": {
            "x": {"field": "mm", "type": "quantitative", "title": "largest error, mm"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": "frames within",
                "scale": {"domain": [0, 1]},
                "axis": {"format": "%", "values": [0, 0.25, 0.5, 0.75, 1]},
            },
            "tooltip": [
                {"field": "mm", "type": "quantitative"},
                {"field": "share", "type": "quantitative", "format": ".1%"},
            ],
        },
        "height": 200,
    }
