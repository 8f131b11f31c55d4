"""The base of live depth cameras: started when opened, read for the newest picture, then closed.

Convention: every exception of a maker's library becomes a one-sentence MediaError. Nothing is
mirrored. Lens distortion is ignored: cameras are pinholes.
"""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, DepthSource, check_frame_size
from core.errors import MediaError
from core.pose.types import Picture

TIMEOUT_MS = 2000  # for the next picture of a camera that gives 30 a second
_QUEUED_TIMEOUT_MS = 1  # for a picture that the library has queued already
_MAX_QUEUED = 30

Capture = tuple[Depth, float, Picture | None]  # mm, s by the camera's clock, registered colours


class LiveSensor(DepthSource):
    """A camera that is started when created; subclasses list, start and read one kind. Raises
    MediaError: it can't be started. `library`: its maker's module. `number`: of the devices that
    are plugged in."""

    def __init__(self, name: str, library: Any, number: int) -> None:
        super().__init__(name, None)
        self._first_s: float | None = None
        self._numbers = count()
        self._is_open = True
        try:
            with wrap_driver_errors(f"{name} can't be started"):
                self.camera = self._start_device(library, number)
        except BaseException:
            self.close()
            raise

    @staticmethod
    @abstractmethod
    def list_devices(library: Any) -> list[str]:
        """Return the names of the devices that are plugged in, in the order of their numbers."""

    @abstractmethod
    def _start_device(self, library: Any, number: int) -> Camera:
        """Start the device, register in `resources` how to stop it, and return its intrinsics."""

    @abstractmethod
    def _capture_frame(self, timeout_ms: int) -> Capture | None:
        """Return the next picture: depth in mm, time and colours; None on timeout."""

    def read(self, index: int) -> DepthFrame:
        """Return the newest frame, whatever `index`; raise MediaError if none comes in 2 s."""
        if not self._is_open:
            raise MediaError(f"{self.name} was closed: open it again")
        with wrap_driver_errors(f"{self.name} gives no picture"):
            capture = newer = self._capture_frame(TIMEOUT_MS)
            for _ in range(_MAX_QUEUED):
                if newer is None:
                    break
                capture, newer = newer, self._capture_frame(_QUEUED_TIMEOUT_MS)
        if capture is None:
            raise MediaError(
                f"{self.name} gave no picture for {TIMEOUT_MS / 1000:g} s: is it still plugged in?"
            )
        depth_mm, time_s, rgb = capture
        check_frame_size(depth_mm.shape, self.camera, self.name)
        if self._first_s is None:
            self._first_s = time_s
        rgb = rgb if rgb is not None and rgb.shape[:2] == depth_mm.shape else None
        number = next(self._numbers)
        return DepthFrame(depth_mm, self.camera, time_s - self._first_s, number, rgb)

    def close(self) -> None:
        """Stop the camera. Safe to call more than once."""
        self._is_open = False
        with suppress(Exception):  # drivers raise anything once a device is unplugged
            super().close()


def shorten_error(error: BaseException) -> str:
    """Return an exception's text as one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


@contextmanager
def wrap_driver_errors(problem: str) -> Iterator[None]:
    """Turn any exception of a `with` block into a MediaError that begins with `problem`."""
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(
            f"{problem} ({shorten_error(error)}): unplug it and plug it in again, and close other "
            "programs that use it"
        ) from error
