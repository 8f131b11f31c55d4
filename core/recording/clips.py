"""Samples of gestures that move: the frames of one performance become a clip, its begin and end
trimmed by motion. What was a moment before and after is kept, so that they can be corrected."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.motion.trimming import moving_part, rests
from core.gestures.motion.windows import is_gap, longest_part, usual_s
from core.pose.boxes import Square, has_same_aspect, rescale_keypoints
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats
from core.recording.samples import Limits
from core.store import NewSample

MOST_S = 10.0  # of one performance
LEAST_S, LEAST_FRAMES = 0.1, 4  # less is a twitch
AROUND_S = 1.0  # on each side of the movement
NO_MOVEMENT, TOO_SHORT = "no movement", "too short"
TOO_SELDOM = "pictures came too seldom"  # for the whole of it to be seen

# a hand that is quick is blurred, and may leave the picture for a moment
CLIP_LIMITS = Limits(score=0.3, outside=0.5, moved=0.0)
PAIR_CLIP_LIMITS = Limits(score=0.3, outside=0.75, moved=0.0)  # as much of one hand alone


def clip_of(frames: Sequence[NewSample], lost_s: Sequence[float] = ()) -> NewSample | str:
    """Join the frames of one performance (each a sample) into a clip, or return why they are none.

    Args:
        lost_s: times of frames in between that gave no sample.
    """
    frames = _scale_to_first(frames)
    holes = list(_find_gaps(frames, lost_s))
    frames = _longest_run(frames, lost_s)
    times = _frame_times(frames)
    moving = _find_movement(frames, times)
    if isinstance(moving, str):
        return TOO_SELDOM if holes else moving
    begin_s, end_s = times[moving][[0, -1]]
    if any(begin_s == after_s or end_s == before_s for before_s, after_s in holes):
        return TOO_SELDOM
    near = np.flatnonzero((times >= begin_s - AROUND_S) & (times <= end_s + AROUND_S))
    return _with_surroundings(joined(frames[moving]), frames[near[0] : near[-1] + 1])


def _find_gaps(
    frames: Sequence[NewSample], lost_s: Sequence[float]
) -> Iterator[tuple[float, float]]:
    """Yield (start, end) of each time without pictures, except where the hand did not move."""
    shown = dict(zip(_frame_times(frames).tolist(), (frame.pose for frame in frames), strict=True))
    hands = skeleton_named(frames[0].skeleton).number
    read_s = np.sort(np.r_[list(shown), lost_s])
    steps = np.diff(read_s)
    for i in np.flatnonzero(is_gap(steps, 0.0, usual_s(steps))):
        before, after = shown.get(read_s[i]), shown.get(read_s[i + 1])
        if before is None or after is None or not rests(after, before, steps[i], hands):
            yield float(read_s[i]), float(read_s[i + 1])


def _find_movement(frames: Sequence[NewSample], times: NDArray[np.float64]) -> slice | str:
    """Find the frames of the movement, or return why there is none."""
    hands = skeleton_named(frames[0].skeleton).number
    moving = moving_part(np.concatenate([frame.keypoints for frame in frames]), times, hands)
    if moving is None:
        return NO_MOVEMENT if times[-1] - times[0] >= LEAST_S else TOO_SHORT
    seen_s = times[moving]
    short = len(seen_s) < LEAST_FRAMES or seen_s[-1] - seen_s[0] < LEAST_S
    return TOO_SHORT if short else moving


def _with_surroundings(clip: NewSample, frames: Sequence[NewSample]) -> NewSample:
    """Add the frames around a clip to it, so that its ends can be moved; they share its crop."""
    if len(frames) == clip.frames:
        return clip
    whole = joined(frames)
    whole = replace(whole, region=clip.region, taken_at=clip.taken_at, crop_jpeg=None)
    return replace(clip, whole=whole)


def _scale_to_first(frames: Sequence[NewSample]) -> Sequence[NewSample]:
    """Scale all frames to the first frame's picture size: a busy browser sends smaller pictures."""
    return [_scale_frame(frame, frames[0]) for frame in frames]


def _scale_frame(frame: NewSample, first: NewSample) -> NewSample:
    own_hw, size_hw = frame.size_hw, first.size_hw
    if (
        own_hw is None
        or size_hw is None
        or own_hw == size_hw
        or not has_same_aspect(own_hw, size_hw)
    ):
        return frame
    points, region = rescale_keypoints(frame.keypoints, own_hw, size_hw), frame.region
    if region is not None:
        high, wide = size_hw[0] / own_hw[0], size_hw[1] / own_hw[1]
        region = Square(region.x0 * wide, region.y0 * high, region.side * wide)
    return replace(frame, keypoints=points, region=region, size_hw=size_hw)


def _longest_run(frames: Sequence[NewSample], lost_s: Sequence[float]) -> Sequence[NewSample]:
    """Select the longest run of frames without a gap."""
    missing = np.full_like(frames[0].keypoints, np.nan)
    seen_s = _frame_times(frames)
    times = np.r_[seen_s, lost_s]
    points = np.concatenate([*(frame.keypoints for frame in frames), *[missing] * len(lost_s)])
    order = np.argsort(times)
    part = times[order][longest_part(points[order], times[order])]
    inside = np.flatnonzero((seen_s >= part[0]) & (seen_s <= part[-1]))
    return frames[inside[0] : inside[-1] + 1]


def _frame_times(frames: Sequence[NewSample]) -> NDArray[np.float64]:
    return np.array([frame.time_s for frame in frames], np.float64)


def joined(frames: Sequence[NewSample]) -> NewSample:
    """Concatenate frames (each a sample) to a clip, with the crop of the middle frame."""
    middle = frames[len(frames) // 2]
    return replace(
        middle,
        keypoints=np.concatenate([frame.keypoints for frame in frames]),
        scores=np.concatenate([frame.scores for frame in frames]),
        world=_concatenate_if_complete([frame.world for frame in frames]),
        visibility=_concatenate_if_complete([frame.visibility for frame in frames]),
        time_s=frames[0].time_s,
        times_s=_frame_times(frames),
    )


def _concatenate_if_complete(parts: list[Floats | None]) -> Any:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None
