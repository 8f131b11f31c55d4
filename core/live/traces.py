"""The last frames of a stream, stored for charts: a 3-D hand, or a body and its angles."""

from collections import deque
from dataclasses import dataclass, replace

import pandas as pd

from core.pose.skeletons.angles import ANGLES, pose_angles
from core.pose.skeletons.table import skeleton_named
from core.pose.types import AnyFrame, Estimate, Floats, Pose

_HAND_FRAMES = 60
_BODY_TRACE_S = 10.0
_TO_MM = {"metres": 1000.0, "millimetres": 1.0}


@dataclass(frozen=True, eq=False)
class HandMoment:
    """The first hand of one frame."""

    index: int  # of the frame in the stream, from 0
    time_s: float
    # (K, 3) x right, y down, z away as the viewer sees it, from the hand's centre
    joints_mm: Floats | None


class HandTrace:
    """Stores the first hand of a stream's last frames; `remember` is its watcher."""

    def __init__(self) -> None:
        self._moments: deque[HandMoment] = deque(maxlen=_HAND_FRAMES)
        self._count = 0

    def remember(self, frame: AnyFrame, estimate: Estimate, version: str) -> str:
        """Append the frame's first hand, in mm as the viewer sees it. Return "": no video note."""
        pose = estimate.poses[0] if estimate.poses else None
        joints = None
        if pose is not None and pose.world is not None:
            joints = pose.world * _TO_MM[pose.space]
            if frame.mirrored_view:
                joints = joints * (-1, 1, 1)
        self._moments.append(HandMoment(self._count, frame.time_s, joints))
        self._count += 1
        return ""

    def moments_since(self, index: int) -> list[HandMoment]:
        """Return the frames from that index on, oldest first, without blocking."""
        return [moment for moment in list(self._moments) if moment.index >= index]


@dataclass(frozen=True, eq=False)
class BodyMoment:
    """One frame of a stream of bodies."""

    estimate: Estimate  # without the masks
    angles: dict[str, float]  # of the joints of `pose`, by name
    pose: Pose | None = None  # the person of the lowest number, or the most visible one
    number: int = 0  # of that person, 0 if none is numbered


class BodyTrace:
    """Stores the last seconds of a stream of bodies; `remember` is its watcher."""

    def __init__(self) -> None:
        self._moments: tuple[BodyMoment, ...] = ()

    def remember(self, frame: AnyFrame, estimate: Estimate, version: str) -> str:
        """Append the frame's estimate and one person's joint angles; drop frames older than 10 s.
        Return "": no video note."""
        number = min(estimate.numbers, default=0)
        index = estimate.numbers.index(number) if number else 0
        pose = estimate.poses[index] if estimate.poses else None
        angles = pose_angles(pose, skeleton_named(estimate.skeleton)) if pose else {}
        moment = BodyMoment(replace(estimate, masks=()), angles, pose, number)
        past = (m for m in self._moments if 0 <= frame.time_s - m.estimate.time_s <= _BODY_TRACE_S)
        self._moments = (*past, moment)
        return ""

    def moments(self) -> tuple[BodyMoment, ...]:
        """Return the frames, oldest first, without blocking."""
        return self._moments

    def count_detected(self) -> int:
        """Count the frames in which the detector ran."""
        trackings = (moment.estimate.tracking for moment in self._moments)
        return sum(tracking is not None and tracking.detected for tracking in trackings)

    def angle_table(self) -> pd.DataFrame:
        """Tabulate the last person's joint angles by frame; time_s is before the last frame."""
        moments = self._moments
        number = next((m.number for m in reversed(moments) if m.pose), 0)
        rows = [
            {"time_s": m.estimate.time_s - moments[-1].estimate.time_s}
            | (m.angles if m.number == number else {})
            for m in moments
        ]
        return pd.DataFrame(rows, columns=["time_s", *ANGLES], dtype=float)
