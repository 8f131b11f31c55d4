"""Clips with their labels as what training takes, for the benchmarks of gestures that move."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.motion.windows import STEPS, window

Clips = list[NDArray[np.float32]]


def clips_of(
    clips: Clips, labels: NDArray[Any], groups: NDArray[Any], skeleton: str, steps: int = STEPS
) -> GestureData:
    """Clips with their labels as windows; each is a recording of its own."""
    names, numbers = np.unique(labels, return_inverse=True)
    return GestureData(
        np.stack([window(clip, None, steps) for clip in clips]),
        np.zeros(len(clips), bool),
        numbers.astype(np.int64),
        tuple(GestureLabel(str(name)) for name in names),
        groups.astype(str),
        groups.astype(str),
        np.arange(len(clips)).astype(str),
        skeleton=skeleton,
    )
