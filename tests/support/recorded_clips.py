"""DepthRecording clips of hands that move, as training data."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.motion.windows import STEPS, clip_to_window

Clips = list[NDArray[np.float32]]


def clips_of(
    clips: Clips, labels: NDArray[Any], groups: NDArray[Any], skeleton: str, steps: int = STEPS
) -> GestureData:
    """Clips with their labels as windows; each is a recording of its own."""
    names, numbers = np.unique(labels, return_inverse=True)
    return GestureData(
        np.stack([clip_to_window(clip, None, steps) for clip in clips]),
        np.zeros(len(clips), bool),
        numbers.astype(np.int64),
        tuple(GestureLabel(str(name)) for name in names),
        groups.astype(str),
        groups.astype(str),
        np.arange(len(clips)).astype(str),
        skeleton=skeleton,
    )


def signs_of(folder: Path, signer: str) -> list[tuple[NDArray[np.float32], str]]:
    """(T, 2, 21, 2) left and right hand of a signer's signs, NaN where one is not seen; pictures
    are taken to be 4 to 3."""
    with np.load(folder / "holistic_signs.npz") as file:
        hands = file["hands"][..., :2].astype(np.float32) * [4 / 3, 1] / 10_000
        starts, labels = file["start"], file["label"]
        own = file["source_repo"] == signer
    hands = np.where((hands == 0).all((2, 3), keepdims=True), np.nan, hands).astype(np.float32)
    clips = [(hands[starts[n] : starts[n + 1]], str(labels[n])) for n in np.flatnonzero(own)]
    return [(clip, label) for clip, label in clips if _frames_seen(clip).max() > 1]


def _frames_seen(clip: NDArray[np.float32]) -> NDArray[np.int64]:
    """(2,) of each hand."""
    return np.isfinite(clip).all((2, 3)).sum(0)


def surer(clip: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T, 21, 2) of the hand that is seen in more frames."""
    return clip[:, int(_frames_seen(clip).argmax())]
