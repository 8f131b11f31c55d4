"""Clips of keypoints: their moving part, and windows of STEPS poses evenly spaced in time, so that
10 and 30 frames a second, and slow and quick performances, give comparable windows.

Convention: T frames, K keypoints, D axes; times in seconds, rising; NaN where a keypoint is
missing. Speeds are in pose sizes per second, for a pair of hands in hand sizes; `parts` is the
number of hands that the keypoints consist of.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.pose.types import Floats

STEPS = 16
MAX_LOST_S = 0.2  # a hand that is lost for longer ends a window
MAX_UNREAD_S = 0.5  # so do frames that a busy machine left out for longer
_UNTIMED_STEP_S = 1 / 30  # between frames without times
_LATE_FACTOR = 1.5  # times the usual step between frames: frames are missing in between
SPEED_SPAN_S = 0.1  # speeds are means over this time, because keypoints jitter
_MIN_SPEED = 0.4  # pose sizes per second; slower is a hand at rest
_MIN_SPEED_FRACTION = 0.25  # of the median speed of the moving frames
_SPEED_PERCENTILE = 80  # of the keypoints' speeds: a pinch moves only a few of them

Times = NDArray[np.floating[Any]]


def clip_to_window(keypoints: Floats, times_s: Times | None = None, steps: int = STEPS) -> Floats:
    """Resample the longest part of a (T, K, D) clip that has no gap to a (steps, K, D) window.

    A keypoint that is missing in some frames is interpolated, or held constant before its first and
    after its last visible frame; a keypoint that is never visible stays NaN.
    """
    times = _add_missing_times(times_s, len(keypoints))
    part = find_longest_part(keypoints, times)
    return resample_evenly(keypoints[part], times[part], steps)


def measure_window_s(keypoints: Floats, times_s: Times | None = None) -> float:
    """Return the duration, s, of the part of a clip that `clip_to_window` resamples."""
    times = _add_missing_times(times_s, len(keypoints))
    part = times[find_longest_part(keypoints, times)]
    return float(part[-1] - part[0])


def _add_missing_times(times_s: Times | None, frames: int) -> Times:
    return np.arange(frames) * _UNTIMED_STEP_S if times_s is None else times_s


def resample_evenly(keypoints: Floats, times: Times, steps: int) -> Floats:
    """Interpolate (T, K, D) keypoints at `steps` evenly spaced times; NaN if never visible."""
    wanted = np.linspace(times[0], times[-1], steps)
    flat = keypoints.reshape(len(times), -1)
    complete = np.isfinite(flat).all(0)
    found = np.full((steps, flat.shape[1]), np.nan, np.float32)
    found[:, complete] = interpolate(flat[:, complete], times, wanted)
    for column in np.flatnonzero(~complete):
        seen = np.isfinite(flat[:, column])
        if seen.any():
            found[:, column] = np.interp(wanted, times[seen], flat[seen, column])
    return found.reshape(steps, *keypoints.shape[1:])


def find_longest_part(keypoints: Floats, times_s: Times) -> slice:
    """Return the longest run of frames without a gap; all frames if the hand is never visible."""
    shown = np.flatnonzero(np.isfinite(keypoints).all(-1).any(-1))
    if not len(shown):
        return slice(0, len(keypoints))
    steps = np.diff(times_s)
    usual = compute_median_step_s(steps)
    lost_s = np.r_[0.0, np.cumsum(np.minimum(steps, usual))]
    ends = np.flatnonzero(is_gap(np.diff(times_s[shown]), np.diff(lost_s[shown]), usual))
    starts, stops = np.r_[0, ends + 1], np.r_[ends, len(shown) - 1]
    longest = int(np.argmax(times_s[shown[stops]] - times_s[shown[starts]]))
    return slice(int(shown[starts[longest]]), int(shown[stops[longest]]) + 1)


def is_gap(elapsed_s: Any, lost_s: Any, usual_step_s: float) -> Any:
    """Return whether the hand was lost between two frames that show it. Accepts arrays.

    Args:
        elapsed_s: time between the two frames.
        lost_s: the part of it in which frames were read and showed no hand; each step between
            frames counts as at most `usual_step_s`.
        usual_step_s: at low frame rates, one usual step or one frame without a hand isn't a gap.
    """
    late_s = _LATE_FACTOR * usual_step_s + 1e-9
    lost = lost_s > max(MAX_LOST_S + 1e-9, late_s + usual_step_s)
    return lost | (elapsed_s > max(MAX_UNREAD_S + 1e-9, late_s))


def compute_median_step_s(steps_s: Times) -> float:
    """Return the median time between frames; 0 if there are no steps."""
    return float(np.median(steps_s)) if len(steps_s) else 0.0


def interpolate(values: Floats, times: Times, target_times: Times) -> Floats:
    """Interpolate (T, M) values linearly at other times."""
    if len(times) == 1:
        return np.repeat(values, len(target_times), 0)
    after = np.clip(np.searchsorted(times, target_times), 1, len(times) - 1)
    step = np.maximum(times[after] - times[after - 1], 1e-9)
    fraction = np.clip((target_times - times[after - 1]) / step, 0, 1)[:, None]
    return np.asarray(values[after - 1] * (1 - fraction) + values[after] * fraction, np.float32)


def find_moving_part(keypoints: Floats, times_s: Times, parts: int = 1) -> slice | None:
    """Return the frames from the first to the last movement of a clip; None if nothing moves."""
    before = np.minimum(
        np.searchsorted(times_s, times_s - SPEED_SPAN_S), np.arange(len(times_s)) - 1
    )
    before = np.maximum(before, 0)
    size = measure_pose_size(keypoints, parts)
    pairs = zip(keypoints, keypoints[before], times_s - times_s[before], strict=True)
    speeds = [measure_speed(now, then, dt_s, size, parts) for now, then, dt_s in pairs]
    moves = find_moving_frames(np.array(speeds))
    return slice(int(before[moves[0]]), int(moves[-1]) + 1) if len(moves) else None


def find_moving_frames(speeds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the frames faster than a minimum and a fraction of the median fast frame's speed."""
    quick = speeds > _MIN_SPEED
    if not quick.any():
        return np.empty(0, np.intp)
    median = float(np.median(speeds[quick]))  # unaffected by one jump of the keypoints
    return np.flatnonzero(speeds > max(_MIN_SPEED, _MIN_SPEED_FRACTION * median))


