"""Hands that nobody showed, each made of two real ones: what is none of the gestures can be learned
from them, whichever gestures there are. Convention: N hands, 21 joints."""

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.labels import NONE
from core.pose.hand import palm_frame, palm_length

# 95 % of hands are nearer than this to the same gesture of another person (0.54 to 0.68 in five
# fifths of the starter's data), so what is farther from all gestures is none of them
NEAR = 0.6
_BANK = 300  # hands of each gesture that a made-up one is compared with
_TRIES = 4  # made for each one wanted; between a quarter and a half turn out to be far enough
_MOST_FINGERS = 2  # taken over; three gave nothing more

Array = NDArray[np.float32]


def foreign_hands(data: GestureData, n: int, rng: np.random.Generator) -> Array:
    """At most n hands that are none of the data's gestures, as seen on the screen.

    Each is a hand of one class with one or two fingers of a hand of another class; those that
    look like one of the gestures all the same are left out.

    Returns:
        (n or fewer, 21, 2); none where there are fewer than two classes.
    """
    keypoints = complete(data)
    rows = _drawn_evenly(data.labels, 2 * _TRIES * n, rng).reshape(2, -1)
    hands, donors = rows[:, data.labels[rows[0]] != data.labels[rows[1]]]
    made = recombined(keypoints[hands], keypoints[donors], rng)
    if not len(made):
        return made
    named = np.array([gesture != NONE for gesture in data.gestures])
    bank = np.concatenate(
        [
            rng.permutation(np.flatnonzero(data.labels == label))[:_BANK]
            for label in np.flatnonzero(named)
        ]
    )
    far = nearest(hand_shape(made), hand_shape(keypoints[bank])) > NEAR
    return made[far][:n]


def complete(data: GestureData) -> Array:
    """(N, 21, 2) hands from the wrist as seen on the screen, missing joints at the wrist."""
    shifted = np.nan_to_num(data.keypoints - data.keypoints[:, :1], posinf=0.0, neginf=0.0)
    shifted[data.mirrored_view, :, 0] *= -1
    return np.asarray(shifted, np.float32)


def recombined(hands: Array, donors: Array, rng: np.random.Generator) -> Array:
    """Each hand with one or two fingers, thumb included, of its donor: the finger starts where the
    hand's own did and goes on as the donor's, both seen with the palm upright and of size 1."""
    own, heading, size, side = _upright(hands)
    other = _upright(donors)[0]
    n = len(hands)
    count = rng.integers(1, _MOST_FINGERS + 1, n)
    rank = np.argsort(rng.random((n, 5)), 1)
    made = own.copy()
    for finger in range(5):
        taken = rank[:, finger] < count
        base, rest = 4 * finger + 1, slice(4 * finger + 2, 4 * finger + 5)
        way = other[taken, rest] - other[taken, base][:, None]
        made[taken, rest] = own[taken, base][:, None] + way
    return _turned_back(made, heading, size, side)


def hand_shape(hands: Array) -> Array:
    """(N, 40) joints with the palm upright, the farthest at distance 1: the shape without the
    direction."""
    own = _upright(hands)[0]
    reach = np.maximum(np.linalg.norm(own, axis=2).max(1), 1e-6)
    return (own[:, 1:] / reach[:, None, None]).reshape(len(hands), -1)


def nearest(rows: Array, bank: Array) -> Array:
    """(N,) distance of each row to the nearest of the bank."""
    squares = (bank * bank).sum(1)
    parts = [
        (part * part).sum(1) + (squares - 2 * part @ bank.T).min(1)
        for part in np.array_split(rows, max(1, len(rows) // 2000))
    ]
    return np.sqrt(np.maximum(np.concatenate(parts), 0))


def _drawn_evenly(labels: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """n rows, each class as often as the others."""
    weight = 1 / np.bincount(labels)[labels]
    return rng.choice(len(labels), n, p=weight / weight.sum())


def _upright(hands: Array) -> tuple[Array, Array, Array, Array]:
    """The joints from the wrist with the palm up, of length 1, its index side at +x; then the
    palm's direction (N, 2), its length (N,), and -1 where that took a mirror (N,)."""
    points = hands - hands[:, :1]
    size = palm_length(points) + 1e-6
    own, heading, flipped = palm_frame(points / size[:, None, None])
    return own, heading, size, np.where(flipped, -1, 1).astype(np.float32)


def _turned_back(own: Array, heading: Array, size: Array, side: Array) -> Array:
    across = own[..., 0] * (side * size)[:, None]
    along = own[..., 1] * size[:, None]
    hx, hy = heading[:, None, 0], heading[:, None, 1]
    return np.stack([along * hx - across * hy, along * hy + across * hx], -1).astype(np.float32)
