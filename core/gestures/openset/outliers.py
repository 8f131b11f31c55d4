"""Hands that nobody showed, each made of two real ones: what is none of the gestures can be trained
on them, whichever gestures there are. Convention: N hands (or bodies), K keypoints."""

from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.labels import NONE
from core.pose.canonical_frame import (
    canonical_frame,
    canonical_frame_3d,
    heading_length,
    root_position,
)
from core.pose.skeletons.skeleton import BODY, PAIR
from core.pose.skeletons.table import HAND_21, Skeleton, skeleton_named

# 95 % of hands are nearer than this to the same gesture of another person (0.54 to 0.68 in five
# fifths of the starter's data), so what is farther from all gestures is none of them
NEAR = 0.6
# the same of bodies: 95 % are nearer to the same arm pose of another person than this, whatever the
# legs do; with 0.6 a model of five people turned two of five others away whom it named rightly
_NEAR_BODIES = 1.5
# of pairs, whose hands lie to each other in one more way: three signers' signs are 1.2 to 1.9 times
# as far from each other as their right hands alone
_NEAR_PAIRS = 0.9
_BANK = 300  # hands of each gesture that a synthetic one is compared with
_TRIES = 4  # made for each one wanted; between a quarter and a half turn out to be far enough
_MOST_FINGERS = 2  # taken over; three gave nothing more

Array = NDArray[np.float32]


def synthetic_outliers(data: GestureData, n: int, rng: np.random.Generator) -> Array:
    """At most n hands that are none of the data's gestures, as seen on the screen.

    Each is a hand of one class with one or two fingers of a hand of another class; those that
    look like one of the gestures all the same are left out.

    Returns:
        (n or fewer, K, D); none where there are fewer than two classes.
    """
    keypoints, skeleton = complete(data), skeleton_named(data.skeleton)
    rows = _drawn_evenly(data.labels, 2 * _TRIES * n, rng).reshape(2, -1)
    hands, donors = rows[:, data.labels[rows[0]] != data.labels[rows[1]]]
    made = recombined(keypoints[hands], keypoints[donors], rng, skeleton)
    if not len(made):
        return made
    named = np.array([gesture != NONE for gesture in data.gestures])
    bank = np.concatenate(
        [
            rng.permutation(np.flatnonzero(data.labels == label))[:_BANK]
            for label in np.flatnonzero(named)
        ]
    )
    away = nearest(hand_shape(made, skeleton), hand_shape(keypoints[bank], skeleton))
    near = {BODY: _NEAR_BODIES, PAIR: _NEAR_PAIRS}.get(skeleton.title, NEAR)
    return made[away > near][:n]


def complete(data: GestureData) -> Array:
    """(N, K, D) poses from their root as seen on the screen, missing keypoints at the root; of a
    pair, where a hand may be missing, they stay missing."""
    features = data.feature_set
    shifted = features.from_root(features.as_seen(data.keypoints, data.mirrored_view))
    missing = np.nan if skeleton_named(data.skeleton).parts else 0.0
    return np.where(np.isfinite(shifted), shifted, np.float32(missing))


def recombined(
    hands: Array, donors: Array, rng: np.random.Generator, skeleton: Skeleton = HAND_21
) -> Array:
    """Each hand with one or two fingers, thumb included, of its donor: the finger starts where the
    hand's own did and goes on as the donor's, both seen with the palm upright and of size 1.
    Of pairs one hand is, or each.
    """
    if skeleton.parts:
        return _pairs_recombined(hands, donors, rng, skeleton)
    own, axes = _upright(hands, skeleton)
    other, _ = _upright(donors, skeleton)
    groups = [*skeleton.groups.values()]
    n = len(hands)
    count = rng.integers(1, _MOST_FINGERS + 1, n)
    rank = np.argsort(rng.random((n, len(groups))), 1)
    made = own.copy()
    for number, (base, *rest) in enumerate(groups):
        taken = np.flatnonzero(rank[:, number] < count)
        way = other[taken][:, rest] - other[taken, base][:, None]
        made[taken[:, None], rest] = own[taken, base][:, None] + way
    return np.einsum("nki,nij->nkj", made, axes).astype(np.float32)


