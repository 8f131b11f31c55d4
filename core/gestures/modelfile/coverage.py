"""How much of bodies a model was trained on, and whether it now sees less.

Convention: stored in a model's metadata as `coverage`: {part: share of the samples that show it}.
N samples, K keypoints; NaN where a keypoint is hidden or outside the picture.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.pose.skeletons.table import Skeleton

_PARTS = {"hips": ("hip",), "legs": ("knee", "ankle")}
_LEARNED = 0.8  # of the samples show it: the model counts on it
HALF = (
    "The model was trained on whole bodies and sees half of one: step back until your legs are in "
    "the picture, or record as you stand now and train again."
)
HALF_NOTE = "Trained on whole bodies, this is half of one: step back."


def coverage(keypoints: NDArray[np.float32], skeleton: Skeleton) -> dict[str, float]:
    """The share of (N, K, D) samples that show each part; {} of what has no such parts."""
    if not skeleton.is_body:
        return {}
    return {part: float(_shows(keypoints, part, skeleton).mean()) for part in _PARTS}


def sees_half(
    keypoints: NDArray[np.float32], skeleton: Skeleton, learned: Any
) -> NDArray[np.bool_]:
    """(N,) whether a part is missing that nearly all samples showed.

    Args:
        learned: as `coverage` gave it, of an untrusted file; anything else: nothing is known.
    """
    half = np.zeros(len(keypoints), bool)
    if not isinstance(learned, Mapping) or not skeleton.is_body:
        return half
    for part in _PARTS:
        share = learned.get(part)
        if isinstance(share, int | float) and share >= _LEARNED:
            half |= ~_shows(keypoints, part, skeleton)
    return half


def _shows(keypoints: NDArray[np.float32], part: str, skeleton: Skeleton) -> NDArray[np.bool_]:
    """(N,) whether at least half of the part's keypoints are there."""
    names = [f"{side}_{joint}" for joint in _PARTS[part] for side in ("left", "right")]
    seen = np.isfinite(keypoints[:, [skeleton.index(name) for name in names]]).all(-1)
    return np.asarray(seen.mean(1) >= 0.5)