def is_resting(current: Floats, previous: Floats, dt_s: float, parts: int = 1) -> bool:
    """Return whether a hand didn't move between two frames of (K, D) keypoints."""
    size = measure_pose_size(np.stack([current, previous]), parts)
    return measure_speed(current, previous, dt_s, size, parts) <= _MIN_SPEED


def measure_speed(
    current: Floats, previous: Floats, dt_s: float, size: float, parts: int = 1
) -> float:
    """Return the speed of (K, D) keypoints in pose sizes per second (of a pair, the faster hand's);
    0 if no keypoint is visible in both frames."""
    distances = np.linalg.norm(current - previous, axis=-1).reshape(parts, -1)
    seen = [distance[np.isfinite(distance)] for distance in distances]
    percentiles = (float(np.percentile(one, _SPEED_PERCENTILE)) for one in seen if len(one))
    return max(percentiles, default=0.0) / size / max(dt_s, 1e-3)


def measure_pose_size(keypoints: Floats, parts: int = 1) -> float:
    """Return the median diagonal of the bounding boxes of (T, K, D) poses (of a pair, of each
    hand); 1 for single keypoints."""
    each = keypoints.reshape(len(keypoints) * parts, -1, keypoints.shape[-1])
    shown = each[np.isfinite(each).all(-1).any(-1)]
    if not len(shown) or each.shape[1] == 1:
        return 1.0
    spans = np.nanmax(shown, axis=1) - np.nanmin(shown, axis=1)
    return max(float(np.median(np.linalg.norm(spans, axis=-1))), 1e-6)
