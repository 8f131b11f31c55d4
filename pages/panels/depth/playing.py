"""A recording that plays: the browser asks for frames, each is read when it is asked for; and the
errors of its keypoints where the true ones are known."""

import time
from typing import Any

import streamlit as st

from core.depth.drawing import FARTHEST_MM, Reach
from core.errors import MudraError
from core.gestures.labels import format_count
from core.measuring.depth_evaluation import depth_figures, success_curve
from core.pose.metrics import Distances, epe
from core.reading.depth_playback import DepthPlayback
from pages.components.depth_view import Scene, draw_depth, first_wanted, of_broken, of_view
from pages.panels.depth.teaching import Naming
from pages.panels.layout import wide_columns
from pages.panels.training.charts import TEAL, Chart, draw

_KEY = "depth_view"
_BATCH, _BATCH_S = 20, 0.3  # frames, or so long
_SAID_MM = ("20", "40")


def pick_reach(name: str, usual: Reach) -> Reach:
    """The depths between which the colours lie, at first as the recording has them."""
    low, high = st.slider(
        "Depths in colours, m",
        0.0,
        FARTHEST_MM / 1000,
        (usual[0] / 1000, usual[1] / 1000),
        0.05,
        key=f"depth_reach_{name}",
        help="Nearer is red, farther is blue.",
    )
    return low * 1000, max(high, low + 0.05) * 1000


def play(playback: DepthPlayback, scene: Scene, said: Naming) -> None:
    """The recording, what its hands are said to show, and how good what is found in it is."""
    st.fragment(_draw_frames)(playback, scene, said)


def _draw_frames(playback: DepthPlayback, scene: Scene, said: Naming) -> None:
    draw_depth(_KEY, scene, _read_batch(playback, scene, said))
    _show_hand_counts(playback)
    show_errors(playback.errors_mm())


def _read_batch(playback: DepthPlayback, scene: Scene, said: Naming) -> list[dict[str, Any]]:
    """Frames from where the browser wants more on, read for a while."""
    first, until = first_wanted(_KEY, scene), time.monotonic() + _BATCH_S
    reach = scene.reach or playback.usual_reach
    batch = []
    for index in range(first, min(first + _BATCH, playback.count)):
        try:
            view = playback.view(index, reach)
            batch.append(of_view(view, said(view)))
        except MudraError as error:
            batch.append(of_broken(index, str(error)))
        if time.monotonic() > until:
            break
    return batch


def _show_hand_counts(playback: DepthPlayback) -> None:
    found, read = playback.count_hands()
    if read == playback.count and not found:
        st.warning(
            "No hand was found in this recording. Hands are found 0.26 to 1.3 m before the camera, "
            "their palm in view.",
            icon="👀",
        )
    elif read:
        so_far = " read so far" if read < playback.count else ""
        st.caption(f"Hand found in {found} of {format_count(read, 'frame')}{so_far}.")
    if playback.has_unnamed_truth:
        st.caption(
            "The true keypoints of this recording aren't named, so nothing is measured by them: "
            "joints.csv needs the columns wrist_x, wrist_y, wrist_z, thumb_cmc_x, …"
        )
    if found and playback.skeleton:
        st.download_button(
            "Keypoints (CSV)",
            playback.keypoints_csv,
            "hand_in_depth.csv",
            "text/csv",
            icon="⬇️",
            key="depth_csv",
            on_click="ignore",
            help="Of the frames read so far, in mm from the camera.",
        )


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
            f"{format_count(figures['n'], 'frame')} with truth. Every keypoint is within "
            f"{within} of them."
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
