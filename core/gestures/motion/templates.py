"""Gestures by a few examples: a window is laid along each example by dynamic time warping, and the
nearest example names it. For numpy and the exported graph alike.

Convention: N windows, M examples, T frames, G numbers of a frame, C gestures. A distance is a mean
over frames.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.motion.motion_features import MOVES, MotionFeatures
from core.gestures.motion.windows import between
from core.pose.types import Floats

_BAND = 4  # frames that one of two windows may be ahead of the other
_MOST = 12  # examples of a gesture that are kept
_PARTS, _PART = 4, (0.35, 0.8)  # of each example of `none`, so long a share of it
_LEAST = 0.02  # of how much better than chance a group of numbers must tell gestures apart
_UNLIKE = 4.0  # times the usual distance of two examples: what is farther is another movement
_ALIKE = 0.05  # so near is the same, however alike the examples are
# Of the reach of a gesture's shortest example: what reaches less is not that gesture. Of n examples
# n / (n + 1) of it: of two the shortest says little about the next one.
_SHORT = 0.72
_SURE = 4.0  # log-odds of a gesture that is nearer by the usual distance between two examples of it


@dataclass(frozen=True, eq=False)
class Templates:
    """Examples to compare with.

    Attributes:
        features: of the windows.
        weights: of each group of numbers that is compared.
        bank: (M, T, G) the examples.
        starts: where in the bank each gesture's examples begin, and its end.
        sharpness: how fast probability falls with distance.
        limit: what is farther from every example is none of the gestures.
        least: of each gesture how far it reaches at least, in sizes of the hand: a hand that talks
            makes small ways of all shapes. 0 where no reach is told.
    """

    features: MotionFeatures
    weights: tuple[float, ...]
    bank: NDArray[np.float32]
    starts: tuple[int, ...]
    sharpness: float
    limit: float
    least: tuple[float, ...]

    @classmethod
    def of(
        cls,
        features: MotionFeatures,
        keypoints: NDArray[np.float32],
        mirrored_view: NDArray[np.bool_],
        labels: NDArray[np.int64],
        classes: int,
        seed: int = 0,
        none: int | None = None,
    ) -> "Templates":
        """Keep examples of each gesture from (N, T, K, D) windows.

        Args:
            none: the label of what is no gesture; parts of its examples are none either, and are
                kept beside them.
        """
        rng = np.random.default_rng(seed)
        chosen = [rng.permutation(np.flatnonzero(labels == c))[:_MOST] for c in range(classes)]
        rows = np.concatenate(chosen)
        x = features(keypoints[rows], mirrored_view[rows])
        weights = _telling(features, x, labels[rows])
        bank = compared(features, weights, x)
        near = _nearest(bank, labels[rows])
        usual, limit = max(float(np.median(near)), 1e-3), _UNLIKE * float(np.percentile(near, 90))
        counts = [*map(len, chosen)]
        if none is not None and counts[none]:
            cut = parts_of(
                features.as_seen(keypoints[chosen[none]], mirrored_view[chosen[none]]), rng
            )
            own = compared(features, weights, features.features_of(cut))
            bank = np.insert(bank, [sum(counts[: none + 1])] * len(own), own, axis=0)
            counts[none] += len(own)
        starts = tuple(np.cumsum([0, *counts]).tolist())
        least = _least(features, keypoints, labels, classes)
        return cls(features, weights, bank, starts, _SURE / usual, max(limit, _ALIKE), least)

    def logits(self, x: Any, xp: Any = np) -> Any:
        """(N, C) of (N, T, F) features: the nearest example of each gesture; one without examples
        is farther than all."""
        far = warped_distances(compared(self.features, self.weights, x, xp), self.bank, xp)
        none = -xp.amax(far, 1)[:, None] - 1.0
        ends = zip(self.starts[:-1], self.starts[1:], strict=True)
        nearest = [xp.amax(-far[:, a:b], 1)[:, None] if b > a else none for a, b in ends]
        return xp.concatenate(nearest, 1) * self.sharpness

    def unlike(self, x: Any, xp: Any = np) -> Any:
        """(N,) of (N, T, F) features: above 1 a window is like none of the examples."""
        far = warped_distances(compared(self.features, self.weights, x, xp), self.bank, xp)
        return -xp.amax(-far, 1) / self.limit

    def too_short(self, keypoints: Any, answers: Any, xp: Any = np) -> Any:
        """(N,) of (N, T, K, D) windows and their (N, C) probabilities: above 1 most of the answer
        is gestures that reach farther."""
        least = np.array(self.least, np.float32)
        far = xp.where(self.features.reach(keypoints, xp)[:, None] < least, answers, answers * 0.0)
        return xp.mean(far, 1) * (2.0 * len(least))

    def probabilities(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """(N, C), by numpy."""
        logits = self.logits(self.features(keypoints, mirrored_view))
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(odds / odds.sum(1, keepdims=True), np.float32)


def _least(
    features: MotionFeatures,
    keypoints: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: int,
) -> tuple[float, ...]:
    """Of hands alone: a body's size changes as its legs are seen or not, a pair's with a hand."""
    if not features.skeleton.is_hand or features.skeleton.size == 1:
        return (0.0,) * classes
    reaches = features.reach(keypoints)
    own = [reaches[labels == c] for c in range(classes)]
    return tuple(_shortest(one) for one in own)


def _shortest(reaches: Floats) -> float:
    count, least = len(reaches), float(reaches.min()) if len(reaches) else 0.0
    return _SHORT * count / (count + 1) * least if least > MOVES else 0.0


def parts_of(windows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(N * _PARTS, T, K, D) parts of (N, T, K, D) windows, drawn anywhere in them."""
    steps = windows.shape[1]
    frames, found = np.arange(float(steps)), []
    for one in np.repeat(windows, _PARTS, axis=0):
        length = rng.uniform(*_PART) * (steps - 1)
        begin = rng.uniform(0, steps - 1 - length)
        wanted = begin + np.linspace(0, length, steps)
        found.append(between(one.reshape(steps, -1), frames, wanted).reshape(one.shape))
    return np.stack(found)


