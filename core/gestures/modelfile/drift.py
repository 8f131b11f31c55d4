"""Whether hands are held today as they were when the samples were recorded, and whether as much of
bodies is seen.

Convention: a gesture's hands are compared with the same gesture's samples, by three measures that
say something to a person; N hands. What is usual is stored in a model's metadata as `usual`:
{gesture: {measure: [low, middle, high]}}, the 10th, 50th and 90th percentile, and under "side" the
share of samples whose index side lies left of the little finger's, palm up.
"""

import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.gestures.data import GestureData
from core.gestures.labels import NONE
from core.gestures.modelfile.coverage import HALF
from core.gestures.modelfile.metadata import Tenths, Usual
from core.pose.canonical_frame import canonical_frame, heading_length
from core.pose.skeletons.hand_keypoints import KNUCKLES, TIPS
from core.pose.skeletons.table import HAND_21, Skeleton

OVER_S = 30.0  # so much of the past is looked at
ENOUGH_S = 10.0  # of hands that were seen, before anything is said
_STEP_S = 2.0  # a frame after a longer silence stands for no more than this
_FAR = 2.0  # so many times the usual distance from the middle to a tenth's edge
_LEAST = {"turn": 12.0, "width": 0.08, "reach": 0.15}  # what is not worth a word: °, shares
_MOST = 0.5  # a larger share of hands turned away, or of half bodies, is worth a word
_WHAT_TO_DO = "Hold it as it was recorded, or record it as you hold it now and train again."
_MOST_ENTRIES = 1000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """Of N hands as seen on the screen.

    Attributes:
        turn: (N,) degrees, clockwise from upright.
        width: (N,) the knuckles' row, in palm lengths; small when seen from the side.
        reach: (N,) the farthest finger tip from the wrist, in palm lengths; small when a finger
            points at the camera.
        left: (N,) bool, the index side lies left of the little finger's with the palm up.
    """

    turn: Array
    width: Array
    reach: Array
    left: NDArray[np.bool_]

    @classmethod
    def of(cls, keypoints: NDArray[np.float32], mirrored_view: NDArray[np.bool_]) -> "Measures":
        """Of (N, 21, 2) keypoints; NaN where a keypoint that counts is missing."""
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
    data: GestureData, *, turned: Collection[str] = (), mirrored: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """What is usual in the samples of each gesture.

    Args:
        turned: gestures that were learned in every direction, whose turn says nothing.
        mirrored: gestures that were learned of both hands.
    """
    if data.skeleton != HAND_21.name:
        return {}  # what is said of drift is said of fingers and palms
    measures, found = Measures.of(data.keypoints[..., :2], data.mirrored_view), {}
    for label, gesture in enumerate(data.gestures):
        rows = data.labels == label
        if gesture == NONE or not rows.any():
            continue
        middle = _mean_angle(measures.turn[rows])
        reference: dict[str, Any] = {
            "turn": _tenths(_apart(measures.turn[rows], middle) + middle),
            "width": _tenths(measures.width[rows]),
            "reach": _tenths(measures.reach[rows]),
            "side": float(measures.left[rows].mean()),
        }
        without = {"turn": gesture.name in turned, "side": gesture.name in mirrored}
        found[gesture.name] = {key: v for key, v in reference.items() if not without.get(key)}
    return found


@dataclass(frozen=True, eq=False)
class Hand:
    """A (K, 2) hand or body and what the model says of it; `gesture` is None where it says none,
    `half` as `coverage.sees_half` says it."""

    keypoints: NDArray[np.float32]
    gesture: str | None
    rejected: bool = False
    half: bool = False


@dataclass(frozen=True)
class _Seen:
    """A hand in a frame, which stands for the time since the frame before."""

    time_s: float
    lasted_s: float
    hand: Hand
    measures: Measures | None


