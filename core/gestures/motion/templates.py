"""Gestures by a few examples: a window is aligned with each example by dynamic time warping, and
the nearest example decides. The same code for numpy and the exported graph (`xp`).

Convention: N windows, M examples, T frames, G compared numbers of a frame, C gestures. A distance
is a mean over frames.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.motion.motion_features import MOVEMENT_REACH, MotionFeatures
from core.gestures.motion.windows import interpolate

_BAND = 4  # frames that one of two windows may be ahead of the other
_MAX_EXAMPLES = 12  # of a gesture
_PARTS, _PART_LENGTH = 4, (0.35, 0.8)  # of each example of `none`; fractions of its length
_MIN_SEPARATION = 0.02  # least weight of a group of features, as distance ratio above 1
_REJECT_FACTOR = 4.0  # times the usual distance of two examples: farther is another movement
_MIN_LIMIT = 0.05  # least distance that is rejected, however similar the examples are
# Fraction of the reach of a gesture's shortest example that a window must have; of n examples
# n / (n + 1) of that: the shortest of two says little about the next one.
_MIN_REACH = 0.72
_LOG_ODDS = 4.0  # of a gesture that is nearer by the usual distance of two of its examples


@dataclass(frozen=True, eq=False)
class Templates:
    """Examples of each gesture that windows are compared with."""

    features: MotionFeatures
    weights: tuple[float, ...]  # of each group of `MotionFeatures.compared_slices`
    bank: NDArray[np.float32]  # (M, T, G) the examples
    starts: tuple[int, ...]  # index of each gesture's first example in the bank, and M
    sharpness: float  # how fast probability falls with distance
    limit: float  # what is farther from every example is none of the gestures
    min_reach: tuple[float, ...]  # of each gesture, pose sizes: gesticulation makes small paths

    @classmethod
    def fit(
        cls,
        features: MotionFeatures,
        keypoints: NDArray[np.float32],
        mirrored_view: NDArray[np.bool_],
        labels: NDArray[np.int64],
        classes: int,
        seed: int = 0,
        none: int | None = None,
    ) -> "Templates":
        """Choose random examples of each gesture from (N, T, K, D) windows, and fit feature weights
        and the rejection limit to the distances between them. Random parts of the examples with the
        label `none` become more examples of it."""
        rng = np.random.default_rng(seed)
        chosen = [
            rng.permutation(np.flatnonzero(labels == c))[:_MAX_EXAMPLES] for c in range(classes)
        ]
        rows = np.concatenate(chosen)
        x = features(keypoints[rows], mirrored_view[rows])
        weights = _fit_weights(features, x, labels[rows])
        bank = _weight_features(features, weights, x)
        near = _measure_nearest_examples(bank, labels[rows])
        usual = max(float(np.median(near)), 1e-3)
        limit = max(_REJECT_FACTOR * float(np.percentile(near, 90)), _MIN_LIMIT)
        counts = [*map(len, chosen)]
        if none is not None and counts[none]:
            rows = chosen[none]
            parts = cut_parts(features.flip_mirrored(keypoints[rows], mirrored_view[rows]), rng)
            extra = _weight_features(features, weights, features.compute(parts))
            bank = np.insert(bank, [sum(counts[: none + 1])] * len(extra), extra, axis=0)
            counts[none] += len(extra)
        starts = tuple(np.cumsum([0, *counts]).tolist())
        min_reach = _fit_min_reach(features, keypoints, labels, classes)
        return cls(features, weights, bank, starts, _LOG_ODDS / usual, limit, min_reach)

    def logits(self, x: Any, xp: Any = np) -> Any:
        """Compute (N, C) logits of (N, T, F) features from the distance to each gesture's nearest
        example; a gesture without examples gets the lowest logit."""
        far = measure_dtw(_weight_features(self.features, self.weights, x, xp), self.bank, xp)
        none = -xp.amax(far, 1)[:, None] - 1.0
        ends = zip(self.starts[:-1], self.starts[1:], strict=True)
        nearest = [xp.amax(-far[:, a:b], 1)[:, None] if b > a else none for a, b in ends]
        return xp.concatenate(nearest, 1) * self.sharpness

    def score_distance(self, x: Any, xp: Any = np) -> Any:
        """Return (N,) distances to the nearest example, in units of the rejection limit."""
        far = measure_dtw(_weight_features(self.features, self.weights, x, xp), self.bank, xp)
        return -xp.amax(-far, 1) / self.limit

    def score_short(self, keypoints: Any, probabilities: Any, xp: Any = np) -> Any:
        """Return (N,) twice the total probability of the gestures whose minimum reach these (N, T,
        K, D) windows don't attain; above 1, a window is rejected."""
        least = np.array(self.min_reach, np.float32)
        reach = self.features.measure_reach(keypoints, xp)[:, None]
        short = xp.where(reach < least, probabilities, probabilities * 0.0)
        return xp.mean(short, 1) * (2.0 * len(least))

    def probabilities(
        self, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Compute (N, C) probabilities of (N, T, K, D) windows."""
        logits = self.logits(self.features(keypoints, mirrored_view))
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(odds / odds.sum(1, keepdims=True), np.float32)


def _fit_min_reach(
    features: MotionFeatures,
    keypoints: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: int,
) -> tuple[float, ...]:
    """Return each gesture's minimum reach, from its smallest example; 0 for bodies and pairs,
    because their size depends on the visible part, and for gestures that hardly move."""
    if not features.skeleton.is_hand or features.skeleton.size == 1:
        return (0.0,) * classes
    reaches, found = features.measure_reach(keypoints), []
    for label in range(classes):
        own = reaches[labels == label]
        least = float(own.min()) if len(own) else 0.0
        factor = _MIN_REACH * len(own) / (len(own) + 1)
        found.append(factor * least if least > MOVEMENT_REACH else 0.0)
    return tuple(found)


def cut_parts(windows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Cut _PARTS random parts out of each (N, T, K, D) window, each resampled to T frames."""
    steps = windows.shape[1]
    frames, found = np.arange(float(steps)), []
    for window in np.repeat(windows, _PARTS, axis=0):
        length = rng.uniform(*_PART_LENGTH) * (steps - 1)
        begin = rng.uniform(0, steps - 1 - length)
        wanted = begin + np.linspace(0, length, steps)
        flat = window.reshape(steps, -1)
        found.append(interpolate(flat, frames, wanted).reshape(window.shape))
    return np.stack(found)


def _weight_features(
    features: MotionFeatures, weights: tuple[float, ...], x: Any, xp: Any = np
) -> Any:
    """Select the (N, T, G) features to compare, each group multiplied by its weight."""
    pairs = zip(features.compared_slices, weights, strict=True)
    return xp.concatenate([x[:, :, part] * weight for part, weight in pairs], 2)


def _fit_weights(
    features: MotionFeatures, x: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[float, ...]:
    """Return a weight per group of features, by how well it separates the gestures: the mean
    distance between gestures relative to that within a gesture. If no gesture has two examples, all
    weights are the same."""
    same = (labels[:, None] == labels[None]) & ~np.eye(len(labels), dtype=bool)
    other = labels[:, None] != labels[None]
    found = []
    for part in features.compared_slices:
        weight = 1.0 / (part.stop - part.start)
        if same.any() and other.any():
            far = measure_dtw(x[:, :, part], x[:, :, part])
            within = max(float(far[same].mean()), 1e-6)
            weight = max(float(far[other].mean()) / within - 1, _MIN_SEPARATION) / within
        found.append(weight)
    total = sum(found)
    return tuple(float(np.sqrt(weight / total)) for weight in found)


def measure_dtw(rows: Any, bank: NDArray[np.float32], xp: Any = np) -> Any:
    """Compute (N, M) dynamic-time-warping distances of (N, T, G) windows from (M, T, G) examples.

    The sum of squared differences along the cheapest path through both on which each step advances
    by a frame in one of them or in both, each step of weight 1 ("symmetric1", White and Neely
    1976), within the band of Sakoe and Chiba (1978), whose own symmetric form weighs a diagonal
    step 2.
    """
    frames, examples = bank.shape[1], len(bank)
    costs = _compute_frame_costs(rows, bank, xp)
    before: list[Any] = []
    for i in range(frames):
        line: list[Any] = [None] * frames
        for j in range(max(0, i - _BAND), min(frames, i + _BAND + 1)):
            own = costs[:, i, j * examples : (j + 1) * examples]
            paths = [line[j - 1] if j else None]
            paths += [before[j], before[j - 1] if j else None] if before else []
            possible = [path for path in paths if path is not None]
            line[j] = own + reduce(xp.minimum, possible) if possible else own
        before = line
    return before[-1] / float(frames)


def _compute_frame_costs(rows: Any, bank: NDArray[np.float32], xp: Any) -> Any:
    """Compute (N, T, T M) squared differences of each frame from all frames of all examples."""
    frames = np.ascontiguousarray(bank.transpose(1, 0, 2).reshape(-1, bank.shape[2]))
    own = xp.mean(rows * rows, 2)[:, :, None] * float(rows.shape[2])
    return own + (frames * frames).sum(1) - rows @ (frames.T * 2)


def _measure_nearest_examples(
    bank: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the distance of each example to the nearest other example of its gesture, or of any
    gesture if every gesture has only one example."""
    far = measure_dtw(bank, bank)
    np.fill_diagonal(far, np.inf)
    near = np.where(labels[:, None] == labels[None], far, np.inf).min(1)
    found = near[np.isfinite(near)]
    return np.asarray(found if len(found) else far.min(1), np.float32)
