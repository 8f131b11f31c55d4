"""Keypoints → features, once for numpy, torch and the exported graph.

Convention: the direction of a hand is kept (👍 and 👎 differ by nothing else); position and scale
are removed. Directions mean what the viewer saw: x is flipped once where `mirrored_view` is true.
N samples, K = 21 joints.
"""

from typing import Any

import numpy as np

from core.pose.hand import BASES, TIPS, palm_frame, squared, unit

FEATURE_VERSION = 1

_BONES_FROM = [0 if j % 4 == 1 else j - 1 for j in range(1, 21)]
# every two tips, and every tip with every finger's base: few gathers make a small graph
_PAIRS = [(a, b) for i, a in enumerate(TIPS) for b in (*TIPS[i + 1 :], *BASES)]
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
    own, heading, _ = palm_frame(from_wrist, xp)
    spans = xp.sqrt(squared(own[:, _FROM] - own[:, _TO]) + _EPS)
    parts = [_flat(from_wrist[:, 1:]), _flat(unit(bones, xp)), _flat(own[:, 1:])]
    return xp.concatenate([*parts, heading, spans], 1)


def _flat(points: Any) -> Any:
    return points.reshape(-1, points.shape[1] * 2)


def _relative(points: Any, xp: Any) -> Any:
    """Joints from the wrist, the farthest one at distance 1; missing ones at the wrist."""
    shifted = points - points[:, :1]
    shifted = xp.where(xp.isfinite(shifted), shifted, xp.zeros_like(shifted))
    reach = xp.sqrt(xp.amax(squared(shifted), 1))
    # a hand smaller than this is no hand; the bound only keeps the division finite
    return shifted / xp.where(reach > _EPS, reach, xp.ones_like(reach))[:, None, None]
