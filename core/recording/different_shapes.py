"""Which samples of one hold have another shape than most: the hand that leaves, a gesture mixed in.

A shape is a pose without its position and size; its direction counts. N samples, K keypoints.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.pose.types import Floats

MIN_DIFFERENCE = 0.12  # mean distance of the keypoints, relative to the hand's size
SPREADS = 5.0  # so many robust standard deviations are usual
MIN_SAMPLES = 8  # fewer have no usual shape
MAX_FRACTION = 1 / 3  # more than these are no minority
TAIL_S = 0.5  # before a button is released the hand may be leaving already
_MAD_TO_DEVIATION = 1.4826  # of a normal distribution


def normalise_shapes(keypoints: Floats) -> Floats:
    """Return (N, K, 2) keypoints, px, centred on 0, the longer side of each one's box 1; NaN for
    hidden keypoints."""
    low, high = np.nanmin(keypoints, axis=1), np.nanmax(keypoints, axis=1)
    side = np.maximum((high - low).max(axis=1), 1e-6)
    return np.asarray((keypoints - ((low + high) / 2)[:, None]) / side[:, None, None], np.float32)


def find_different(usual: Floats, tested: Floats) -> NDArray[np.bool_]:
    """Return for each (n, K, 2) tested pose whether its shape differs from the (N, K, 2) usual ones
    by more than they differ from their median."""
    shapes = normalise_shapes(usual)
    median = np.nanmedian(shapes, axis=0)
    distances = _measure_distances(shapes, median)
    middle = np.median(distances)
    spread = _MAD_TO_DEVIATION * float(np.median(np.abs(distances - middle)))
    limit = max(MIN_DIFFERENCE, float(middle) + SPREADS * spread)
    return np.asarray(_measure_distances(normalise_shapes(tested), median) > limit)


def _measure_distances(shapes: Floats, reference: Floats) -> Floats:
    """(N,) mean distances of (N, K, 2) shapes' keypoints from the (K, 2) reference."""
    return np.asarray(np.nanmean(np.linalg.norm(shapes - reference, axis=2), axis=1))


def find_minority(poses: Sequence[Floats]) -> list[int]:
    """Return the indices of the samples that differ from the others of a hold; none if there are
    too few samples, or too many that differ."""
    if len(poses) < MIN_SAMPLES or len({len(pose) for pose in poses}) > 1:
        return []
    keypoints = np.stack(poses)[..., :2]
    different = np.flatnonzero(find_different(keypoints, keypoints))
    return different.tolist() if len(different) <= MAX_FRACTION * len(poses) else []


def count_kept(before: Sequence[Floats], tail: Sequence[Floats | None]) -> int:
    """Return how many frames of a hold's tail are kept: all up to the last in the hold's pose.

    Args:
        before: poses of the hold before its tail.
        tail: the tail's poses, None where no hand was in view.
    """
    kept = len(tail)
    if not before and all(pose is None for pose in tail):
        return kept
    while kept and _is_away(before, tail[kept - 1]):
        kept -= 1
    return kept


def _is_away(before: Sequence[Floats], pose: Floats | None) -> bool:
    """Return whether a pose is not that of the hold; with few samples only a missing one is."""
    if pose is None:
        return True
    if len(before) < MIN_SAMPLES or any(len(one) != len(pose) for one in before):
        return False
    return bool(find_different(np.stack(before)[..., :2], pose[None, :, :2])[0])
