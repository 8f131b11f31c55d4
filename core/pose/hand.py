"""The hand's own joints, and the frame of its palm, for numpy arrays and torch tensors alike.

Convention: the joints' order is `skeletons.HAND_21`'s; `from_wrist` are (N, 21, 2) joints with the
wrist at the origin, y down. N hands.
"""

from typing import Any, NamedTuple

import numpy as np

WRIST = 0
TIPS = (4, 8, 12, 16, 20)
BASES = (1, 5, 9, 13, 17)  # of each finger, thumb first
KNUCKLES = BASES[1:]  # the far edge of the palm, index side first
_EPS = 1e-6


class PalmFrame(NamedTuple):
    """Hands as seen along their own palm: alike however they are turned, left or right.

    Attributes:
        own: (N, 21, 2) the joints as (across, along): the palm points along, its index side lies
            at positive across.
        heading: (N, 2) the palm's direction, of length 1.
        flipped: (N,) bool, true where it took a mirror to bring the index side there.
    """

    own: Any
    heading: Any
    flipped: Any


def palm_frame(from_wrist: Any, xp: Any = np) -> PalmFrame:
    """The hands in their palms' frames, of the size they had. A hand without extent has heading 0.

    Args:
        from_wrist: large beside a thousandth: the heading of a smaller hand is too short.
        xp: the array library of the argument, numpy or torch.
    """
    heading = unit(_palm(from_wrist), xp)
    hx, hy = heading[:, None, 0], heading[:, None, 1]
    along = from_wrist[..., 0] * hx + from_wrist[..., 1] * hy
    across = from_wrist[..., 1] * hx - from_wrist[..., 0] * hy
    flipped = across[:, KNUCKLES[0]] - across[:, KNUCKLES[-1]] < 0
    across = xp.where(flipped[:, None], -across, across)
    return PalmFrame(xp.stack([across, along], -1), heading, flipped)


def palm_length(from_wrist: Any, xp: Any = np) -> Any:
    """(N,) from the wrist to the middle of the knuckles."""
    return xp.sqrt(squared(_palm(from_wrist))) / len(KNUCKLES)


def squared(vectors: Any) -> Any:
    """(...) squared length of (..., 2) vectors."""
    return vectors[..., 0] * vectors[..., 0] + vectors[..., 1] * vectors[..., 1]


def unit(vectors: Any, xp: Any = np) -> Any:
    """(..., 2) vectors of length 1; those far below a thousandth stay short, and 0 stays 0."""
    return vectors / xp.sqrt(squared(vectors) + _EPS)[..., None]


def _palm(from_wrist: Any) -> Any:
    """(N, 2) the knuckles' sum, which points from the wrist to their middle."""
    a, b, c, d = (from_wrist[:, joint] for joint in KNUCKLES)
    return a + b + c + d
