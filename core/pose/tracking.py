"""Following poses from frame to frame: where to look for one next, and which of several is which.

Convention: a square is (x0, y0, side), picture pixels; it may reach beyond the picture.
"""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count

import numpy as np

from core.pose.boxes import Square, bounding_box, box_iou
from core.pose.metrics import oks, oks_nms
from core.pose.skeletons.skeleton import BODY, PAIR
from core.pose.skeletons.table import COCO_17, skeleton_named
from core.pose.types import Floats, Pose

FIRST_SIDE = 368.0  # the demos' first crop, for a hand held into the picture's middle
_SMALLEST = 96.0  # pixels: keypoints closer together than this count as so far apart
_FACTOR = 2.0
_ALPHA = 0.2  # how fast the side follows
_LOST = 1.0  # sum of the peaks below which nothing is followed


def centre_square(size_hw: tuple[int, int], side: float = FIRST_SIDE) -> Square:
    """Return the square of `side` pixels in the picture's centre, at most the picture's shorter
    side, to search while no hand is tracked."""
    height, width = size_hw
    side = min(side, height, width)
    return Square((width - side) / 2, (height - side) / 2, side)


def next_square(region: Square, keypoints: Floats, peaks: Floats) -> Square | None:
    """Return the square to search in the next frame, given this frame's square and keypoints; None
    if the hand is lost, since its maps' peaks, (J,), sum to less than 1.

    It is centred on the keypoints' mean; its side moves by a fifth towards twice the largest of
    their width, their height and 96 pixels.
    """
    seen = np.isfinite(keypoints).all(axis=1)
    if not seen.any() or peaks[seen].sum() < _LOST:
        return None
    wanted = _FACTOR * max(bounding_box(keypoints).longer_side, _SMALLEST)
    side = region.side + _ALPHA * (wanted - region.side)
    x, y = keypoints[seen].mean(axis=0, dtype=np.float64)
    return Square(float(x) - (side - 1) / 2, float(y) - (side - 1) / 2, side)


@dataclass(frozen=True, eq=False)
class _Track:
    """A tracked pose when last seen, and its keypoints' mean velocity, px/s."""

    pose: Pose
    seen_s: float
    speed: Floats = field(default_factory=lambda: np.zeros(2, np.float32))

    def update(self, pose: Pose, time_s: float) -> "_Track":
        """Return the track updated with its next pose and the keypoints' mean velocity."""
        dt_s = time_s - self.seen_s
        previous, current = _select_common_keypoints(self.pose.keypoints, pose.keypoints)
        if dt_s <= 0 or not len(current):
            return _Track(pose, time_s, self.speed)
        return _Track(pose, time_s, (current - previous).mean(axis=0) / np.float32(dt_s))

    def extrapolate(self, time_s: float) -> Floats:
        """Return the keypoints at a time by constant velocity, for 0.3 s at most."""
        ahead_s = min(time_s - self.seen_s, _MAX_EXTRAPOLATION_S)
        return self.pose.keypoints + self.speed * np.float32(ahead_s)


class PoseTracker:
    """Numbers poses so that each keeps its number from frame to frame.

    Hands are matched by displacement; bodies, which may cross, by similarity (OKS and the boxes'
    IoU) to their positions extrapolated by constant velocity.

    Args:
        forget_s: a track that is missing for longer ends.
        reuse: a new pose gets the lowest free number, else one never used before.
    """

    def __init__(self, forget_s: float = 0.5, *, reuse: bool = False) -> None:
        self.forget_s, self.reuse = forget_s, reuse
        self._tracks: dict[int, _Track] = {}
        self._next = 0

    def __call__(self, poses: Sequence[Pose], time_s: float, skeleton: str = "") -> list[int]:
        """Return a number for each pose of the next frame, at the least total matching cost;
        without a skeleton they are matched as hands.

        A hand that would move by more than twice its size is a new one; a change of handedness
        counts as half its size. A body without any similarity is new beyond half its size.
        """
        tracks = {n: t for n, t in self._tracks.items() if time_s - t.seen_s < self.forget_s}
        title = skeleton_named(skeleton).title if skeleton else ""
        if title == PAIR:  # of one person: the same, whichever hand is seen
            found: list[int | None] = [min(tracks, default=None) for _ in poses]
        elif title == BODY:
            ahead = {n: track.extrapolate(time_s) for n, track in tracks.items()}
            is_only = len(poses) == len(ahead) == 1
            found = _assign_tracks(
                [
                    {
                        n: _compute_body_cost(at, p.keypoints, skeleton, is_only)
                        for n, at in ahead.items()
                    }
                    for p in poses
                ],
                _NEW_BODY_COST,
            )
        else:
            found = _assign_tracks(
                [{n: _compute_hand_cost(t.pose, p) for n, t in tracks.items()} for p in poses]
            )
        numbers: list[int] = []
        for n in found:
            numbers.append(self._choose_number({*tracks, *numbers}) if n is None else n)
        for n, pose in zip(numbers, poses, strict=True):
            moves = n in tracks and title == BODY  # the speed of hands is not used
            tracks[n] = tracks[n].update(pose, time_s) if moves else _Track(pose, time_s)
        self._tracks = tracks
        return numbers

    def forget(self) -> None:
        """End all tracks; numbers start at 1 again."""
        self._tracks, self._next = {}, 0

    def _choose_number(self, taken: Container[int]) -> int:
        """Return the lowest free number if numbers are reused, else one never used before."""
        if self.reuse:
            return next(n for n in count(1) if n not in taken)
        self._next += 1
        return self._next


