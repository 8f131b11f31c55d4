"""Following poses from frame to frame: where to look for one next, and which of several is which.

Convention: a square is (x0, y0, side), picture pixels; it may reach beyond the picture.
"""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
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


def initial_square(size_hw: tuple[int, int], side: float = FIRST_SIDE) -> Square:
    """Where to look while no hand is followed: the picture's middle, at most as large as it."""
    height, width = size_hw
    side = min(side, height, width)
    return Square((width - side) / 2, (height - side) / 2, side)


def next_square(region: Square, keypoints: Floats, peaks: Floats) -> Square | None:
    """Where to look in the next frame, None when the hand is lost.

    Round the joints' mean; its side moves by a fifth towards twice the larger of their width, their
    height and 96 pixels.

    Args:
        region: where these keypoints were found.
        keypoints: (J, 2) picture pixels, NaN where missing.
        peaks: (J,) values of their maps' peaks; the hand is lost where they sum to less than 1.
    """
    seen = np.isfinite(keypoints).all(axis=1)
    if not seen.any() or peaks[seen].sum() < _LOST:
        return None
    wanted = _FACTOR * max(bounding_box(keypoints).longer_side, _SMALLEST)
    side = region.side + _ALPHA * (wanted - region.side)
    x, y = keypoints[seen].mean(axis=0, dtype=np.float64)
    return Square(float(x) - (side - 1) / 2, float(y) - (side - 1) / 2, side)


@dataclass
class _Track:
    """A pose as it was seen last, and how its keypoints moved then, px/s."""

    pose: Pose
    seen_s: float
    speed: tuple[float, float] = (0.0, 0.0)

    def after(self, pose: Pose, time_s: float) -> "_Track":
        """The same, seen again."""
        away_s = time_s - self.seen_s
        (before, now) = _common_keypoints(self.pose.keypoints, pose.keypoints)
        if away_s <= 0 or not len(now):
            return _Track(pose, time_s, self.speed)
        x, y = ((now - before).mean(axis=0) / away_s).tolist()
        return _Track(pose, time_s, (x, y))

    def expected(self, time_s: float) -> Floats:
        """Its keypoints at a time, if it goes on as it went; for a moment only."""
        ahead_s = min(time_s - self.seen_s, _AHEAD_S)
        return self.pose.keypoints + np.array(self.speed, np.float32) * ahead_s


class PoseTracker:
    """Tells which pose of a frame is which of the frames before, by where its keypoints are.

    Hands are those that moved least. Bodies, which cross, are those that are most alike (OKS and
    the boxes' IoU) where they are expected if they go on as they went.

    Args:
        forget_s: a pose that was away for so long is another one.
        reuse: who comes gets the lowest number that is free, else one that nobody had.
    """

    def __init__(self, forget_s: float = 0.5, *, reuse: bool = False) -> None:
        self.forget_s, self.reuse = forget_s, reuse
        self._tracks: dict[int, _Track] = {}
        self._next = 0

    def __call__(self, poses: Sequence[Pose], time_s: float, skeleton: str = "") -> list[int]:
        """A number for each pose of the next frame: the same as long as it is followed.

        All poses together cost as little as they can. A hand that would move by more than twice
        its own size is a new one, a change of handedness counts as half its size; a body that
        is nowhere like one before is new beyond half its size.

        Args:
            skeleton: its name; "" follows as hands are followed.
        """
        there = {n: t for n, t in self._tracks.items() if time_s - t.seen_s < self.forget_s}
        title = skeleton_named(skeleton).title if skeleton else ""
        bodies = title == BODY
        if title == PAIR:  # of one person: the same, whichever hand is seen
            found: list[int | None] = [min(there, default=None) for _ in poses]
        elif bodies:
            ahead = {n: t.expected(time_s) for n, t in there.items()}
            alone = len(poses) == len(ahead) == 1
            costs = [
                {n: _body_cost(at, p.keypoints, skeleton, alone=alone) for n, at in ahead.items()}
                for p in poses
            ]
            found = _assign_tracks(costs, _UNLIKE)
        else:
            found = _assign_tracks(
                [{n: _hand_cost(t.pose, p) for n, t in there.items()} for p in poses]
            )
        numbers: list[int] = []
        for n in found:
            numbers.append(self._new({*there, *numbers}) if n is None else n)
        seen = {
            n: there[n].after(pose, time_s) if bodies and n in there else _Track(pose, time_s)
            for n, pose in zip(numbers, poses, strict=True)
        }
        self._tracks = there | seen
        return numbers

    def forget(self) -> None:
        """Begin anew, with 1: another picture comes."""
        self._tracks, self._next = {}, 0

    def _new(self, taken: Container[int]) -> int:
        if self.reuse:
            return next(n for n in count(1) if n not in taken)
        self._next += 1
        return self._next


