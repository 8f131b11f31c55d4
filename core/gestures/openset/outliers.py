"""Synthetic outliers: hands made of two real ones, as training samples of what is none of the
gestures. Convention: N hands (or pairs, or bodies), K keypoints."""

from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.pose.canonical_frame import (
    canonical_frame,
    canonical_frame_3d,
    heading_length,
    root_position,
)
from core.pose.skeletons.skeleton import BODY, PAIR
from core.pose.skeletons.table import HAND_21, Skeleton, skeleton_named

# Shape distances: 95 % of hands are nearer than this to the same gesture of another person (0.54 to
# 0.68 in five fifths of the starter's data), so what is farther from all gestures is none of them.
MIN_DISTANCE = 0.6
# The same for arm poses, whatever the legs do. With 0.6 a model of five people rejected two of five
# others whom it recognised correctly.
_MIN_DISTANCE_OF_BODIES = 1.5
# Pairs also differ in where the hands are relative to each other: three signers' signs are 1.2 to
# 1.9 times as far from each other as their right hands alone.
_MIN_DISTANCE_OF_PAIRS = 0.9
_BANK = 300  # hands of each gesture that an outlier is compared with
_TRIES = 4  # per outlier; between a quarter and a half are far enough
_MAX_FINGERS = 2  # that are replaced; three gave no improvement

Array = NDArray[np.float32]


def make_outliers(data: GestureData, n: int, rng: np.random.Generator) -> Array:
    """Make at most n poses, (n, K, D), that are none of the data's gestures, as seen on the screen;
    an empty array for fewer than two classes.

    Each is a hand of one class with one or two fingers of another class's hand; poses that
    resemble a gesture are removed.
    """
    keypoints, skeleton = centre_and_fill(data), skeleton_named(data.skeleton)
    weight = 1 / np.bincount(data.labels)[data.labels]  # each class is as probable
    rows = rng.choice(len(data), (2, _TRIES * n), p=weight / weight.sum())
    hands, donors = rows[:, data.labels[rows[0]] != data.labels[rows[1]]]
    made = recombine_fingers(keypoints[hands], keypoints[donors], rng, skeleton)
    if not len(made):
        return made
    named = np.array([not gesture.is_none for gesture in data.gestures])
    bank = np.concatenate(
        [
            rng.permutation(np.flatnonzero(data.labels == label))[:_BANK]
            for label in np.flatnonzero(named)
        ]
    )
    shapes = describe_shape(made, skeleton), describe_shape(keypoints[bank], skeleton)
    least = {BODY: _MIN_DISTANCE_OF_BODIES, PAIR: _MIN_DISTANCE_OF_PAIRS}
    far = find_nearest_distances(*shapes) > least.get(skeleton.title, MIN_DISTANCE)
    return made[far][:n]


def centre_and_fill(data: GestureData) -> Array:
    """Return (N, K, D) keypoints relative to their root, as seen on the screen, with missing ones
    moved to the root, except in pairs, where they stay NaN because a hand may be absent."""
    features = data.feature_set
    centred = features.centre_on_root(features.flip_mirrored(data.keypoints, data.mirrored_view))
    missing = np.nan if skeleton_named(data.skeleton).parts else 0.0
    return np.where(np.isfinite(centred), centred, np.float32(missing))


def recombine_fingers(
    hands: Array, donors: Array, rng: np.random.Generator, skeleton: Skeleton = HAND_21
) -> Array:
    """Replace one or two fingers (or the thumb) of each hand by its donor's, with both palms
    upright and of size 1; the finger keeps its base. In a pair, change one or both hands."""
    if skeleton.parts:
        return _recombine_pairs(hands, donors, rng, skeleton)
    own, axes = _to_palm_frame(hands, skeleton)
    other, _ = _to_palm_frame(donors, skeleton)
    groups = [*skeleton.groups.values()]
    n = len(hands)
    count = rng.integers(1, _MAX_FINGERS + 1, n)
    rank = np.argsort(rng.random((n, len(groups))), 1)
    made = own.copy()
    for number, (base, *rest) in enumerate(groups):
        rows = np.flatnonzero(rank[:, number] < count)
        finger = other[rows][:, rest] - other[rows, base][:, None]
        made[rows[:, None], rest] = own[rows, base][:, None] + finger
    return np.einsum("nki,nij->nkj", made, axes).astype(np.float32)