def drop_duplicate_bodies(poses: Sequence[Pose], skeleton: str) -> list[int]:
    """Drop detections of the same person by OKS (non-maximum suppression); return the indices of
    the remaining bodies, most confident first."""
    if len(poses) < 2:
        return list(range(len(poses)))
    joints, sigmas = _find_oks_keypoints(skeleton)
    return oks_nms(
        np.stack([pose.keypoints[list(joints)] for pose in poses]),
        [pose.score for pose in poses],
        [_measure_box_area(pose.keypoints) for pose in poses],
        sigmas,
        _SAME_PERSON_OKS,
    )


def _measure_box_area(keypoints: Floats) -> float:
    """Return the area of the keypoints' bounding box, square pixels; 1 where all are missing."""
    return bounding_box(keypoints).area if np.isfinite(keypoints).all(axis=1).any() else 1.0


# OKS above which two bodies are one. The light net on 60 photos of COCO: at most 0.40 between any
# two of 173 pairs of different people, 0.75 (median) between one person's from two boxes
_SAME_PERSON_OKS = 0.5
# costs in units of the pose's size
_NEW_HAND_COST = 2.0
_HANDEDNESS_COST = 0.5
_NEW_BODY_COST = 1.5  # no similarity, and half its size away
_MAX_EXTRAPOLATION_S = 0.3


def _compute_hand_cost(previous: Pose, current: Pose) -> float:
    """Return the matching cost of two hands: mean displacement over size, plus 0.5 if handedness
    differs; infinite if they share no keypoints."""
    sides = {previous.handedness, current.handedness} - {None}
    displacement = _compute_mean_displacement(previous.keypoints, current.keypoints)
    return displacement + (_HANDEDNESS_COST if len(sides) == 2 else 0.0)


def _compute_mean_displacement(previous: Floats, current: Floats) -> float:
    """Return shared keypoints' mean displacement over the larger pose's size, or infinity."""
    if previous.shape != current.shape:
        return math.inf
    # plain Python is faster than numpy for so few points, and each frame comes here
    both = previous.tolist(), current.tolist()
    moved_px = [math.dist(a, b) for a, b in zip(*both, strict=True)]
    moved_px = [px for px in moved_px if math.isfinite(px)]
    if not moved_px:
        return math.inf
    size = max(_measure_extent(values) for points in both for values in zip(*points, strict=True))
    return sum(moved_px) / len(moved_px) / max(size, 1.0)


def _measure_extent(values: Sequence[float]) -> float:
    """Return max − min of the finite values."""
    seen = [value for value in values if math.isfinite(value)]
    return max(seen) - min(seen)


def _compute_body_cost(previous: Floats, current: Floats, skeleton: str, is_only: bool) -> float:
    """Return the matching cost of two bodies: mean displacement over size, plus 1 − the mean of OKS
    and IoU of their shared keypoints.

    Args:
        is_only: there is one pose and one track: similarity, the expensive part, is skipped where
            it can't change the match.
    """
    way = _compute_mean_displacement(previous, current)
    if way > _NEW_BODY_COST or (is_only and way + 1 < _NEW_BODY_COST):
        return way
    joints, sigmas = _find_oks_keypoints(skeleton)
    alike = box_iou(*map(bounding_box, _select_common_keypoints(previous, current)))
    both = np.where(np.isfinite(current), previous, np.nan)[list(joints)]
    if np.isfinite(both).any():
        shown = current[None, list(joints)]
        alike += float(oks(shown, both[None], _measure_box_area(previous), sigmas)[0])
    return way + 1 - alike / 2


def _select_common_keypoints(previous: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the keypoints that both poses have, (n, 2) each; none if counts differ."""
    if previous.shape != current.shape:
        return previous[:0], current[:0]
    seen = np.isfinite(previous).all(axis=1) & np.isfinite(current).all(axis=1)
    return previous[seen], current[seen]


@lru_cache
def _find_oks_keypoints(skeleton: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return indices and OKS sigmas of the keypoints that COCO's skeleton has too."""
    known = dict(zip(COCO_17.joints, COCO_17.oks_sigmas, strict=True))
    joints = skeleton_named(skeleton).joints
    shared = [(i, known[name]) for i, name in enumerate(joints) if name in known]
    return tuple(i for i, _ in shared), tuple(sigma for _, sigma in shared)


def _assign_tracks(
    costs: Sequence[dict[int, float]], new_track_cost: float = _NEW_HAND_COST
) -> list[int | None]:
    """Assign poses to tracks at the lowest total cost; None means a new track."""
    if len(costs) == 1:  # as most often
        number, cost = min(costs[0].items(), key=lambda one: one[1], default=(None, new_track_cost))
        return [number if cost < new_track_cost else None]

    if not costs:
        return []
    from scipy.optimize import linear_sum_assignment  # slow to load, for several poses alone

    numbers = sorted({number for row in costs for number in row})
    new = [new_track_cost] * len(costs)  # a column for each pose, should all be new
    table = [
        [min(row.get(n, new_track_cost), new_track_cost) for n in numbers] + new for row in costs
    ]
    _, columns = linear_sum_assignment(table)
    return [
        numbers[column] if column < len(numbers) and row[column] < new_track_cost else None
        for row, column in zip(table, columns.tolist(), strict=True)
    ]
