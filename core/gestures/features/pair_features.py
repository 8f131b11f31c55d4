"""Pairs of hands → features: each hand's own, and where the hands are relative to each other.

Convention: lengths between the hands are in units of the mean size of the visible hands. N pairs,
K keypoints, the left hand's half first; F features. A hand whose keypoints are all missing or all
at one point counts as absent, and everything between the hands is then 0.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.gestures.features.feature_set import FeatureSet, flatten, zero_missing
from core.pose.canonical_frame import EPS, squared_length, to_unit_length
from core.pose.types import Floats

_MAX_DISTANCE = 6.0  # hand sizes; the distance between the hands saturates towards it


@dataclass(frozen=True)
class PairFeatures(FeatureSet):
    """The features of a pair of hands; one hand may be missing.

    They are each hand's own features, whether it is present, which hand is larger, the vector
    between the hands' centres with its direction, and the proximity of all fingertips.
    """

    @cached_property
    def _hand(self) -> FeatureSet:
        return FeatureSet(self.skeleton.single, 1)

    @cached_property
    def _tips(self) -> list[int]:
        return [group[-1] for group in self._hand.skeleton.groups.values()]

    def compute(self, seen: Any, xp: Any = np) -> Any:
        """Compute (N, F) features of (N, K, 2) keypoints as the viewer saw them: each hand's
        features, which hands are present, their size difference and their relative position."""
        half = self._hand.skeleton.size
        hands = seen[:, 0:half], seen[:, half : 2 * half]
        own_features = [self._hand.compute(hand, xp) for hand in hands]
        left, right = (_measure_hand(hand, xp) for hand in hands)
        present = [
            xp.where(size > EPS, xp.ones_like(size), xp.zeros_like(size)) for size in (left, right)
        ]
        both = present[0] * present[1]
        size = (left + right) / (both + 1)
        size = xp.where(size > EPS, size, xp.ones_like(size))
        larger = (left - right) / size * both
        scalars = [values[:, None] for values in (*present, larger)]
        relative = self._compare_hands(hands, size, both[:, None, None], xp)
        return xp.concatenate([*own_features, *scalars, *relative], 1)

    def _compare_hands(self, hands: Any, size: Any, both: Any, xp: Any) -> tuple[Any, ...]:
        """Return the vector between the hands' centres (saturating), its direction, and the
        proximity between all fingertips of both hands; 0 unless both hands are present."""
        size = size[:, None, None]
        centres = [xp.mean(zero_missing(hand, xp), 1)[:, None] for hand in hands]
        vector = (centres[1] - centres[0]) / size * both
        length = xp.sqrt(squared_length(vector) + EPS)[..., None]
        left, right = (zero_missing(hand[:, self._tips], xp) / size for hand in hands)
        squares = squared_length(right[:, None] - left[:, :, None])
        proximity = xp.ones_like(squares) / (squares + 1) * both  # 1 at distance 0, 1/2 at 1
        saturated = vector / (length / _MAX_DISTANCE + 1)
        return flatten(saturated), flatten(to_unit_length(vector, xp)), flatten(proximity)

    def centre_on_root(self, points: Any) -> Floats:
        """Move (N, K, 2) keypoints so that the middle of the visible wrists is the origin."""
        wrists = points[:, [*self.skeleton.root]]
        first, other = wrists[:, 0:1], wrists[:, 1:2]
        middle = np.where(np.isnan(first), other, first) + np.where(np.isnan(other), first, other)
        return np.asarray(points - middle / 2, np.float32)


def _measure_hand(hand: Any, xp: Any) -> Any:
    """Return the (N,) distance from the wrist to the farthest keypoint; 0 for a missing hand."""
    from_wrist = zero_missing(hand - hand[:, 0:1], xp)
    return xp.sqrt(xp.amax(squared_length(from_wrist), 1))
