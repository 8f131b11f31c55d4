"""Pinch and grab of a hand, by distances alone, independent of its gesture.

Convention: distances are in palm lengths, from the wrist to the middle of the knuckles, so that
neither the hand's size nor how it is turned counts. Keypoints in space, (K, 3), in any unit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.pose.skeletons.table import Skeleton

Points = NDArray[np.float64]

PINCH, GRAB = "pinch", "grab"
_FINGERS = ("index", "middle", "ring", "little")
# NYU's palm lies at three quarters of the way to the knuckles (67 of 89 mm of the rendered hand,
# whose marks lie as in NYU's labels), ICVL's at half of it
_NYU_PALM = 0.75


@dataclass(frozen=True)
class GripLimits:
    """Hysteresis in palm lengths: a grip begins below `closes` and ends above `opens`."""

    closes: float
    opens: float


# of MediaPipe's hands in 1,035 photos; docs/actions.md has the shares
GRIP_LIMITS = {PINCH: GripLimits(0.45, 0.55), GRAB: GripLimits(0.95, 1.10)}


@dataclass(frozen=True, eq=False)
class Grip:
    """A pinch or a grab in one frame."""

    on: bool  # the fingers are closed
    # palm lengths between thumb and index finger's tips; of a grab from the palm's middle to the
    # farthest tip of the four fingers; NaN where a keypoint is missing
    distance: float
    at: Points  # (3,) the middle between the two tips; of a grab the palm's; in the keypoints' unit


class GripDetector:
    """Detects pinch and grab of one hand, with hysteresis. A hand that grabs does not pinch."""

    def __init__(self) -> None:
        self._on = {PINCH: False, GRAB: False}

    def __call__(self, keypoints: ArrayLike, skeleton: Skeleton) -> dict[str, Grip]:
        """Return both grips in the next frame; none for a skeleton without fingers."""
        found = measure_grips(np.asarray(keypoints, np.float64), skeleton)
        for name, (distance, _) in found.items():
            limits = GRIP_LIMITS[name]
            limit = limits.opens if self._on[name] else limits.closes
            self._on[name] = bool(distance < limit)  # never where it is NaN
        self._on[PINCH] &= not self._on[GRAB]
        return {name: Grip(self._on[name], *one) for name, one in found.items()}


def measure_grips(keypoints: Points, skeleton: Skeleton) -> dict[str, tuple[float, Points]]:
    """Measure pinch and grab as name → (distance in palm lengths, (3,) position); {} for a skeleton
    without fingers."""
    if not skeleton.sides:
        return {}
    middle, length = _palm_frame(keypoints, skeleton)
    thumb, *tips = (keypoints[skeleton.index(f"{finger}_tip")] for finger in ("thumb", *_FINGERS))
    reach = np.linalg.norm(np.array(tips) - middle, axis=1).max()
    return {
        PINCH: (float(np.linalg.norm(thumb - tips[0]) / length), (thumb + tips[0]) / 2),
        GRAB: (float(reach / length), middle),
    }


def _palm_frame(keypoints: Points, skeleton: Skeleton) -> tuple[Points, float]:
    """Return the palm's centre and its length from wrist to knuckles, in the keypoints' unit; NaN
    where keypoints are missing."""

    def mean(*joints: str) -> Points:
        found: Points = keypoints[[skeleton.index(joint) for joint in joints]].mean(0)
        return found

    if "wrist" in skeleton.joints:
        wrist = mean("wrist")
        way = mean(*(f"{finger}_mcp" for finger in _FINGERS)) - wrist
    elif "wrist_1" in skeleton.joints:
        wrist = mean("wrist_1", "wrist_2")
        way = (mean("palm") - wrist) / _NYU_PALM
    else:
        way = 2 * (mean(*(f"{finger}_root" for finger in _FINGERS)) - mean("palm"))
        wrist = mean("palm") - way / 2
    return wrist + way / 2, max(float(np.linalg.norm(way)), 1e-9)