def _recombine_pairs(
    pairs: Array, donors: Array, rng: np.random.Generator, skeleton: Skeleton
) -> Array:
    """Recombine the left, the right or both hands of each pair with the donor's hand on that side;
    leave a hand unchanged if it or its donor is missing."""
    chosen = rng.integers(1, 1 << len(skeleton.parts), len(pairs))
    made = pairs.copy()
    for number, (part, keypoints) in enumerate(_iterate_hands(skeleton)):
        hands, others = pairs[:, keypoints], donors[:, keypoints]
        both = np.isfinite(hands).all((1, 2)) & np.isfinite(others).all((1, 2))
        rows = np.flatnonzero(both & (chosen >> number & 1 > 0))
        wrists = hands[rows][:, [*part.root]].mean(1, keepdims=True)
        made[rows, keypoints] = recombine_fingers(hands[rows], others[rows], rng, part) + wrists
    return made


def _iterate_hands(skeleton: Skeleton) -> Iterator[tuple[Skeleton, slice]]:
    """Yield each hand of a pair with the slice of its keypoints."""
    ends = accumulate((part.size for part in skeleton.parts), initial=0)
    for part, (begin, end) in zip(skeleton.parts, pairwise(ends), strict=True):
        yield part, slice(begin, end)


def describe_shape(hands: Array, skeleton: Skeleton = HAND_21) -> Array:
    """Return (N, D K) keypoints, rotated upright, scaled to a reach of 1 and flattened, so that
    only the shape remains. For pairs, return each hand's shape (0 if missing) and the vector
    between the hands."""
    if skeleton.parts:
        return _describe_pair_shape(hands, skeleton)
    own = _to_palm_frame(hands, skeleton)[0]
    reach = np.maximum(np.linalg.norm(own, axis=2).max(1), 1e-6)
    first = 1 if skeleton.root == (0,) else 0
    return (own[:, first:] / reach[:, None, None]).reshape(len(hands), -1)


def _describe_pair_shape(pairs: Array, skeleton: Skeleton) -> Array:
    """Return each hand's shape, and the vector between the hands' centres in mean hand sizes."""
    hands = [(part, pairs[:, keypoints]) for part, keypoints in _iterate_hands(skeleton)]
    shapes = [describe_shape(np.nan_to_num(points), part) for part, points in hands]
    size = np.mean([np.ptp(points, axis=1).max(1) for _, points in hands], 0)
    centres = [points.mean(1) for _, points in hands]
    vector = np.nan_to_num((centres[1] - centres[0]) / np.maximum(size, 1e-6)[:, None])
    return np.concatenate([*shapes, vector], 1).astype(np.float32)


def find_nearest_distances(rows: Array, bank: Array) -> Array:
    """Return the (N,) distance of each row to the nearest row of the bank."""
    squares = (bank * bank).sum(1)
    parts = [
        (part * part).sum(1) + (squares - 2 * part @ bank.T).min(1)
        for part in np.array_split(rows, max(1, len(rows) // 2000))
    ]
    return np.sqrt(np.maximum(np.concatenate(parts), 0))


def _to_palm_frame(hands: Array, skeleton: Skeleton) -> tuple[Array, Array]:
    """Rotate and scale poses so that the palm points up with length 1 and the thumb is at +x. Also
    return the (N, D, D) inverse matrices."""
    points = hands - root_position(hands, skeleton.root)
    size = (heading_length(points, skeleton) + 1e-6)[:, None, None]
    if hands.shape[-1] == 3:
        own, *axes = canonical_frame_3d(points / size, skeleton)
        return own, np.stack(axes, 1) * size
    own, heading, flipped = canonical_frame(points / size, skeleton)
    across = np.stack([-heading[:, 1], heading[:, 0]], 1) * np.where(flipped, -1, 1)[:, None]
    return own, np.stack([across, heading], 1) * size
