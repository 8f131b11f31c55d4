"""Both hands → features: each hand's own, and how the two lie to each other.

Convention: the unit of what lies between the hands is the mean size of those that are seen. N
pairs, K keypoints, a left and a right hand of as many each; F features. A hand whose keypoints are
missing, or all in one place, is not there: its features are those of no hand, and nothing lies
between.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.gestures.features.feature_set import FeatureSet, finite, flat
from core.pose.canonical_frame import EPS, squared_length, to_unit_length
from core.pose.types import Floats

_FAR = 6.0  # hands farther apart than so many sizes are as far apart as they can be


@dataclass(frozen=True)
class PairFeatures(FeatureSet):
    """The features of a pair of hands, of which one may be missing.

    They are those of each hand as it is seen alone, whether it is there, and of two hands the way
    from the left one's middle to the right one's, how far apart their fingertips are, and which is
    larger.
    """

    @cached_property
    def _hand(self) -> FeatureSet:
        return FeatureSet(self.skeleton.single, 1)

    @cached_property
    def _tips(self) -> list[int]:
        return [group[-1] for group in self._hand.skeleton.groups.values()]

    @cached_property
    def count(self) -> int:
        """Number of features F."""
        return 2 * self._hand.count + 2 + 2 + 2 + 1 + len(self._tips) ** 2

    def features_of(self, seen: Any, xp: Any = np) -> Any:
        """Of (N, K, 2) keypoints as the viewer saw them."""
        half = self._hand.skeleton.size
        hands = seen[:, 0:half], seen[:, half : 2 * half]
        alone = [self._hand.features_of(hand, xp) for hand in hands]
        left, right = (_size(hand, xp) for hand in hands)
        there = [_is_there(size, xp) for size in (left, right)]
        both = there[0] * there[1]
        size = (left + right) / (both + 1)
        size = xp.where(size > EPS, size, xp.ones_like(size))
        larger = (left - right) / size * both
        told = [one[:, None] for one in (*there, larger)]
        between = self._between(hands, size, both[:, None, None], xp)
        return xp.concatenate([*alone, *told, *between], 1)

    def _between(self, hands: Any, size: Any, both: Any, xp: Any) -> tuple[Any, ...]:
        """The way from hand to hand, shortened where it is long, its direction, and how near each
        fingertip is to each of the other hand."""
        size = size[:, None, None]
        middles = [xp.mean(finite(hand, xp), 1)[:, None] for hand in hands]
        way = (middles[1] - middles[0]) / size * both
        length = xp.sqrt(squared_length(way) + EPS)[..., None]
        left, right = (finite(hand[:, self._tips], xp) / size for hand in hands)
        near = _nearness(squared_length(right[:, None] - left[:, :, None]), xp) * both
        return flat(way / (length / _FAR + 1)), flat(to_unit_length(way, xp)), flat(near)

    def from_root(self, points: Any) -> Floats:
        """(N, K, 2) keypoints from the middle of the wrists that are seen."""
        wrists = points[:, [*self.skeleton.root]]
        first, other = wrists[:, 0:1], wrists[:, 1:2]
        middle = np.where(np.isnan(first), other, first) + np.where(np.isnan(other), first, other)
        return np.asarray(points - middle / 2, np.float32)


def _size(hand: Any, xp: Any) -> Any:
    """(N,) how far a hand's farthest keypoint is from its wrist; 0 where it is missing."""
    from_wrist = finite(hand - hand[:, 0:1], xp)
    return xp.sqrt(xp.amax(squared_length(from_wrist), 1))


def _is_there(size: Any, xp: Any) -> Any:
    """(N,) 1 or 0."""
    return xp.where(size > EPS, xp.ones_like(size), xp.zeros_like(size))


def _nearness(squares: Any, xp: Any) -> Any:
    """1 of a distance of 0, a half of one size, towards 0 far away: what touches counts most."""
    return xp.ones_like(squares) / (squares + 1)
