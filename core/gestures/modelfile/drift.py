"""Drift: whether hands are held, and bodies visible, as in the training samples.

Convention: N hands, K keypoints; NaN where a keypoint is missing. A model's metadata store the
reference, `usual`: {gesture: {measure: [low, middle, high]}}, the 10th, 50th and 90th percentile,
with "side", the fraction of samples whose index side is left of the little finger's, palm up; and
`coverage`: {part of the body: fraction of the samples that show it}.
"""

import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.data import GestureData
from core.gestures.modelfile.metadata import Tenths, Usual
from core.pose.canonical_frame import canonical_frame, heading_length
from core.pose.skeletons.hands import KNUCKLES, TIPS
from core.pose.skeletons.table import HAND_21, Skeleton
from core.words import mark, words

MEMORY_S = 30.0  # of the hands that are compared
MIN_SEEN_S = 10.0  # of hands, before anything is reported
_MAX_STEP_S = 2.0  # a frame after a longer pause counts for no more than this
_MAX_DEVIATION = 2.0  # times the distance from the middle to the 10th or 90th percentile
_MIN_DEVIATION = {"turn": 12.0, "width": 0.08, "reach": 0.15}  # that is reported: °, palm lengths
_MAX_SIDE_DIFFERENCE = 0.9  # of the fraction "side"; more is the other hand
_MAX_FRACTION = 0.5  # of hands rejected, or of half bodies; more is reported
_ADVICE = words("Hold it as it was recorded, or record it as you hold it now and train again.")
_DIFFERENCES = {  # measure → sentences for more and less
    "turn": (
        mark("You hold {name} turned by about {size:.0f}° clockwise from how it was recorded."),
        mark("You hold {name} turned by about {size:.0f}° anticlockwise from how it was recorded."),
    ),
    "width": (
        mark("The palm of {name} looks wider than recorded: it is seen from another side."),
        mark("The palm of {name} looks narrower than recorded: it is seen from another side."),
    ),
    "reach": (
        mark("The fingers of {name} look longer than recorded: the hand is tilted another way."),
        mark("The fingers of {name} look shorter than recorded: the hand is tilted another way."),
    ),
}
_MAX_ENTRIES = 1000
_PARTS = {"hips": ("hip",), "legs": ("knee", "ankle")}
_COVERED = 0.8  # fraction of the samples that show a part, so that the model depends on it
HALF = words(
    "The model was trained on whole bodies and sees half of one: step back until your legs are in "
    "the picture, or record as you stand now and train again."
)
HALF_NOTE = words("Trained on whole bodies, this is half of one: step back.")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HandMeasures:
    """How N hands are held, as seen on the screen; lengths are in palm lengths."""

    turn: Array  # (N,) degrees, clockwise from upright
    width: Array  # (N,) width of the knuckles; small when seen from the side
    reach: Array  # (N,) from wrist to farthest fingertip; small when a finger points at the camera
    left: NDArray[np.bool_]  # (N,) the index side is left of the little finger's, palm up

    @classmethod
    def from_keypoints(
        cls, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]
    ) -> "HandMeasures":
        """Measure (N, 21, 2) keypoints; NaN where a needed keypoint is missing."""
        points = (keypoints - keypoints[:, :1]).astype(np.float64)
        points[mirrored_view, :, 0] *= -1
        _, heading, flipped = canonical_frame(points, HAND_21)
        length = np.maximum(heading_length(points, HAND_21), 1e-6)
        knuckles = points[:, KNUCKLES[0]] - points[:, KNUCKLES[-1]]
        tips = np.linalg.norm(points[:, TIPS], axis=2)
        return cls(
            np.degrees(np.arctan2(heading[:, 0], -heading[:, 1])),
            np.linalg.norm(knuckles, axis=1) / length,
            tips.max(1) / length,
            flipped,
        )


def reference_statistics(
    data: GestureData, *, rotated: Collection[str] = (), mirrored: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Compute how each gesture's hands were held in training (percentiles of palm width, reach and
    turn, and the side), the metadata's `usual`; {} unless single hands. Gestures that augmentation
    rotated or mirrored have no reference turn or side."""
    if data.skeleton != HAND_21.name:
        return {}
    measures = HandMeasures.from_keypoints(data.keypoints[..., :2], data.mirrored_view)
    found: dict[str, dict[str, Any]] = {}
    for label, gesture in enumerate(data.gestures):
        rows = data.labels == label
        if gesture.is_none or not rows.any():
            continue
        reference: dict[str, Any] = {
            "width": _compute_tenths(measures.width[rows]),
            "reach": _compute_tenths(measures.reach[rows]),
        }
        if gesture.name not in rotated:
            middle = _average_angles(measures.turn[rows])
            turns = _subtract_angle(measures.turn[rows], middle) + middle
            reference = {"turn": _compute_tenths(turns)} | reference
        if gesture.name not in mirrored:
            reference["side"] = float(measures.left[rows].mean())
        found[gesture.name] = reference
    return found


def measure_coverage(keypoints: NDArray[np.float32], skeleton: Skeleton) -> dict[str, float]:
    """Return, by part of the body, the fraction of (N, K, D) samples that show it; {} for hands."""
    if not skeleton.is_body:
        return {}
    return {part: float(_shows_part(keypoints, part, skeleton).mean()) for part in _PARTS}


def find_half_bodies(
    keypoints: NDArray[np.float32], skeleton: Skeleton, coverage: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Return (N,) whether a body lacks a part that most training samples showed (`coverage`)."""
    half = np.zeros(len(keypoints), bool)
    for part in _PARTS:
        if skeleton.is_body and coverage.get(part, 0) >= _COVERED:
            half |= ~_shows_part(keypoints, part, skeleton)
    return half


