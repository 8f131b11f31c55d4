"""Where in a clip the movement is: whoever records rests before it and after it.

Convention: T frames, K keypoints, D axes; times in seconds, rising; NaN where a keypoint is
missing. Speeds are in sizes of the pose a second.
"""

import numpy as np
from numpy.typing import NDArray

from core.gestures.motion.windows import Times
from core.pose.types import Floats

_OVER_S = 0.1  # speeds are means over so long: keypoints tremble from frame to frame
_LEAST = 0.4  # slower is a hand at rest
_SHARE = 0.25  # of the usual speed; slower than that is not yet, or no longer, the movement
_JOINTS = 80  # percentile of the keypoints' speeds: a pinch moves a few of them


def moving_part(keypoints: Floats, times_s: Times) -> slice | None:
    """From the first to the last frame of the (T, K, D) keypoints that moves; None where nothing
    does."""
    before = np.minimum(np.searchsorted(times_s, times_s - _OVER_S), np.arange(len(times_s)) - 1)
    before = np.maximum(before, 0)
    speeds = _speeds(keypoints, times_s, before)
    if not (speeds > _LEAST).any():
        return None
    usual = float(np.median(speeds[speeds > _LEAST]))  # one jump of the keypoints is not it
    moves = np.flatnonzero(speeds > max(_LEAST, _SHARE * usual))
    return slice(int(before[moves[0]]), int(moves[-1]) + 1)


def _speeds(keypoints: Floats, times_s: Times, before: NDArray[np.intp]) -> NDArray[np.float64]:
    """(T,) each frame's since the frame before; 0 where nothing is seen in both."""
    ways = np.linalg.norm(keypoints - keypoints[before], axis=-1)
    seen = np.isfinite(ways)
    way = np.array(
        [
            np.percentile(row[ok], _JOINTS) if ok.any() else 0.0
            for row, ok in zip(ways, seen, strict=True)
        ]
    )
    spent = np.maximum(times_s - times_s[before], 1e-3)
    return np.asarray(way / _size(keypoints) / spent, np.float64)


def _size(keypoints: Floats) -> float:
    """The usual diagonal of the box round a frame's keypoints."""
    shown = keypoints[np.isfinite(keypoints).all(-1).any(-1)]
    if not len(shown):
        return 1.0
    spans = np.nanmax(shown, axis=1) - np.nanmin(shown, axis=1)
    return max(float(np.median(np.linalg.norm(spans, axis=-1))), 1e-6)
