"""Bodies → features, where any keypoint may be hidden or outside the picture.

Convention: the unit is a shoulder's width. What is not seen counts as it mostly is, so that half a
body in front of a webcam gives much the same numbers as a whole one: a hidden wrist is where its
elbow is, and legs stand. N bodies, K keypoints, F features; pairs are (N, 2, 2), left then right.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.gestures.features.feature_set import FeatureSet, finite, flat
from core.pose.canonical_frame import EPS, squared_length, to_unit_length
from core.pose.types import Floats

# Each with the one that it hangs on, which comes before it, and how far below that it mostly is,
# in shoulder widths: as BlazePose finds standing people (Leeds Sports, medians)
_HANGS = {
    "elbow": ("shoulder", 0.0),
    "wrist": ("elbow", 0.0),
    "hip": ("shoulder", 1.45),
    "knee": ("hip", 1.0),
    "ankle": ("knee", 1.0),
}
_PAIRS = ("shoulder", *_HANGS)
_HEADS, _HEAD_BELOW = ("nose", "head_top"), -0.5  # the first that a skeleton has
_BONES = [*((on, end) for end, (on, _) in _HANGS.items())]
_BENDS = (
    ("elbow", "wrist"),
    ("hip", "elbow"),
    ("hip", "knee"),
    ("knee", "ankle"),
)  # of two bones, each named by its end
# what touches what: of each side, or of the one and the other side
_SAME = (("wrist", "hip"), ("wrist", "knee"), ("wrist", "shoulder"), ("ankle", "hip"))
_OTHER = (("wrist", "shoulder"), ("wrist", "elbow"))
_ENDS = {"pinky": "wrist", "index": "wrist", "thumb": "wrist", "heel": "ankle"}
_ENDS |= {"foot_index": "ankle"}


@dataclass(frozen=True)
class BodyFeatures(FeatureSet):
    """The features of a body: the same of every skeleton, from 13 keypoints that all bodies have.

    They are where these keypoints are, the bones' directions (0 where an end is missing), how far
    elbows, armpits, hips and knees are bent, and how near hands are to what they may touch.
    """

    @cached_property
    def count(self) -> int:
        """Number of features F."""
        places, directions = 2 * len(_PAIRS) + 1, 2 * len(_BONES) + 1
        lengths = len(_PAIRS) + 2 * len(_SAME) + 2 * len(_OTHER) + 2
        return 2 * (places + directions) + 4 * len(_BENDS) + lengths

    @cached_property
    def _head(self) -> int:
        return next(self.skeleton.index(name) for name in _HEADS if name in self.skeleton.joints)

    def _both(self, joint: str) -> list[int]:
        """Where the left and the right one stand."""
        return [self.skeleton.index(f"{side}_{joint}") for side in ("left", "right")]

    def features_of(self, seen: Any, xp: Any = np) -> Any:
        """Of (N, K, 2) keypoints as the viewer saw them."""
        placed = (seen - self._root(seen, xp)) / self._width(seen, xp)[:, None, None]
        joints, head = self._completed(placed, xp)
        bones = {end: self._bone(placed, begin, end, xp) for begin, end in _BONES}
        left, right = self._both("shoulder")
        line = _direction(placed[:, left : left + 1] - placed[:, right : right + 1], xp)
        bends = [part for a, b in _BENDS for part in _bend(bones[a], bones[b])]
        ways = [pair[:, 0:1] - pair[:, 1:2] for pair in joints.values()]
        ways += [joints[a] - joints[b] for a, b in _SAME]
        ways += [joints[a] - joints[b][:, [1, 0]] for a, b in _OTHER]
        ways.append(joints["wrist"] - head)
        lengths = [xp.sqrt(squared_length(way) + EPS) for way in ways]
        vectors = [flat(part) for part in (*joints.values(), head, *bones.values(), line)]
        return xp.concatenate([*vectors, *bends, *lengths], 1)

    def from_root(self, points: Any) -> Floats:
        """(N, K, 2) keypoints from the shoulders' middle, what is missing where it mostly is."""
        width = self._width(points, np)[:, None, None]
        placed = (points - self._root(points, np)) / width
        joints, head = self._completed(placed, np)
        made = np.empty_like(placed)
        made[:, self._head] = head[:, 0]
        for name, pair in joints.items():
            made[:, self._both(name)] = pair
        for index, beside in self._others.items():
            made[:, index] = made[:, beside]
        return np.asarray(np.where(np.isfinite(placed), placed, made) * width, np.float32)

    @cached_property
    def _others(self) -> dict[int, int]:
        """For each keypoint that no feature looks at, one beside it."""
        used = {self._head, *(i for name in _PAIRS for i in self._both(name))}
        found = {}
        for index in set(range(self.skeleton.size)) - used:
            side, _, end = self.skeleton.joints[index].partition("_")
            near = f"{side}_{_ENDS[end]}" if end in _ENDS else ""
            found[index] = self.skeleton.index(near) if near else self._head
        return found

    def _bone(self, placed: Any, begin: str, end: str, xp: Any) -> Any:
        """A pair of directions; 0 where an end is missing."""
        return _direction(placed[:, self._both(end)] - placed[:, self._both(begin)], xp)

    def _root(self, points: Any, xp: Any) -> Any:
        """(N, 1, 2) the shoulders' middle; of one that is seen alone, itself."""
        shoulders = points[:, self._both("shoulder")]
        both = xp.where(xp.isfinite(shoulders), shoulders, shoulders[:, [1, 0]])
        return (both[:, 0:1] + both[:, 1:2]) / 2

    def _width(self, points: Any, xp: Any) -> Any:
        """(N,) a shoulder's width, by whatever shows it at its longest, since a body that turns
        looks narrower; 1 where nothing does."""
        shoulders, hips = points[:, self._both("shoulder")], points[:, self._both("hip")]
        up = points[:, self._head : self._head + 1] - self._root(points, xp)
        shown = [
            shoulders[:, 0:1] - shoulders[:, 1:2],
            (hips - shoulders) / _HANGS["hip"][1],
            up / _HEAD_BELOW,
        ]
        longest = xp.sqrt(xp.amax(squared_length(finite(xp.concatenate(shown, 1), xp)), 1))
        return xp.where(longest > EPS, longest, xp.ones_like(longest))

    def _completed(self, placed: Any, xp: Any) -> tuple[dict[str, Any], Any]:
        """The pairs by name and the (N, 1, 2) head, none of them missing."""
        shoulders = placed[:, self._both("shoulder")]
        shoulders = xp.where(xp.isfinite(shoulders), shoulders, shoulders[:, [1, 0]])
        joints = {"shoulder": finite(shoulders, xp)}
        for name, (on, below) in _HANGS.items():
            joints[name] = _or_below(placed[:, self._both(name)], joints[on], below, xp)
        head = placed[:, self._head : self._head + 1]
        middle = (joints["shoulder"][:, 0:1] + joints["shoulder"][:, 1:2]) / 2
        return joints, _or_below(head, middle, _HEAD_BELOW, xp)


def _or_below(points: Any, on: Any, below: float, xp: Any) -> Any:
    """The points; where they are missing, so far below what they hang on."""
    stand_in = xp.stack([on[..., 0], on[..., 1] + below], -1)
    return xp.where(xp.isfinite(points), points, stand_in)


def _direction(ways: Any, xp: Any) -> Any:
    """Of length 1; 0 where missing."""
    return to_unit_length(finite(ways, xp), xp)


def _bend(a: Any, b: Any) -> tuple[Any, Any]:
    """(N, 2) cosine and sine of the angle between two pairs of directions."""
    cosine = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1]
    return cosine, a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