def compared(features: MotionFeatures, weights: tuple[float, ...], x: Any, xp: Any = np) -> Any:
    """(N, T, G) of (N, T, F): what windows are compared by, each group by its weight."""
    pairs = zip(features.compared, weights, strict=True)
    return xp.concatenate([x[:, :, part] * weight for part, weight in pairs], 2)


def _telling(
    features: MotionFeatures, x: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[float, ...]:
    """Weights of the groups by how well each tells the examples of (N, T, F) features apart: the
    mean distance between gestures beside that within one. Where no gesture has two examples, a
    number counts as much as another in a smaller group."""
    alike = (labels[:, None] == labels[None]) & ~np.eye(len(labels), dtype=bool)
    other = labels[:, None] != labels[None]
    found = []
    for part in features.compared:
        weight = 1.0 / (part.stop - part.start)
        if alike.any() and other.any():
            far = warped_distances(x[:, :, part], x[:, :, part])
            within = max(float(far[alike].mean()), 1e-6)
            weight = max(float(far[other].mean()) / within - 1, _LEAST) / within
        found.append(weight)
    size = sum(found)
    return tuple(float(np.sqrt(weight / size)) for weight in found)


def warped_distances(rows: Any, bank: NDArray[np.float32], xp: Any = np) -> Any:
    """(N, M) distances of (N, T, G) windows from (M, T, G) examples.

    The sum of squared differences along the cheapest path through both on which each step advances
    by a frame in one of them or in both, each step of weight 1 ("symmetric1", White and Neely
    1976), within the band of Sakoe and Chiba (1978), whose own symmetric form weighs a diagonal
    step 2.
    """
    frames, examples = bank.shape[1], len(bank)
    costs = _costs(rows, bank, xp)
    before: list[Any] = []
    for i in range(frames):
        line: list[Any] = [None] * frames
        for j in range(max(0, i - _BAND), min(frames, i + _BAND + 1)):
            own = costs[:, i, j * examples : (j + 1) * examples]
            ways = [line[j - 1] if j else None]
            ways += [before[j], before[j - 1] if j else None] if before else []
            there = [way for way in ways if way is not None]
            line[j] = own + reduce(xp.minimum, there) if there else own
        before = line
    return before[-1] / float(frames)


def _costs(rows: Any, bank: NDArray[np.float32], xp: Any) -> Any:
    """(N, T, T M) squared differences of each frame from all frames of all examples."""
    frames = np.ascontiguousarray(bank.transpose(1, 0, 2).reshape(-1, bank.shape[2]))
    own = xp.mean(rows * rows, 2)[:, :, None] * float(rows.shape[2])
    return own + (frames * frames).sum(1) - rows @ (frames.T * 2)


def _nearest(bank: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of each example that is not alone the distance from the nearest other one of its gesture;
    from the nearest of all where there is one of each."""
    far = warped_distances(bank, bank)
    np.fill_diagonal(far, np.inf)
    alike = np.where(labels[:, None] == labels[None], far, np.inf).min(1)
    found = alike[np.isfinite(alike)]
    return np.asarray(found if len(found) else far.min(1), np.float32)
