"""Where in a clip the movement is: whoever records rests before it and after it.

Convention: T frames, K keypoints, D axes; times in seconds, rising; NaN where a keypoint is
missing. Speeds are in sizes of the pose a second, of a pair's in sizes of a hand: `parts` is how
many hands the keypoints are of, one after the other.
"""

import numpy as np
from numpy.typing import NDArray

from core.gestures.motion.windows import Times
from core.pose.types import Floats

OVER_S = 0.1  # speeds are means over so long: keypoints tremble from frame to frame
_LEAST = 0.4  # slower is a hand at rest
_SHARE = 0.25  # of the usual speed; slower than that is not yet, or no longer, the movement
_JOINTS = 80  # percentile of the keypoints' speeds: a pinch moves a few of them


def moving_part(keypoints: Floats, times_s: Times, parts: int = 1) -> slice | None:
    """From the first to the last frame of the (T, K, D) keypoints that moves; None where nothing
    does."""
    before = np.minimum(np.searchsorted(times_s, times_s - OVER_S), np.arange(len(times_s)) - 1)
    before = np.maximum(before, 0)
    size = pose_size(keypoints, parts)
    pairs = zip(keypoints, keypoints[before], times_s - times_s[before], strict=True)
    moves = moving(np.array([speed(now, then, spent, size, parts) for now, then, spent in pairs]))
    return slice(int(before[moves[0]]), int(moves[-1]) + 1) if len(moves) else None


def moving(speeds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which of the frames of these speeds move."""
    quick = speeds > _LEAST
    if not quick.any():
        return np.empty(0, np.intp)
    usual = float(np.median(speeds[quick]))  # one jump of the keypoints is not it
    return np.flatnonzero(speeds > max(_LEAST, _SHARE * usual))


def rests(now: Floats, then: Floats, spent_s: float, parts: int = 1) -> bool:
    """Whether (K, D) keypoints of two moments are of a hand that did not move between them."""
    size = pose_size(np.stack([now, then]), parts)
    return speed(now, then, spent_s, size, parts) <= _LEAST


def speed(now: Floats, then: Floats, spent_s: float, size: float, parts: int = 1) -> float:
    """Of (K, D) keypoints, the quicker hand's of a pair; 0 where nothing is seen in both."""
    ways = np.linalg.norm(now - then, axis=-1).reshape(parts, -1)
    seen = [way[np.isfinite(way)] for way in ways]
    way = max((float(np.percentile(one, _JOINTS)) for one in seen if len(one)), default=0.0)
    return way / size / max(spent_s, 1e-3)


def pose_size(keypoints: Floats, parts: int = 1) -> float:
    """The usual diagonal of the box round a frame's keypoints, of a pair's round each hand; 1 of
    single keypoints, which have none."""
    each = keypoints.reshape(len(keypoints) * parts, -1, keypoints.shape[-1])
    shown = each[np.isfinite(each).all(-1).any(-1)]
    if not len(shown) or each.shape[1] == 1:
        return 1.0
    spans = np.nanmax(shown, axis=1) - np.nanmin(shown, axis=1)
    return max(float(np.median(np.linalg.norm(spans, axis=-1))), 1e-6)