class Drift:
    """The hands, or bodies, of the last OVER_S seconds beside what is usual.

    Args:
        reference: as `reference_statistics` gives it; {} where a model has none.
        skeleton: the model's. Of a body is said whether it is half of one, or unknown.
    """

    def __init__(self, reference: Mapping[str, Any], skeleton: Skeleton = HAND_21) -> None:
        self._is_hand, self._titles = skeleton == HAND_21, skeleton.titles
        self._reference = _valid_entries(reference) if self._is_hand else {}
        self._seen: deque[_Seen] = deque(maxlen=_MOST_ENTRIES)
        self._last_s = -math.inf

    def see(self, hands: Iterable[Hand], time_s: float, *, mirrored_view: bool) -> None:
        """A frame's hands; the same frame may come again."""
        if time_s <= self._last_s:
            return
        lasted_s = min(time_s - self._last_s, _STEP_S) if self._last_s > -math.inf else 0.0
        self._last_s = time_s
        for hand in hands:
            mirrored = np.array([mirrored_view])
            measures = Measures.of(hand.keypoints[None], mirrored) if self._is_hand else None
            self._seen.append(_Seen(time_s, lasted_s, hand, measures))
        while self._seen and time_s - self._seen[0].time_s > OVER_S:
            self._seen.popleft()

    def sentence(self) -> str:
        """What differs and what to do; "" while nothing does, or too little was seen."""
        seen = list(self._seen)
        if not _enough(seen):
            return ""
        if sum(s.hand.half for s in seen) > _MOST * len(seen):
            return HALF
        if sum(s.hand.rejected for s in seen) > _MOST * len(seen):
            return (
                f"Most {self._titles} of the last half minute are unlike what the model learned. "
                "If you showed its gestures: record some as you hold them now, and train again."
            )
        found = [
            self._of(name, [s for s in seen if s.hand.gesture == name]) for name in self._reference
        ]
        worst, text = max(found, default=(0.0, ""))
        return text if worst > _FAR else ""

    def _of(self, name: str, hands: Sequence[_Seen]) -> tuple[float, str]:
        """By how many times a gesture is off by its worst measure, and that in words."""
        reference = self._reference[name]
        if not _enough(hands):
            return 0.0, ""
        seen = [hand.measures for hand in hands if hand.measures]
        side = float(np.mean([measures.left[0] for measures in seen]))
        if reference.side is not None and abs(side - reference.side) > 0.9:
            return 2 * _FAR, f"You show {name} with the other hand than recorded. {_WHAT_TO_DO}"
        known = [(key, tenths) for key in _LEAST if (tenths := getattr(reference, key))]
        return max((_off(name, *one, seen) for one in known), default=(0.0, ""))


def _valid_entries(reference: Any) -> dict[str, Usual]:
    """Those that can be used of a model's `usual`: it may be from before they were checked."""
    found: dict[str, Usual] = {}
    for name, entry in reference.items() if isinstance(reference, Mapping) else ():
        with suppress(ValidationError):
            found[str(name)] = Usual.model_validate(entry)
    return found


def _enough(seen: Sequence[_Seen]) -> bool:
    """Whether the hands were seen for long enough to say something of them."""
    return sum(hand.lasted_s for hand in seen) >= ENOUGH_S


def _off(name: str, key: str, tenths: Tenths, seen: list[Measures]) -> tuple[float, str]:
    low, middle, high = tenths
    values = np.array([getattr(measures, key)[0] for measures in seen])
    values = values[np.isfinite(values)]
    away = _apart(values, middle) if key == "turn" else values - middle
    by = float(np.median(away)) if len(away) else 0.0
    reference = max(_LEAST[key], high - middle if by > 0 else middle - low)
    return abs(by) / reference, f"{_difference_text(name, key, by)} {_WHAT_TO_DO}"


def _difference_text(name: str, key: str, by: float) -> str:
    if key == "turn":
        way = "clockwise" if by > 0 else "anticlockwise"
        return f"You hold {name} turned by about {abs(by):.0f}° {way} from how it was recorded."
    if key == "width":
        how = "wider" if by > 0 else "narrower"
        return f"The palm of {name} looks {how} than recorded: it is seen from another side."
    how = "longer" if by > 0 else "shorter"
    return f"The fingers of {name} look {how} than recorded: the hand is tilted another way."


def _tenths(values: Array) -> list[float]:
    low, middle, high = np.nanpercentile(values, [10, 50, 90]).tolist()
    return [round(low, 3), round(middle, 3), round(high, 3)]


def _mean_angle(degrees: Array) -> float:
    radians = np.radians(degrees[np.isfinite(degrees)])
    return math.degrees(math.atan2(np.sin(radians).sum(), np.cos(radians).sum()))


def _apart(degrees: Array, middle: float) -> Array:
    """Signed difference of angles, −180 to 180."""
    return np.asarray((degrees - middle + 180) % 360 - 180, np.float64)