def drop_duplicate_bodies(poses: Sequence[Pose], skeleton: str) -> list[int]:
    """Which of a frame's bodies are of different people, most confident first; of several that are
    of one person the most confident.

    Args:
        skeleton: its name.
    """
    if len(poses) < 2:
        return list(range(len(poses)))
    joints, sigmas = _oks_keypoints(skeleton)
    return oks_nms(
        np.stack([pose.keypoints[list(joints)] for pose in poses]),
        [pose.score for pose in poses],
        [_box_area(pose.keypoints) for pose in poses],
        sigmas,
        _ONE_PERSON,
    )


def _box_area(keypoints: Floats) -> float:
    """Square pixels of the box round a body's keypoints; 1 where none is there."""
    if not np.isfinite(keypoints).all(axis=1).any():
        return 1.0
    return bounding_box(keypoints).area


# OKS above which two bodies are one. The light net on 60 photos of COCO: at most 0.40 between any
# two of 173 pairs of different people, 0.75 (median) between one person's from two boxes
_ONE_PERSON = 0.5
_FARTHEST = 2.0  # in units of the pose's size: what moved by more is another one
_OTHER_SIDE = 0.5
_UNLIKE = 1.5  # nothing alike, and half its size away: another body
_AHEAD_S = 0.3  # nobody goes straight on for longer


def _hand_cost(before: Pose, now: Pose) -> float:
    """Mean way of the keypoints in units of the larger pose's size, and what another side costs;
    infinite where no keypoint is in both."""
    turned = None not in (before.handedness, now.handedness) and before.handedness != now.handedness
    return _mean_displacement(before.keypoints, now.keypoints) + _OTHER_SIDE * turned


def _mean_displacement(before: Floats, now: Floats) -> float:
    """Mean way of the keypoints in units of the larger one's size; infinite where none is in
    both."""
    if before.shape != now.shape:
        return math.inf
    # lists: between a camera's frames numpy's code has left the processor's cache
    both = before.tolist(), now.tolist()
    ways = [math.dist(a, b) for a, b in zip(*both, strict=True)]
    ways = [way for way in ways if math.isfinite(way)]
    if not ways:
        return math.inf
    size = max(_extent(values) for points in both for values in zip(*points, strict=True))
    return sum(ways) / len(ways) / max(size, 1.0)


def _body_cost(before: Floats, now: Floats, skeleton: str, *, alone: bool) -> float:
    """How far a body is from being the one before: its way in units of its size, and what OKS and
    IoU of the keypoints that are in both lack to 1, half each.

    Args:
        alone: it is compared with no other; where it is the same however little is alike, that is
            not looked at, which is most of what following costs.
    """
    way = _mean_displacement(before, now)
    if way > _UNLIKE or (alone and way + 1 < _UNLIKE):
        return way
    joints, sigmas = _oks_keypoints(skeleton)
    alike = box_iou(*map(bounding_box, _common_keypoints(before, now)))
    both = np.where(np.isfinite(now), before, np.nan)[list(joints)]
    if np.isfinite(both).any():
        shown = now[None, list(joints)]
        alike += float(oks(shown, both[None], _box_area(before), sigmas)[0])
    return way + 1 - alike / 2


def _common_keypoints(before: Floats, now: Floats) -> tuple[Floats, Floats]:
    """The keypoints that neither lacks; none of different skeletons'."""
    if before.shape != now.shape:
        return before[:0], now[:0]
    seen = np.isfinite(before).all(axis=1) & np.isfinite(now).all(axis=1)
    return before[seen], now[seen]


@lru_cache
def _oks_keypoints(skeleton: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The keypoints of a body that COCO has too, by name, and their sigmas."""
    known = dict(zip(COCO_17.joints, COCO_17.oks_sigmas, strict=True))
    joints = skeleton_named(skeleton).joints
    shared = [(i, known[name]) for i, name in enumerate(joints) if name in known]
    return tuple(i for i, _ in shared), tuple(sigma for _, sigma in shared)


def _extent(values: Sequence[float]) -> float:
    seen = [value for value in values if math.isfinite(value)]
    return max(seen) - min(seen)


def _assign_tracks(
    costs: Sequence[dict[int, float]], farthest: float = _FARTHEST
) -> list[int | None]:
    """For each pose its track, None for a new one, at the least cost of all together. A new one
    costs the farthest way."""
    if len(costs) == 1:  # as most often
        number, cost = min(costs[0].items(), key=lambda one: one[1], default=(None, farthest))
        return [number if cost < farthest else None]

    if not costs:
        return []
    from scipy.optimize import linear_sum_assignment  # slow to load, for several poses alone

    numbers = sorted({number for row in costs for number in row})
    new = [farthest] * len(costs)  # a column for each pose, should all be new
    table = [[min(row.get(n, farthest), farthest) for n in numbers] + new for row in costs]
    _, columns = linear_sum_assignment(table)
    return [
        numbers[column] if column < len(numbers) and row[column] < farthest else None
        for row, column in zip(table, columns.tolist(), strict=True)
    ]