def _shows_part(keypoints: NDArray[np.float32], part: str, skeleton: Skeleton) -> NDArray[np.bool_]:
    """Return (N,) whether at least half of the part's keypoints are visible."""
    names = [f"{side}_{keypoint}" for keypoint in _PARTS[part] for side in ("left", "right")]
    seen = np.isfinite(keypoints[:, [skeleton.index(name) for name in names]]).all(-1)
    return np.asarray(seen.mean(1) >= 0.5)


@dataclass(frozen=True, eq=False)
class Hand:
    """A (K, 2) hand or body with the model's prediction: `gesture` is None for "no gesture", `half`
    is the result of `find_half_bodies`."""

    keypoints: NDArray[np.float32]
    gesture: str | None
    rejected: bool = False
    half: bool = False


@dataclass(frozen=True)
class _SeenHand:
    """A hand in a frame, with the time since the previous frame."""

    time_s: float
    duration_s: float
    hand: Hand
    measures: HandMeasures | None


class DriftMonitor:
    """Compares the hands of the last MEMORY_S with the reference `usual` in a model's metadata;
    bodies are only checked for missing parts and rejection."""

    def __init__(self, reference: Mapping[str, Usual], skeleton: Skeleton = HAND_21) -> None:
        self._is_hand, self._titles = skeleton == HAND_21, skeleton.titles
        self._reference = reference if self._is_hand else {}
        self._seen: deque[_SeenHand] = deque(maxlen=_MAX_ENTRIES)
        self._last_s = -math.inf

    def add_frame(self, hands: Iterable[Hand], time_s: float, *, mirrored_view: bool) -> None:
        """Add a frame's hands, unless out of order, and forget those older than MEMORY_S."""
        if time_s <= self._last_s:
            return
        duration_s = min(time_s - self._last_s, _MAX_STEP_S) if self._last_s > -math.inf else 0.0
        self._last_s = time_s
        for hand in hands:
            measures = None
            if self._is_hand:
                mirrored = np.array([mirrored_view])
                measures = HandMeasures.from_keypoints(hand.keypoints[None], mirrored)
            self._seen.append(_SeenHand(time_s, duration_s, hand, measures))
        while self._seen and time_s - self._seen[0].time_s > MEMORY_S:
            self._seen.popleft()

    def describe(self) -> str:
        """Return a sentence on the largest difference from training and what to do; "" if nothing
        differs much, or too few hands were seen."""
        seen = list(self._seen)
        if not _is_enough(seen):
            return ""
        if sum(s.hand.half for s in seen) > _MAX_FRACTION * len(seen):
            return HALF
        if sum(s.hand.rejected for s in seen) > _MAX_FRACTION * len(seen):
            return words(
                "Most {kind} of the last half minute are unlike what the model learned. "
                "If you showed its gestures: record some as you hold them now, and train again.",
                kind=words(self._titles),
            )
        found = [
            self._compare_gesture(name, [s for s in seen if s.hand.gesture == name])
            for name in self._reference
        ]
        deviation, text = max(found, default=(0.0, ""))
        return text if deviation > _MAX_DEVIATION else ""

    def _compare_gesture(self, name: str, hands: Sequence[_SeenHand]) -> tuple[float, str]:
        """Return the largest deviation of a gesture's measures from training, and a sentence about
        it; 0 and "" if too few hands were seen."""
        reference = self._reference[name]
        if not _is_enough(hands):
            return 0.0, ""
        seen = [hand.measures for hand in hands if hand.measures]
        side = float(np.mean([measures.left[0] for measures in seen]))
        if reference.side is not None and abs(side - reference.side) > _MAX_SIDE_DIFFERENCE:
            text = words("You show {name} with the other hand than recorded.", name=name)
            return 2 * _MAX_DEVIATION, _add_advice(text)
        known = [(key, tenths) for key in _MIN_DEVIATION if (tenths := getattr(reference, key))]
        return max((_compare_measure(name, key, t, seen) for key, t in known), default=(0.0, ""))


def _is_enough(seen: Sequence[_SeenHand]) -> bool:
    """Return whether the hands were seen for at least MIN_SEEN_S."""
    return sum(hand.duration_s for hand in seen) >= MIN_SEEN_S


def _compare_measure(
    name: str, key: str, tenths: Tenths, seen: list[HandMeasures]
) -> tuple[float, str]:
    """Return a measure's median deviation relative to its percentiles, and a sentence about it."""
    low, middle, high = tenths
    values = np.array([getattr(measures, key)[0] for measures in seen])
    values = values[np.isfinite(values)]
    differences = _subtract_angle(values, middle) if key == "turn" else values - middle
    median = float(np.median(differences)) if len(differences) else 0.0
    unit = max(_MIN_DEVIATION[key], high - middle if median > 0 else middle - low)
    more, less = _DIFFERENCES[key]
    text = words(more if median > 0 else less, name=name, size=abs(median))
    return abs(median) / unit, _add_advice(text)


def _add_advice(difference: str) -> str:
    return words("{difference} {advice}", difference=difference, advice=_ADVICE)


def _compute_tenths(values: Array) -> list[float]:
    """Return the 10th, 50th and 90th percentile, ignoring NaN."""
    return [round(value, 3) for value in np.nanpercentile(values, [10, 50, 90]).tolist()]


def _average_angles(degrees: Array) -> float:
    radians = np.radians(degrees[np.isfinite(degrees)])
    return math.degrees(math.atan2(np.sin(radians).sum(), np.cos(radians).sum()))


def _subtract_angle(degrees: Array, middle: float) -> Array:
    """Return the signed difference of angles, −180 to 180."""
    return np.asarray((degrees - middle + 180) % 360 - 180, np.float64)
