"""Samples of gestures that move: the frames of one performance become a clip, cut to the movement.
The frames shortly before and after it are stored, too, so that its ends can be corrected."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.motion.windows import (
    compute_median_step_s,
    find_longest_part,
    find_moving_part,
    is_gap,
    is_resting,
)
from core.pose.boxes import Square, has_same_aspect, rescale_keypoints
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats
from core.recording.samples import Limits
from core.store import NewSample
from core.words import words

MAX_CLIP_S = 10.0  # of one performance
MIN_CLIP_S, MIN_CLIP_FRAMES = 0.1, 4
SURROUNDING_S = 1.0  # stored on each side of the movement
NO_MOVEMENT, TOO_SHORT = words("no movement"), words("too short")
TOO_FEW_FRAMES = words("pictures came too seldom")  # part of the movement was not seen

# a hand that is quick is blurred, and may leave the picture for a moment
CLIP_LIMITS = Limits(score=0.3, outside=0.5, moved=0.0)
PAIR_CLIP_LIMITS = Limits(score=0.3, outside=0.75, moved=0.0)


def make_clip(frames: Sequence[NewSample], lost_s: Sequence[float] = ()) -> NewSample | str:
    """Cut the movement out of one performance's frames and join these to a clip; return the reason
    if it is too short, still or has gaps. `lost_s` are the times of frames without a sample."""
    frames = [_scale_frame(frame, frames[0]) for frame in frames]
    gaps = list(_find_gaps(frames, lost_s))
    frames = _select_longest_run(frames, lost_s)
    times = _list_frame_times(frames)
    moving = _find_movement(frames, times)
    if isinstance(moving, str):
        return TOO_FEW_FRAMES if gaps else moving
    start_s, end_s = times[moving][[0, -1]]
    if any(start_s == gap_end_s or end_s == gap_start_s for gap_start_s, gap_end_s in gaps):
        return TOO_FEW_FRAMES
    near = np.flatnonzero((times >= start_s - SURROUNDING_S) & (times <= end_s + SURROUNDING_S))
    return _add_surroundings(concatenate_frames(frames[moving]), frames[near[0] : near[-1] + 1])


def concatenate_frames(frames: Sequence[NewSample]) -> NewSample:
    """Concatenate single-frame samples to one clip that has the middle frame's crop."""
    return replace(
        frames[len(frames) // 2],
        keypoints=np.concatenate([frame.keypoints for frame in frames]),
        scores=np.concatenate([frame.scores for frame in frames]),
        world=_concatenate_if_complete([frame.world for frame in frames]),
        visibility=_concatenate_if_complete([frame.visibility for frame in frames]),
        time_s=frames[0].time_s,
        times_s=_list_frame_times(frames),
    )


def _concatenate_if_complete(parts: list[Floats | None]) -> Any:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _find_gaps(
    frames: Sequence[NewSample], lost_s: Sequence[float]
) -> Iterator[tuple[float, float]]:
    """Yield (start, end) in seconds of each gap between frames, unless the hand rested then."""
    poses = dict(
        zip(_list_frame_times(frames).tolist(), (frame.pose for frame in frames), strict=True)
    )
    hands = skeleton_named(frames[0].skeleton).number
    times = np.sort(np.r_[list(poses), lost_s])
    steps = np.diff(times)
    for i in np.flatnonzero(is_gap(steps, 0.0, compute_median_step_s(steps))):
        before, after = poses.get(times[i]), poses.get(times[i + 1])
        if before is None or after is None or not is_resting(after, before, steps[i], hands):
            yield float(times[i]), float(times[i + 1])


def _find_movement(frames: Sequence[NewSample], times: NDArray[np.float64]) -> slice | str:
    """Return the slice of frames in which hands move, or the reason why there is no such slice."""
    hands = skeleton_named(frames[0].skeleton).number
    moving = find_moving_part(np.concatenate([frame.keypoints for frame in frames]), times, hands)
    if moving is None:
        return NO_MOVEMENT if times[-1] - times[0] >= MIN_CLIP_S else TOO_SHORT
    moving_s = times[moving]
    is_short = len(moving_s) < MIN_CLIP_FRAMES or moving_s[-1] - moving_s[0] < MIN_CLIP_S
    return TOO_SHORT if is_short else moving


def _add_surroundings(clip: NewSample, frames: Sequence[NewSample]) -> NewSample:
    """Add the frames before and after a clip to it as `whole`, so that it can be trimmed again."""
    if len(frames) == clip.frames:
        return clip
    whole = concatenate_frames(frames)
    whole = replace(whole, region=clip.region, taken_at=clip.taken_at, crop_jpeg=None)
    return replace(clip, whole=whole)


def _scale_frame(frame: NewSample, first: NewSample) -> NewSample:
    """Scale a frame's keypoints and region to the first frame's picture size; return it unchanged
    if a size is unknown, or the sizes are equal or differ in aspect ratio."""
    own_hw, size_hw = frame.size_hw, first.size_hw
    if own_hw is None or size_hw is None or own_hw == size_hw:
        return frame
    if not has_same_aspect(own_hw, size_hw):
        return frame
    points, region = rescale_keypoints(frame.keypoints, own_hw, size_hw), frame.region
    if region is not None:
        y_factor, x_factor = size_hw[0] / own_hw[0], size_hw[1] / own_hw[1]
        region = Square(region.x0 * x_factor, region.y0 * y_factor, region.side * x_factor)
    return replace(frame, keypoints=points, region=region, size_hw=size_hw)


def _select_longest_run(
    frames: Sequence[NewSample], lost_s: Sequence[float]
) -> Sequence[NewSample]:
    """Select the longest run of frames without a time gap or a long loss of the hand."""
    missing = np.full_like(frames[0].keypoints, np.nan)
    seen_s = _list_frame_times(frames)
    times = np.r_[seen_s, lost_s]
    points = np.concatenate([*(frame.keypoints for frame in frames), *[missing] * len(lost_s)])
    order = np.argsort(times)
    part = times[order][find_longest_part(points[order], times[order])]
    inside = np.flatnonzero((seen_s >= part[0]) & (seen_s <= part[-1]))
    return frames[inside[0] : inside[-1] + 1]


def _list_frame_times(frames: Sequence[NewSample]) -> NDArray[np.float64]:
    return np.array([frame.time_s for frame in frames], np.float64)
