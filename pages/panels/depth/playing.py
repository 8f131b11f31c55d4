"""A recording that plays: the browser asks for frames, each is read when it is asked for."""

import time
from typing import Any

import streamlit as st

from core.depth.drawing import FARTHEST_MM, Reach
from core.errors import MudraError
from core.reading.depth_playback import DepthPlayback
from pages.components.depth_view import Scene, draw_depth, first_wanted, of_broken, of_view
from pages.panels.depth.errors import show_errors
from pages.panels.depth.teaching import Naming
from pages.panels.words import many

_KEY = "depth_view"
_BATCH, _BATCH_S = 20, 0.3  # frames, or so long


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
    st.fragment(_play)(playback, scene, said)


def _play(playback: DepthPlayback, scene: Scene, said: Naming) -> None:
    draw_depth(_KEY, scene, _batch(playback, scene, said))
    _say_hands(playback)
    show_errors(playback.errors_mm())


def _batch(playback: DepthPlayback, scene: Scene, said: Naming) -> list[dict[str, Any]]:
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


def _say_hands(playback: DepthPlayback) -> None:
    found, read = playback.hands()
    if read == playback.count and not found:
        st.warning(
            "No hand was found in this recording. Hands are found 0.26 to 1.3 m before the camera, "
            "their palm in view.",
            icon="👀",
        )
    elif read:
        so_far = " read so far" if read < playback.count else ""
        st.caption(f"Hand found in {found} of {many(read, 'frame')}{so_far}.")
    if playback.has_untold_truth:
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
