"""Depth frames, and the sources that give them: recordings and sensors."""

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
from core.words import words

DEFAULT_FPS = 30.0  # of a recording without times


@dataclass(frozen=True, eq=False)
class DepthFrame:
    """One picture of a depth camera."""

    depth_mm: Depth  # (H, W), 0 where the sensor saw nothing
    camera: Camera
    time_s: float  # since the source's first frame
    index: int  # its number in the source, from 0
    rgb: Picture | None = None  # (H, W, 3), registered to `depth_mm`; None if the source has none
    # (K, 3) x, y, z of the hand's true keypoints if known, NaN where one is not
    truth_mm: Points | None = None
    skeleton: str = ""  # the name of the truth's skeleton, "" if unknown


class DepthSource(ABC):
    """A recording or a sensor; a context manager."""

    camera: Camera  # of its frames; of rendered hands, which have one each, the first frame's

    def __init__(self, name: str, count: int | None) -> None:
        self.name, self.count = name, count  # for people; of frames, None for a sensor
        self.resources = ExitStack()  # what `close` releases, the last one first

    @abstractmethod
    def read(self, index: int) -> DepthFrame:
        """Return that frame, or a sensor's newest; raise MediaError if it can't be read."""

    def __iter__(self) -> Iterator[DepthFrame]:
        """Yield every frame in order; a sensor's without end."""
        numbers = itertools.count() if self.count is None else range(self.count)
        return map(self.read, numbers)

    def close(self) -> None:
        """Release files and devices; may be called more than once."""
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DepthRecording(DepthSource):
    """A source with a known number of frames; a subclass reads one frame."""

    count: int

    def __init__(self, name: str, camera: Camera, count: int) -> None:
        super().__init__(name, count)
        self.camera = camera

    @abstractmethod
    def _read_frame(self, index: int) -> DepthFrame:
        """Return the frame of a number within the recording."""

    def read(self, index: int) -> DepthFrame:
        if not 0 <= index < self.count:
            raise MediaError(f"{self.name} has the frames 0 to {self.count - 1}, not {index}")
        return self._read_frame(index)


def check_frame_size(size_hw: tuple[int, ...], camera: Camera, name: str) -> None:
    """Raise MediaError if a frame's size differs from its camera's."""
    height, width = size_hw
    if (width, height) != (camera.width, camera.height):
        raise MediaError(
            words(
                "{name} has {width} x {height} pixels, its camera {camera_width} x "
                "{camera_height}: name the camera that recorded it",
                name=name,
                width=width,
                height=height,
                camera_width=camera.width,
                camera_height=camera.height,
            )
        )
