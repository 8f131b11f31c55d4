"""Bodies → features; any keypoint may be hidden or outside the picture.

Convention: the unit is the shoulder width. A missing keypoint is replaced by its usual position, so
that half a body in front of a webcam gives nearly the features of a whole one: a hidden wrist lies
at its elbow, and legs stand. N bodies, K keypoints, F features; pairs are (N, 2, 2), left, right.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.gestures.features.feature_set import FeatureSet, flatten, zero_missing
from core.pose.canonical_frame import EPS, squared_length, to_unit_length
from core.pose.types import Floats

# keypoint → (parent keypoint, usual distance below it in shoulder widths): medians of standing
# people as BlazePose finds them (Leeds Sports)
_PARENTS = {
    "elbow": ("shoulder", 0.0),
    "wrist": ("elbow", 0.0),
    "hip": ("shoulder", 1.45),
    "knee": ("hip", 1.0),
    "ankle": ("knee", 1.0),
}
_PAIRS = ("shoulder", *_PARENTS)
_HEADS, _HEAD_BELOW = ("nose", "head_top"), -0.5  # the first that a skeleton has
_BONES = [(parent, end) for end, (parent, _) in _PARENTS.items()]
_ANGLES = (("elbow", "wrist"), ("hip", "elbow"), ("hip", "knee"), ("knee", "ankle"))  # two bones
# keypoints that may touch: on the same side, and on opposite sides
_SAME_SIDE = (("wrist", "hip"), ("wrist", "knee"), ("wrist", "shoulder"), ("ankle", "hip"))
_OPPOSITE = (("wrist", "shoulder"), ("wrist", "elbow"))
_NEIGHBOURS = {"pinky": "wrist", "index": "wrist", "thumb": "wrist", "heel": "ankle"}
_NEIGHBOURS |= {"foot_index": "ankle"}


@dataclass(frozen=True)
class BodyFeatures(FeatureSet):
    """The features of a body, the same for every skeleton, from the 13 keypoints they all share.

    They are the positions of these keypoints, the bones' directions (0 where an end is missing),
    the angles of elbows, armpits, hips and knees, and distances between parts that may touch.
    """

    @cached_property
    def _head(self) -> int:
        return next(self.skeleton.index(name) for name in _HEADS if name in self.skeleton.joints)

    def _index_sides(self, keypoint: str) -> list[int]:
        """Return the indices of the left and right keypoint with this name."""
        return [self.skeleton.index(f"{side}_{keypoint}") for side in ("left", "right")]

    def compute(self, seen: Any, xp: Any = np) -> Any:
        """Compute (N, F) features of (N, K, 2) keypoints as the viewer saw them: positions, bone
        directions, joint angles and distances in shoulder widths."""
        scaled, _ = self._scale_to_shoulders(seen, xp)
        pairs, head = self._fill_missing(scaled, xp)
        bones = {
            end: _to_unit_or_zero(
                scaled[:, self._index_sides(end)] - scaled[:, self._index_sides(parent)], xp
            )
            for parent, end in _BONES
        }
        left, right = self._index_sides("shoulder")
        line = _to_unit_or_zero(scaled[:, left : left + 1] - scaled[:, right : right + 1], xp)
        angles = [part for a, b in _ANGLES for part in _compute_cosine_sine(bones[a], bones[b])]
        vectors = [pair[:, 0:1] - pair[:, 1:2] for pair in pairs.values()]
        vectors += [pairs[a] - pairs[b] for a, b in _SAME_SIDE]
        vectors += [pairs[a] - pairs[b][:, [1, 0]] for a, b in _OPPOSITE]
        vectors.append(pairs["wrist"] - head)
        distances = [xp.sqrt(squared_length(vector) + EPS) for vector in vectors]
        points = [flatten(part) for part in (*pairs.values(), head, *bones.values(), line)]
        return xp.concatenate([*points, *angles, *distances], 1)

    def centre_on_root(self, points: Any) -> Floats:
        """Move (N, K, 2) keypoints so that the middle of the shoulders is the origin, and replace
        missing ones by their usual positions."""
        scaled, width = self._scale_to_shoulders(points, np)
        pairs, head = self._fill_missing(scaled, np)
        usual = np.empty_like(scaled)
        usual[:, self._head] = head[:, 0]
        for name, pair in pairs.items():
            usual[:, self._index_sides(name)] = pair
        for index, neighbour in self._unused_neighbours.items():
            usual[:, index] = usual[:, neighbour]
        return np.asarray(np.where(np.isfinite(scaled), scaled, usual) * width, np.float32)

    @cached_property
    def _unused_neighbours(self) -> dict[int, int]:
        """Map each keypoint that no feature reads to a neighbouring keypoint that one does."""
        used = {self._head, *(i for name in _PAIRS for i in self._index_sides(name))}
        found = {}
        for index in set(range(self.skeleton.size)) - used:
            side, _, end = self.skeleton.joints[index].partition("_")
            near = f"{side}_{_NEIGHBOURS[end]}" if end in _NEIGHBOURS else ""
            found[index] = self.skeleton.index(near) if near else self._head
        return found

    def _select_shoulders(self, points: Any, xp: Any) -> Any:
        """Return the (N, 2, 2) shoulders; if one is missing, both are the visible one."""
        shoulders = points[:, self._index_sides("shoulder")]
        return xp.where(xp.isfinite(shoulders), shoulders, shoulders[:, [1, 0]])

    def _scale_to_shoulders(self, points: Any, xp: Any) -> tuple[Any, Any]:
        """Centre keypoints between the shoulders and scale them to shoulder widths; also return the
        (N, 1, 1) width. It is the largest estimate from shoulders, trunk and head, because a
        rotated body looks narrower; 1 if none is visible."""
        both = self._select_shoulders(points, xp)
        centre = (both[:, 0:1] + both[:, 1:2]) / 2
        shoulders, hips = (points[:, self._index_sides(name)] for name in ("shoulder", "hip"))
        up = points[:, self._head : self._head + 1] - centre
        estimates = [
            shoulders[:, 0:1] - shoulders[:, 1:2],
            (hips - shoulders) / _PARENTS["hip"][1],
            up / _HEAD_BELOW,
        ]
        vectors = zero_missing(xp.concatenate(estimates, 1), xp)
        longest = xp.sqrt(xp.amax(squared_length(vectors), 1))
        width = xp.where(longest > EPS, longest, xp.ones_like(longest))[:, None, None]
        return (points - centre) / width, width

    def _fill_missing(self, scaled: Any, xp: Any) -> tuple[dict[str, Any], Any]:
        """Replace missing keypoints by their usual positions; return the (N, 2, 2) left-right pairs
        by name, and the (N, 1, 2) head."""
        pairs = {"shoulder": zero_missing(self._select_shoulders(scaled, xp), xp)}
        for name, (parent, below) in _PARENTS.items():
            pairs[name] = _fill_below(scaled[:, self._index_sides(name)], pairs[parent], below, xp)
        head = scaled[:, self._head : self._head + 1]
        middle = (pairs["shoulder"][:, 0:1] + pairs["shoulder"][:, 1:2]) / 2
        return pairs, _fill_below(head, middle, _HEAD_BELOW, xp)


def _fill_below(points: Any, parent: Any, below: float, xp: Any) -> Any:
    """Replace missing points by the point at this distance below their parent."""
    usual = xp.stack([parent[..., 0], parent[..., 1] + below], -1)
    return xp.where(xp.isfinite(points), points, usual)


def _to_unit_or_zero(vectors: Any, xp: Any) -> Any:
    """Scale vectors to length 1; missing ones become 0."""
    return to_unit_length(zero_missing(vectors, xp), xp)


def _compute_cosine_sine(a: Any, b: Any) -> tuple[Any, Any]:
    """Return the (N, 2) cosines and sines of the angles between two pairs of directions."""
    cosine = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1]
    return cosine, a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