def _pairs_recombined(
    pairs: Array, donors: Array, rng: np.random.Generator, skeleton: Skeleton
) -> Array:
    """Either hand, or each, with fingers of the donor's hand of that side. A hand that one of the
    two lacks stays as it is."""
    chosen = rng.integers(1, 1 << len(skeleton.parts), len(pairs))
    made = pairs.copy()
    for number, (part, joints) in enumerate(_parts(skeleton)):
        hands, others = pairs[:, joints], donors[:, joints]
        both = np.isfinite(hands).all((1, 2)) & np.isfinite(others).all((1, 2))
        rows = np.flatnonzero(both & (chosen >> number & 1 > 0))
        wrists = hands[rows][:, [*part.root]].mean(1, keepdims=True)
        made[rows, joints] = recombined(hands[rows], others[rows], rng, part) + wrists
    return made


def _parts(skeleton: Skeleton) -> Iterator[tuple[Skeleton, slice]]:
    """The hands of a pair, and where their keypoints stand."""
    ends = accumulate((part.size for part in skeleton.parts), initial=0)
    for part, (begin, end) in zip(skeleton.parts, pairwise(ends), strict=True):
        yield part, slice(begin, end)


def hand_shape(hands: Array, skeleton: Skeleton = HAND_21) -> Array:
    """(N, D K), of a hand (N, 20 D), keypoints with the palm upright, the farthest at distance 1:
    the shape without the direction. Of pairs that of each hand, none of one that is missing, and
    the way between the two in their mean size."""
    if skeleton.parts:
        return _pair_shape(hands, skeleton)
    own = _upright(hands, skeleton)[0]
    reach = np.maximum(np.linalg.norm(own, axis=2).max(1), 1e-6)
    first = 1 if skeleton.root == (0,) else 0  # a root that is a keypoint lies at the origin
    return (own[:, first:] / reach[:, None, None]).reshape(len(hands), -1)


def _pair_shape(pairs: Array, skeleton: Skeleton) -> Array:
    hands = [(part, pairs[:, joints]) for part, joints in _parts(skeleton)]
    alone = [hand_shape(np.nan_to_num(points), part) for part, points in hands]
    size = np.mean([np.ptp(points, axis=1).max(1) for _, points in hands], 0)
    middles = [points.mean(1) for _, points in hands]
    way = np.nan_to_num((middles[1] - middles[0]) / np.maximum(size, 1e-6)[:, None])
    return np.concatenate([*alone, way], 1).astype(np.float32)


def nearest(rows: Array, bank: Array) -> Array:
    """(N,) distance of each row to the nearest of the bank."""
    regions = (bank * bank).sum(1)
    parts = [
        (part * part).sum(1) + (regions - 2 * part @ bank.T).min(1)
        for part in np.array_split(rows, max(1, len(rows) // 2000))
    ]
    return np.sqrt(np.maximum(np.concatenate(parts), 0))


def _drawn_evenly(labels: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """n rows, each class as often as the others."""
    weight = 1 / np.bincount(labels)[labels]
    return rng.choice(len(labels), n, p=weight / weight.sum())


def _upright(hands: Array, skeleton: Skeleton) -> tuple[Array, Array]:
    """The keypoints from the root with the heading up, of length 1, a hand's index side at +x; and
    (N, D, D) where these axes lay and how long the heading was: keypoints times it are as given."""
    points = hands - root_position(hands, skeleton.root)
    size = (heading_length(points, skeleton) + 1e-6)[:, None, None]
    if hands.shape[-1] == 3:
        own, *axes = canonical_frame_3d(points / size, skeleton)
        return own, np.stack(axes, 1) * size
    own, heading, flipped = canonical_frame(points / size, skeleton)
    across = np.stack([-heading[:, 1], heading[:, 0]], 1) * np.where(flipped, -1, 1)[:, None]
    return own, np.stack([across, heading], 1) * size
