"""A clip of any length and rate as STEPS poses, evenly spaced in time: 10 and 30 frames a second
then fit together, and slow and quick performances are alike.

Convention: T frames, K keypoints, D axes; times in seconds, rising; NaN where
a keypoint is missing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.pose.types import Floats

STEPS = 16
BRIDGED_S = 0.2  # that a hand may be lost for
UNREAD_S = 0.5  # that it may go unseen for where a busy machine left frames out
_UNTIMED_S = 1 / 30  # between frames whose times nobody wrote down
_LATE = 1.5  # times the usual step between frames: then some are missing in between

Times = NDArray[np.floating[Any]]


def window(keypoints: Floats, times_s: Times | None = None, steps: int = STEPS) -> Floats:
    """(steps, K, D) of a clip's (T, K, D) keypoints: its longest part without a gap.

    A keypoint that is lost for a while lies on the line between where it was and where it came
    back, before its first and after its last sight where it was seen; NaN where it never was.
    """
    times = _known(times_s, len(keypoints))
    part = longest_part(keypoints, times)
    return evenly(keypoints[part], times[part], steps)


def lasts_s(keypoints: Floats, times_s: Times | None = None) -> float:
    """How long the part of a clip lasts that its `window` is of."""
    times = _known(times_s, len(keypoints))
    part = times[longest_part(keypoints, times)]
    return float(part[-1] - part[0])


def _known(times_s: Times | None, frames: int) -> Times:
    return np.arange(frames) * _UNTIMED_S if times_s is None else times_s


def evenly(keypoints: Floats, times: Times, steps: int) -> Floats:
    """(steps, K, D) of (T, K, D) keypoints without a gap."""
    wanted = np.linspace(times[0], times[-1], steps)
    flat = keypoints.reshape(len(times), -1)
    always = np.isfinite(flat).all(0)
    found = np.empty((steps, flat.shape[1]), np.float32)
    found[:, always] = between(flat[:, always], times, wanted)
    for column in np.flatnonzero(~always):
        found[:, column] = _filled(flat[:, column], times, wanted)
    return found.reshape(steps, *keypoints.shape[1:])


def longest_part(keypoints: Floats, times_s: Times) -> slice:
    """The longest run of frames without a gap; all where nothing is ever seen."""
    shown = np.flatnonzero(np.isfinite(keypoints).all(-1).any(-1))
    if not len(shown):
        return slice(0, len(keypoints))
    steps = np.diff(times_s)
    usual = usual_s(steps)
    gone_s = np.r_[0.0, np.cumsum(np.minimum(steps, usual))]
    ends = np.flatnonzero(is_gap(np.diff(times_s[shown]), np.diff(gone_s[shown]), usual))
    starts, stops = np.r_[0, ends + 1], np.r_[ends, len(shown) - 1]
    longest = int(np.argmax(times_s[shown[stops]] - times_s[shown[starts]]))
    return slice(int(shown[starts[longest]]), int(shown[stops[longest]]) + 1)


def is_gap(apart_s: Any, gone_s: Any, usual: float) -> Any:
    """Whether the hand was lost between two sights of it, of numbers or arrays: a frame that shows
    no hand tells so, one that was never read does not.

    Args:
        apart_s: from sight to sight.
        gone_s: of that, what was watched: a step between two frames counts at most as a usual one.
        usual: the step between frames; a recording of few frames a second has no gap where none is
            missing, nor where a single one shows no hand: nobody knows for how long.
    """
    slow_s = _LATE * usual + 1e-9
    lost = gone_s > max(BRIDGED_S + 1e-9, slow_s + usual)
    return lost | (apart_s > max(UNREAD_S + 1e-9, slow_s))


def usual_s(steps_s: Times) -> float:
    """The usual one of the steps between frames; 0 of none."""
    return float(np.median(steps_s)) if len(steps_s) else 0.0


def between(values: Floats, times: Times, wanted: Times) -> Floats:
    """(len(wanted), M) of (T, M) values, on the lines between them."""
    if len(times) == 1:
        return np.repeat(values, len(wanted), 0)
    after = np.clip(np.searchsorted(times, wanted), 1, len(times) - 1)
    step = np.maximum(times[after] - times[after - 1], 1e-9)
    share = np.clip((wanted - times[after - 1]) / step, 0, 1)[:, None]
    return np.asarray(values[after - 1] * (1 - share) + values[after] * share, np.float32)


def _filled(column: Floats, times: Times, wanted: Times) -> Floats:
    seen = np.isfinite(column)
    if not seen.any():
        return np.full(len(wanted), np.nan, np.float32)
    return np.asarray(np.interp(wanted, times[seen], column[seen]), np.float32)
