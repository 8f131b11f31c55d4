"""Messages about 3-D hands at the frame rate: keypoints, pinch and grab.

Convention: `joints_mm` are x right, y down, z away from the camera, never mirrored; their origin is
the camera (a depth camera measured them), or a hand's own middle or that of a body's hips (a net
estimated them from colours). `points` are where they are in the picture as the viewer saw it, 0 to
1 from its left and its top. A missing keypoint is NaN.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.pose.grips import Grip, GripDetector
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Estimate, Pose
from core.reading.motions import FORGET_S
from core.reading.reading import HandReading

CAMERA_ORIGIN = "camera"  # else the centre of the "hand" or "body"
_TO_MM = {"metres": 1000.0, "millimetres": 1.0}

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HandInSpace:
    """A 3-D hand in one frame; arrays are empty if the hand is gone."""

    time: float  # seconds since 1970
    hand: str  # "Left", "Right", "Left again" (another person's), "hand" or "body"
    skeleton: str  # name
    origin: str  # "camera", "hand" or "body"
    joints_mm: Array  # (K, 3)
    points: Array  # (K, 2)
    grips: Mapping[str, Grip] = field(default_factory=dict)  # pinch and grab

    @property
    def json_line(self) -> str:
        """Return the hand as one line of JSON; `joints` and `points` are null if it is gone."""
        is_gone = not len(self.joints_mm)
        document = {
            "time": round(self.time, 3),
            "hand": self.hand,
            "skeleton": self.skeleton,
            "origin": self.origin,
            "joints": None if is_gone else _to_lists(self.joints_mm, 1),
            "points": None if is_gone else _to_lists(self.points, 4),
        }
        for name, grip in self.grips.items():
            number = None if math.isnan(grip.distance) else round(grip.distance, 3)
            about = {"on": grip.on, "distance": number, "at": _to_lists(grip.at, 1)}
            document[name] = about
        return json.dumps(document, ensure_ascii=False, allow_nan=False)


class SpatialHandDetector:
    """Makes a message for each 3-D hand in a frame, and one when a hand is gone."""

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        self._wall_clock = wall_clock
        # by hand: its grips' state, its last message, and the frame's time
        self._hands: dict[str, tuple[GripDetector, HandInSpace, float]] = {}

    def update(self, readings: Iterable[HandReading], estimate: Estimate) -> list[HandInSpace]:
        """Return a message for each 3-D hand, and for each hand missing for FORGET_S."""
        found = [
            self._make_message(reading, estimate)
            for reading in readings
            if reading.pose.world is not None
        ]
        now_s = estimate.time_s
        gone = [name for name, (*_, at_s) in self._hands.items() if now_s - at_s >= FORGET_S]
        return found + [self._remove_hand(name) for name in gone]

    def end_all(self) -> list[HandInSpace]:
        """Return a message for each hand that it is gone, for the end of a stream."""
        return [self._remove_hand(name) for name in list(self._hands)]

    def _make_message(self, reading: HandReading, estimate: Estimate) -> HandInSpace:
        """Make the message of a visible hand, with pinch and grab, and store its state."""
        joints, points, origin = _locate_keypoints(reading.pose, estimate)
        detector = self._hands[reading.hand][0] if reading.hand in self._hands else GripDetector()
        grips = detector(joints, skeleton_named(estimate.skeleton))
        hand = HandInSpace(
            self._wall_clock(), reading.hand, estimate.skeleton, origin, joints, points, grips
        )
        self._hands[reading.hand] = detector, hand, estimate.time_s
        return hand

    def _remove_hand(self, name: str) -> HandInSpace:
        """Forget a hand and make the message that it is gone, with empty arrays and grips off."""
        _, last, _ = self._hands.pop(name)
        grips = {key: Grip(False, math.nan, grip.at) for key, grip in last.grips.items()}
        joints, points = last.joints_mm[:0], last.points[:0]
        now = self._wall_clock()
        return replace(last, time=now, joints_mm=joints, points=points, grips=grips)


def _locate_keypoints(pose: Pose, estimate: Estimate) -> tuple[Array, Array, str]:
    """Return a pose's keypoints in mm and in the viewer's picture (0..1), and the origin's name."""
    assert pose.world is not None
    joints = pose.world.astype(np.float64) * _TO_MM[pose.space]
    height, width = estimate.size_hw
    points = (pose.keypoints.astype(np.float64) + 0.5) / (width, height)
    if estimate.mirrored_view:
        points[:, 0] = 1 - points[:, 0]
    subject = skeleton_named(estimate.skeleton).title
    return joints, points, CAMERA_ORIGIN if pose.space == "millimetres" else subject


def _to_lists(values: Array, digits: int) -> Any:
    """Convert an array to nested lists of rounded numbers, None for NaN."""
    rounded = values.round(digits)
    return np.where(np.isfinite(rounded), rounded, None).tolist()  # type: ignore[call-overload]
