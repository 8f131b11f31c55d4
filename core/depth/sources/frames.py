"""What every source of depth gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from core.depth.cameras import Camera, Points
from core.depth.cubes import Depth
from core.pose.types import Picture


@dataclass(frozen=True, eq=False)
class DepthFrame:
    """One picture of a depth camera.

    Attributes:
        depth_mm: (H, W), 0 where the sensor saw nothing.
        camera: it was taken by.
        time_s: since the source began.
        index: its number in the source, from 0.
        rgb: (H, W, 3) in colours, pixel by pixel the same view as `depth_mm`; None where there is
            none or it isn't registered.
        truth_mm: (K, 3) x, y, z of the hand's joints where they are known, NaN where one is not.
        skeleton: the name of the one whose joints these are, "" where that isn't told.
    """

    depth_mm: Depth
    camera: Camera
    time_s: float
    index: int
    rgb: Picture | None = None
    truth_mm: Points | None = None
    skeleton: str = ""


class DepthSource(Protocol):
    """A recording or a sensor; a context manager, to be closed after use.

    Attributes:
        name: for people.
        camera: of its frames; where each has its own, as rendered hands have, the first one's.
    """

    name: str
    camera: Camera

    @property
    def count(self) -> int | None:
        """How many frames there are; None of a sensor, which goes on."""

    def read(self, index: int) -> DepthFrame:
        """The frame of that number; of a sensor its newest, whatever the number.

        Raises:
            MediaError: there is none, it is damaged, or the sensor is gone.
        """

    def __iter__(self) -> Iterator[DepthFrame]:
        """Every frame in order; of a sensor without end."""

    def close(self) -> None:
        """Let go of files and devices; may be called more than once."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
