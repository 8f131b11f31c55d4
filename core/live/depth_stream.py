"""A depth camera, read in a thread while a page shows it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count

from core.depth.drawing import DepthRange
from core.depth.frames import DepthFrame, DepthSource
from core.errors import MudraError
from core.estimators.depth_nets import DepthNet
from core.live.live import Latest
from core.pose.skeletons.table import skeleton_named
from core.reading.depth_playback import DepthView, render_view
from core.reading.depth_reading import DepthReader, DepthReading
from core.reading.hand_finding import HandFinder
from core.words import words

log = logging.getLogger(__name__)

IDLE_S = 5.0  # the camera is closed when no page has asked for frames for so long
_BUFFER_FRAMES = 6
_CLOSE_WITHIN_S = 3.0  # a camera may wait two of them for a picture
_numbers = count()


class DepthStream:
    """Reads a source in its own thread and buffers the newest frames.

    Args:
        source, finders: closed with this.
        net: locates keypoints; None: only the hand's position is found.
        clock: in seconds, monotonic.

    Attributes:
        skeleton: of the keypoints; None if there is no net.
        number: unique in this process.
        watch: called with every frame and its result, in the stream's thread.
        error: message to show; "" if there is no error.
    """

    def __init__(
        self,
        source: DepthSource,
        net: DepthNet | None,
        finders: Sequence[HandFinder] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number, self.error = next(_numbers), ""
        self._source, self._reader = source, DepthReader(net, finders)
        self.skeleton = None if net is None else skeleton_named(net.skeleton)
        self.watch: Callable[[DepthFrame, DepthReading], object] = lambda frame, result: None
        self._clock, self._count = clock, 0
        self._asked_s = clock()
        self._frames: deque[tuple[DepthFrame, DepthReading]] = deque(maxlen=_BUFFER_FRAMES)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read_source, name="depth", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the stream has ended."""
        return not self._thread.is_alive()

    def views_since(self, index: int, depth_range: DepthRange) -> list[DepthView]:
        """Return views of the buffered frames from that index on, oldest first."""
        self._asked_s = self._clock()
        new = [(frame, result) for frame, result in [*self._frames] if frame.index >= index]
        return [render_view(frame, result, depth_range) for frame, result in new]

    def latest(self) -> Latest:
        """Return a result with the number of frames so far; the rest is empty."""
        return Latest(frames=self._count)

    def close(self) -> None:
        """Close the camera; may be called more than once."""
        self._end.set()
        self._thread.join(_CLOSE_WITHIN_S)

    def _read_source(self) -> None:
        """Read frames until the source ends or fails, `close`, or 5 s without a reader."""
        try:
            for frame in self._source:
                if self.skeleton is None:  # a followed cube would slide down the arm
                    self._reader.reset()
                result = self._reader.read(frame)
                self._frames.append((frame, result))
                self._count += 1
                self.watch(frame, result)
                if self._end.is_set() or self._clock() - self._asked_s > IDLE_S:
                    break
        except MudraError as error:
            self.error = error.text
        except Exception as error:  # no caller waits for this thread
            log.exception("a depth camera's frames could not be read")
            self.error = words("the camera's frames could not be read: {error}", error=repr(error))
        finally:
            self._source.close()
            self._reader.close()
