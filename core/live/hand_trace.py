"""The first hand of a camera's stream in space: what is drawn ten times a second."""

from collections import deque
from dataclasses import dataclass

from core.pose.types import AnyFrame, Estimate, Floats

_KEPT = 60  # frames
_TO_MM = {"metres": 1000.0, "millimetres": 1.0}


@dataclass(frozen=True, eq=False)
class HandMoment:
    """A frame of a stream.

    Attributes:
        index: frames before it.
        joints_mm: (K, 3) x right, y down, z away as the viewer sees it, from the hand's own middle;
            None without a hand.
    """

    index: int
    time_s: float
    joints_mm: Floats | None


class HandTrace:
    """The last frames of a stream; `remember` is its watcher."""

    def __init__(self) -> None:
        self._moments: deque[HandMoment] = deque(maxlen=_KEPT)
        self._count = 0

    def remember(self, frame: AnyFrame, estimate: Estimate, version: str) -> str:
        """In the stream's thread; says nothing over the video."""
        pose = estimate.poses[0] if estimate.poses else None
        joints = None
        if pose is not None and pose.world is not None:
            joints = pose.world * _TO_MM[pose.space]
            if frame.mirrored_view:
                joints = joints * (-1, 1, 1)
        self._moments.append(HandMoment(self._count, frame.time_s, joints))
        self._count += 1
        return ""

    def since(self, index: int) -> list[HandMoment]:
        """The frames from that number on, oldest first; never waits."""
        return [moment for moment in list(self._moments) if moment.index >= index]
