"""Following poses from frame to frame: where to look for one next, and which of several is which.

Convention: a square is (x0, y0, side), picture pixels; it may reach beyond the picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.pose.boxes import Region, bounding_box
from core.pose.types import Floats, Pose

FIRST_SIDE = 368.0  # the demos' first crop, for a hand held into the picture's middle
_SMALLEST = 96.0  # pixels: keypoints closer together than this count as so far apart
_FACTOR = 2.0
_ALPHA = 0.2  # how fast the side follows
_LOST = 1.0  # sum of the peaks below which nothing is followed


def first_region(size_hw: tuple[int, int], side: float = FIRST_SIDE) -> Region:
    """Where to look while no hand is followed: the picture's middle, at most as large as it."""
    height, width = size_hw
    side = min(side, height, width)
    return (width - side) / 2, (height - side) / 2, side


def next_region(region: Region, keypoints: Floats, peaks: Floats) -> Region | None:
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
    x0, y0, x1, y1 = bounding_box(keypoints)
    wanted = _FACTOR * max(x1 - x0, y1 - y0, _SMALLEST)
    side = region[2] + _ALPHA * (wanted - region[2])
    x, y = keypoints[seen].mean(axis=0, dtype=np.float64)
    return float(x) - (side - 1) / 2, float(y) - (side - 1) / 2, side


@dataclass
class _Track:
    pose: Pose
    seen_s: float


class Tracks:
    """Tells which pose of a frame is which of the frames before, by where its keypoints are.

    Args:
        forget_s: a pose that was away for so long is another one.
    """

    def __init__(self, forget_s: float = 0.5) -> None:
        self.forget_s = forget_s
        self._tracks: dict[int, _Track] = {}
        self._next = 0

    def __call__(self, poses: Sequence[Pose], time_s: float) -> list[int]:
        """A number for each pose of the next frame: the same as long as it is followed.

        All poses together move as little as they can. One that would move by more than twice
        its own size is a new one; a change of handedness counts as half its size.
        """
        there = {n: t for n, t in self._tracks.items() if time_s - t.seen_s < self.forget_s}
        costs = [{n: _moved(t.pose, pose) for n, t in there.items()} for pose in poses]
        numbers = [self._new() if n is None else n for n in _assigned(costs)]
        self._tracks = there | {
            n: _Track(pose, time_s) for n, pose in zip(numbers, poses, strict=True)
        }
        return numbers

    def _new(self) -> int:
        self._next += 1
        return self._next


_FARTHEST = 2.0  # in units of the pose's size: what moved by more is another one
_OTHER_SIDE = 0.5


def _moved(before: Pose, now: Pose) -> float:
    """Mean way of the keypoints in units of the larger pose's size; infinite where none is in
    both."""
    if before.keypoints.shape != now.keypoints.shape:
        return math.inf
    # lists: between a camera's frames numpy's code has left the processor's cache
    both = before.keypoints.tolist(), now.keypoints.tolist()
    ways = [math.dist(a, b) for a, b in zip(*both, strict=True)]
    ways = [way for way in ways if math.isfinite(way)]
    if not ways:
        return math.inf
    size = max(_span(values) for points in both for values in zip(*points, strict=True))
    turned = None not in (before.handedness, now.handedness) and before.handedness != now.handedness
    return sum(ways) / len(ways) / max(size, 1.0) + _OTHER_SIDE * turned


def _span(values: Sequence[float]) -> float:
    seen = [value for value in values if math.isfinite(value)]
    return max(seen) - min(seen)


def _assigned(costs: Sequence[dict[int, float]]) -> list[int | None]:
    """For each pose its track, None for a new one, at the least cost of all together; for the few
    poses of a frame. A new one costs the farthest way."""

    def best(pose: int, taken: frozenset[int]) -> tuple[float, tuple[int | None, ...]]:
        if pose == len(costs):
            return 0.0, ()
        near = {n: c for n, c in costs[pose].items() if c < _FARTHEST and n not in taken}
        ways = []
        for number, cost in ((None, _FARTHEST), *near.items()):
            rest, others = best(pose + 1, taken if number is None else taken | {number})
            ways.append((cost + rest, (number, *others)))
        return min(ways, key=lambda way: way[0])

    return list(best(0, frozenset())[1])
