"""95 % intervals of accuracies whose samples are neighbouring frames.

Convention: n samples in k groups (persons, sessions or recordings), r of them correct. Frames of
one group are correct or wrong together, so n of them count as fewer: the effective n is n divided
by Kish's design effect (1965, Survey Sampling, section 5.4), and Wilson's interval (1927) uses it.

Measured by benchmarks/intervals.py (24 classifiers learned from one to three of 18
recorders, validated on draws of 1 to 8 of the others): Wilson's interval of the plain n contained
the true accuracy in 50 to 64 % of the draws, a bootstrap of the groups in 0 to 78 %, this one in 95
to 97 %.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z = 1.96  # 95 % of a normal distribution
# least correlation within a group, from those 18 recorders (median 0.06 within one, 0.12 within a
# recording); few groups can't show theirs
MIN_CORRELATION = {"person": 0.05, "session": 0.1, "burst": 0.1}


@dataclass(frozen=True)
class Accuracy:
    """A fraction of correct answers among n samples of some groups, with its 95 % interval from low
    to high. `effective_n` independent samples would have the same information."""

    value: float
    low: float
    high: float
    n: int
    groups: int
    effective_n: float


def wilson_interval(correct: float, n: float) -> tuple[float, float]:
    """Return the 95 % score interval (Wilson 1927) of `correct` out of n; (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    middle = p + Z * Z / (2 * n)
    half = Z * float(np.sqrt(max(p * (1 - p), 0.0) / n + Z * Z / (4 * n * n)))
    scale = 1 + Z * Z / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def estimate_accuracy(
    correct: NDArray[np.bool_],
    groups: NDArray[Any],
    kind: str = "burst",
    *,
    equal_weights: bool = False,
) -> Accuracy:
    """Return the accuracy of (n,) samples, n ≥ 1, with its 95 % interval, widened because samples
    of the same group are correlated.

    Args:
        kind: what the groups are, a key of `MIN_CORRELATION`.
        equal_weights: every group weighs the same, however many samples it has.
    """
    sums, counts = _count_by_group(correct.astype(float), groups)
    return estimate_from_counts(sums, counts, kind, equal_weights=equal_weights)


def estimate_from_counts(
    correct: NDArray[Any], counts: NDArray[Any], kind: str = "burst", *, equal_weights: bool = False
) -> Accuracy:
    """Compute `estimate_accuracy` from each group's (k,) correct samples and (k,) totals."""
    weights = np.full(len(counts), 1 / len(counts)) if equal_weights else counts / counts.sum()
    p = float((correct / counts).mean() if equal_weights else correct.sum() / counts.sum())
    effective = _estimate_effective_n(
        correct / counts, counts, weights, p * (1 - p), MIN_CORRELATION[kind]
    )
    low, high = wilson_interval(p * effective, effective)
    # rounding must not exclude 0 or 1 from their own intervals
    return Accuracy(p, min(low, p), max(high, p), int(counts.sum()), len(counts), float(effective))


def estimate_difference(
    correct: NDArray[np.bool_], other: NDArray[np.bool_], groups: NDArray[Any], kind: str = "burst"
) -> tuple[float, float, float]:
    """Return the accuracy of `other` minus that of `correct` on the same samples, and the low and
    high end of its 95 % interval, -1 to 1.

    Agresti and Min's interval of matched pairs (2005, Statistics in Medicine 24: half a pair added
    to each of the four cells), at the effective n of the differences.
    """
    pairs = other.astype(float) - correct.astype(float)
    sums, counts = _count_by_group(pairs, groups)
    mean, weights = float(pairs.mean()), counts / counts.sum()
    effective = _estimate_effective_n(
        sums / counts, counts, weights, float(pairs.var()), MIN_CORRELATION[kind]
    )
    better, worse = (float((pairs == sign).mean()) * effective + 0.5 for sign in (1, -1))
    n = effective + 2
    middle = (better - worse) / n
    half = Z * float(np.sqrt(max(better + worse - (better - worse) ** 2 / n, 0.0))) / n
    return mean, max(-1.0, min(middle - half, mean)), min(1.0, max(middle + half, mean))


def _count_by_group(values: NDArray[np.float64], groups: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return the (k,) sums and (k,) counts of the groups."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.bincount(which, values), counts


def _estimate_effective_n(
    means: NDArray[Any],
    counts: NDArray[Any],
    weights: NDArray[Any],
    variance: float,
    correlation: float,
) -> float:
    """Return the number of independent samples whose mean would have the same variance as the mean
    of these correlated groups, from their (k,) means. The correlation is the given minimum or, if
    larger, the observed one. `variance` is that of one sample."""
    least = float((weights**2 * (1 + (counts - 1) * correlation) / counts).sum())
    k, n = len(counts), int(counts.sum())
    if k < 2:
        return 1 / least
    seen = k / (k - 1) * float((weights**2 * (means - weights @ means) ** 2).sum())
    return 1 / max(least, seen / (variance * n / (n - 1)) if variance > 1e-12 else 0.0)
