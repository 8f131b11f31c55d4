"""What live depth cameras share: they start, give their newest picture, and are let go of.

Older pictures that a library kept while nobody asked are left out: a hand is shown where it is.
Convention: whatever a maker's library raises becomes a MediaError of one sentence. Nothing is
mirrored. A camera's lens distortion, where it has one, is left out: cameras are pinholes here.
"""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, DepthSource, check_size
from core.errors import MediaError
from core.pose.types import Picture

PATIENCE_MS = 2000  # for the next picture of a camera that gives 30 a second
_NEXT_MS = 1  # for one that is there already
_MOST_KEPT = 30

Shot = tuple[Depth, float, Picture | None]  # mm, s by the camera's clock, colours in the same view


class LiveSensor(DepthSource):
    """A camera; its own class says how it is listed, started and read."""

    def __init__(self, name: str, library: Any, number: int) -> None:
        """Start it.

        Args:
            library: its maker's module.
            number: of the devices that are plugged in.

        Raises:
            MediaError: it can't be started.
        """
        super().__init__(name, None)
        self._first_s: float | None = None
        self._read = 0
        self._is_open = True
        try:
            with in_words(f"{name} can't be started"):
                self.camera = self._start(library, number)
        except BaseException:
            self.close()
            raise

    @staticmethod
    @abstractmethod
    def list_devices(library: Any) -> list[str]:
        """Names of what is plugged in, in the order of their numbers."""

    @abstractmethod
    def _start(self, library: Any, number: int) -> Camera:
        """Begin, with what `close` must undo in `resources`; its numbers as the device has them."""

    @abstractmethod
    def _shot(self, patience_ms: int) -> Shot | None:
        """The next picture; None where none came in time."""

    def read(self, index: int) -> DepthFrame:
        """As `DepthSource.read`."""
        if not self._is_open:
            raise MediaError(f"{self.name} was closed: open it again")
        with in_words(f"{self.name} gives no picture"):
            shot = newer = self._shot(PATIENCE_MS)
            for _ in range(_MOST_KEPT):
                if newer is None:
                    break
                shot, newer = newer, self._shot(_NEXT_MS)
        if shot is None:
            raise MediaError(
                f"{self.name} gave no picture for {PATIENCE_MS / 1000:g} s: is it still plugged in?"
            )
        depth_mm, time_s, rgb = shot
        check_size(depth_mm.shape, self.camera, self.name)
        if self._first_s is None:
            self._first_s = time_s
        self._read += 1
        rgb = rgb if rgb is not None and rgb.shape[:2] == depth_mm.shape else None
        return DepthFrame(depth_mm, self.camera, time_s - self._first_s, self._read - 1, rgb)

    def close(self) -> None:
        """Stop it; may be called more than once."""
        self._is_open = False
        with suppress(Exception):  # of a device that is gone the makers' libraries raise anything
            super().close()


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Whatever a maker's library raises, as one sentence."""
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise MediaError(
            f"{what} ({said}): plug it in anew, and close what else uses it"
        ) from error
