"""Keypoints → features, once for numpy, torch and the exported graph.

Convention: the direction of a hand is kept (👍 and 👎 differ by nothing else); position and scale
are removed. Directions mean what the viewer saw: x is flipped once where `mirrored_view` is true.
N samples, K = 21 joints.
"""

from typing import Any

import numpy as np

FEATURE_VERSION = 1

_TIPS = (4, 8, 12, 16, 20)
_BASES = (1, 5, 9, 13, 17)
_BONES_FROM = [0 if j % 4 == 1 else j - 1 for j in range(1, 21)]
# every two tips, and every tip with every finger's base: few gathers make a small graph
_PAIRS = [(a, b) for i, a in enumerate(_TIPS) for b in (*_TIPS[i + 1 :], *_BASES)]
_FROM, _TO = [a for a, _ in _PAIRS], [b for _, b in _PAIRS]
_EPS = 1e-6
FEATURE_COUNT = 2 * 20 + 2 * 20 + 2 * 20 + 2 + len(_PAIRS)


def features(keypoints: Any, mirrored_view: Any, xp: Any = np) -> Any:
    """(N, F) features: direction-keeping coordinates and bones, then the hand's own shape.

    Args:
        keypoints: (N, 21, 2) in any unit with one scale for both axes; NaN where missing.
        mirrored_view: (N,) bool.
        xp: the array library of the arguments, numpy or torch.

    Returns:
        (N, FEATURE_COUNT) float32, finite whatever comes in: missing joints count as the wrist's.
    """
    as_mirrored = xp.stack([-keypoints[..., 0], keypoints[..., 1]], -1)
    seen = xp.where(mirrored_view[:, None, None], as_mirrored, keypoints)
    from_wrist = _relative(seen, xp)
    bones = from_wrist[:, 1:] - from_wrist[:, _BONES_FROM]
    own, heading = _own_frame(from_wrist, xp)
    spans = xp.sqrt(_squared(own[:, _FROM] - own[:, _TO]) + _EPS)
    parts = [_flat(from_wrist[:, 1:]), _flat(_unit(bones, xp)), _flat(own[:, 1:])]
    return xp.concatenate([*parts, heading, spans], 1)


def _squared(vectors: Any) -> Any:
    return vectors[..., 0] * vectors[..., 0] + vectors[..., 1] * vectors[..., 1]


def _flat(points: Any) -> Any:
    return points.reshape(-1, points.shape[1] * 2)


def _unit(vectors: Any, xp: Any) -> Any:
    return vectors / xp.sqrt(_squared(vectors) + _EPS)[..., None]


def _relative(points: Any, xp: Any) -> Any:
    """Joints from the wrist, the farthest one at distance 1; missing ones at the wrist."""
    shifted = points - points[:, :1]
    shifted = xp.where(xp.isfinite(shifted), shifted, xp.zeros_like(shifted))
    reach = xp.sqrt(xp.amax(_squared(shifted), 1))
    # a hand smaller than this is no hand; the bound only keeps the division finite
    return shifted / xp.where(reach > _EPS, reach, xp.ones_like(reach))[:, None, None]


def _own_frame(points: Any, xp: Any) -> tuple[Any, Any]:
    """The joints turned so that the palm points up and its index side lies at +x, and the palm's
    direction (N, 2), which that removes: the shape alone, alike for left and right hands."""
    palm = points[:, 5] + points[:, 9] + points[:, 13] + points[:, 17]
    heading = _unit(palm, xp)
    hx, hy = heading[:, None, 0], heading[:, None, 1]
    along = points[..., 0] * hx + points[..., 1] * hy
    across = points[..., 1] * hx - points[..., 0] * hy
    side = across[:, 5] - across[:, 17]
    across = xp.where(side[:, None] < 0, -across, across)
    return xp.stack([across, along], -1), heading
