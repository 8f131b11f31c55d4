"""What every source of depth gives."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from core.depth.cameras import Camera, Points
from core.depth.cubes import Depth
from core.errors import MediaError
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


class DepthSource(ABC):
    """A recording or a sensor; a context manager, to be closed after use.

    Attributes:
        name: for people.
        camera: of its frames; where each has its own, as rendered hands have, the first one's.
        count: how many frames there are; None of a sensor, which goes on.
        resources: what `close` releases, the latest first.
    """

    camera: Camera

    def __init__(self, name: str, count: int | None) -> None:
        self.name = name
        self.count = count
        self.resources = ExitStack()

    @abstractmethod
    def read(self, index: int) -> DepthFrame:
        """The frame of that number; of a sensor its newest, whatever the number.

        Raises:
            MediaError: there is none, it is damaged, or the sensor is gone.
        """

    def __iter__(self) -> Iterator[DepthFrame]:
        """Every frame in order; of a sensor without end."""
        numbers = itertools.count() if self.count is None else range(self.count)
        return map(self.read, numbers)

    def close(self) -> None:
        """Release files and devices; may be called more than once."""
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_size(size_hw: tuple[int, ...], camera: Camera, name: str) -> None:
    """Refuse a frame that another camera took.

    Raises:
        MediaError: it has not as many pixels as its camera.
    """
    height, width = size_hw
    if (width, height) != (camera.width, camera.height):
        raise MediaError(
            f"{name} has {width} x {height} pixels, its camera {camera.width} x {camera.height}: "
            "give the camera that took it"
        )
