"""What recordings share: frames by number and in order, and what a frame must be."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.sources.frames import DepthFrame
from core.errors import MediaError

RATE = 30.0  # frames a second where a recording doesn't say when its frames were taken
MOST_FRAMES = 1_000_000  # HANDS 2017, the largest published set, has 957,032


class Recorded(ABC):
    """A recording; its own class says how one frame is read."""

    def __init__(self, name: str, camera: Camera, count: int) -> None:
        self.name = name
        self.camera = camera
        self.count = count
        self.resources = ExitStack()  # what `close` lets go of

    @abstractmethod
    def _frame(self, index: int) -> DepthFrame:
        """The frame of that number, which is one of the recording's."""

    def read(self, index: int) -> DepthFrame:
        """As `DepthSource.read`."""
        if not 0 <= index < self.count:
            raise MediaError(
                f"{self.name} has the frames 0 to {self.count - 1}; number {index} was asked for"
            )
        return self._frame(index)

    def __iter__(self) -> Iterator[DepthFrame]:
        for index in range(self.count):
            yield self._frame(index)

    def close(self) -> None:
        """Let go of files; may be called more than once."""
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_size(depth_mm: Depth, camera: Camera, name: str) -> None:
    """Refuse a frame that another camera took.

    Raises:
        MediaError: it has not as many pixels as its camera.
    """
    height, width = depth_mm.shape
    if (width, height) != (camera.width, camera.height):
        raise MediaError(
            f"{name} has {width} x {height} pixels, its camera {camera.width} x {camera.height}: "
            "give the camera that took it"
        )
