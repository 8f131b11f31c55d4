"""What recordings share: frames by number, of which there are so many."""

from abc import abstractmethod

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame, DepthSource
from core.errors import MediaError

RATE = 30.0  # frames a second where a recording doesn't say when its frames were taken
MOST_FRAMES = 1_000_000  # HANDS 2017, the largest published set, has 957,032


class Recorded(DepthSource):
    """A recording; its own class says how one frame is read."""

    count: int

    def __init__(self, name: str, camera: Camera, count: int) -> None:
        super().__init__(name, count)
        self.camera = camera

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
