"""How far a share of correct answers can be trusted when the samples are neighbouring frames.

Convention: n samples in k groups (persons, sessions or recordings), r of them correct; an interval
is of 95 %. Frames of one group go wrong together, so that n of them count as fewer: the effective
n is n divided by Kish's design effect (1965, Survey Sampling, section 5.4), and Wilson's interval
(1927) is taken of that.

Measured by benchmarks/intervals.py (24 classifiers learned from one to three of 18
recorders, 1 to 8 of the others drawn as those who validate): Wilson's interval of the plain n held
the true share in 50 to 64 % of the draws, a bootstrap of the groups in 0 to 78 %, this one in 95
to 97 %.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z = 1.96  # 95 % of a normal distribution
ALIKE = {"person": 0.05, "session": 0.1, "burst": 0.1}  # least correlation within a group, from
# those 18 recorders (median 0.06 within one, 0.12 within a recording): few groups can't show theirs


@dataclass(frozen=True)
class Share:
    """A share of correct answers with what it rests on.

    Attributes:
        low, high: its 95 % interval.
        n, groups: samples, and groups that they come from.
        effective_n: independent samples that would say as much.
    """

    share: float
    low: float
    high: float
    n: int
    groups: int
    effective_n: float


def wilson_interval(correct: float, n: float, z: float = Z) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, score interval); (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    middle = p + z * z / (2 * n)
    half = z * float(np.sqrt(max(p * (1 - p), 0.0) / n + z * z / (4 * n * n)))
    scale = 1 + z * z / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def share_of(
    correct: NDArray[np.bool_], groups: NDArray[Any], kind: str = "burst", *, each: bool = False
) -> Share:
    """The share of correct answers, and its interval.

    Args:
        correct: (n,) whether each sample was correct, n ≥ 1.
        groups: (n,) which group it belongs to.
        kind: what the groups are, a key of `ALIKE`.
        each: every group counts the same, however many samples it has.
    """
    sums, counts = _by_group(correct.astype(float), groups)
    return share_of_counts(sums, counts, kind, each=each)


def share_of_counts(
    correct: NDArray[Any], counts: NDArray[Any], kind: str = "burst", *, each: bool = False
) -> Share:
    """As `share_of`, from the (k,) correct answers and (k,) samples of each group."""
    weights = np.full(len(counts), 1 / len(counts)) if each else counts / counts.sum()
    p = float((correct / counts).mean() if each else correct.sum() / counts.sum())
    effective = _effective_n(correct / counts, counts, weights, p * (1 - p), ALIKE[kind])
    low, high = wilson_interval(p * effective, effective)
    # rounding must not put a share of 0 or 1 outside its own interval
    return Share(p, min(low, p), max(high, p), int(counts.sum()), len(counts), float(effective))


def difference_of(
    correct: NDArray[np.bool_], other: NDArray[np.bool_], groups: NDArray[Any], kind: str = "burst"
) -> tuple[float, float, float]:
    """How much better `other` is on the same samples, and the 95 % interval of that.

    Agresti and Min's interval of matched pairs (2005, Statistics in Medicine 24: half a pair added
    to each of the four cells), at the effective n of the differences.

    Returns:
        difference, low, high: shares, -1 to 1.
    """
    pairs = other.astype(float) - correct.astype(float)
    sums, counts = _by_group(pairs, groups)
    weights = counts / counts.sum()
    mean = float(pairs.mean())
    effective = _effective_n(sums / counts, counts, weights, float(pairs.var()), ALIKE[kind])
    better, worse = (float((pairs == sign).mean()) * effective + 0.5 for sign in (1, -1))
    n = effective + 2
    middle = (better - worse) / n
    half = Z * float(np.sqrt(max(better + worse - (better - worse) ** 2 / n, 0.0))) / n
    return mean, max(-1.0, min(middle - half, mean)), min(1.0, max(middle + half, mean))


def _by_group(values: NDArray[np.float64], groups: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """(k,) sums and (k,) counts."""
    _, which, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.bincount(which, values), counts


def _effective_n(
    means: NDArray[Any], counts: NDArray[Any], weights: NDArray[Any], spread: float, alike: float
) -> float:
    """How many independent samples the groups are worth: by the least correlation, or by the
    groups' own differences where those are larger.

    Args:
        means, counts, weights: (k,) per group.
        spread: the variance of one sample.
    """
    least = float((weights**2 * (1 + (counts - 1) * alike) / counts).sum())
    k, n = len(counts), int(counts.sum())
    if k < 2:
        return 1 / least
    seen = k / (k - 1) * float((weights**2 * (means - weights @ means) ** 2).sum())
    return 1 / max(least, seen / (spread * n / (n - 1)) if spread > 1e-12 else 0.0)
