"""A depth camera that is read as long as somebody looks."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count

from core.depth.drawing import Reach
from core.depth.frames import DepthFrame, DepthSource
from core.errors import MudraError
from core.estimators.depth_net import DepthNet
from core.live.live import Latest
from core.pose.skeletons.table import skeleton_named
from core.reading.depth_playback import DepthResult, DepthView, render_view, to_result
from core.reading.depth_reading import DepthReader
from core.reading.hand_finding import HandFinder

log = logging.getLogger(__name__)

IDLE_S = 5.0  # nobody looked for so long: the camera is let go of
_KEPT = 6  # frames that nobody has seen yet
_ENDS_WITHIN_S = 3.0  # of which a camera may wait two for a picture
_numbers = count()


class DepthStream:
    """Reads a source in a thread of its own; the newest frames can be looked at.

    Args:
        source, finders: closed with this.
        net: that finds keypoints; None: only the hand's place is found.
        clock: seconds, rising.

    Attributes:
        skeleton: of the keypoints that are found; None without a net.
        number: of this process's streams, each has another.
        watch: told every frame and what was found in it, in the stream's thread.
    """

    def __init__(
        self,
        source: DepthSource,
        net: DepthNet | None,
        finders: Sequence[HandFinder] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = next(_numbers)
        self._source, self._reader = source, DepthReader(net, finders)
        self.skeleton = None if net is None else skeleton_named(net.skeleton)
        self.watch: Callable[[DepthFrame, DepthResult], object] = lambda frame, found: None
        self._clock, self._count = clock, 0
        self._looked_s = clock()
        self._frames: deque[tuple[DepthFrame, DepthResult]] = deque(maxlen=_KEPT)
        self._end = threading.Event()
        self._error = ""
        self._thread = threading.Thread(target=self._run, name="depth", daemon=True)
        self._thread.start()

    @property
    def error(self) -> str:
        """What went wrong, for the person at the screen; "" when nothing did."""
        return self._error

    @property
    def is_over(self) -> bool:
        """Nothing more comes."""
        return not self._thread.is_alive()

    def since(self, index: int, reach: Reach) -> list[DepthView]:
        """The newest frames from that number on, oldest first; never waits."""
        self._looked_s = self._clock()
        new = [(frame, found) for frame, found in [*self._frames] if frame.index >= index]
        return [render_view(frame, found, reach) for frame, found in new]

    def latest(self) -> Latest:
        """How many frames there were, as a video's processor says it."""
        return Latest(frames=self._count)

    def close(self) -> None:
        """Let go of the camera; may be called more than once."""
        self._end.set()
        self._thread.join(_ENDS_WITHIN_S)

    def _run(self) -> None:
        try:
            for frame in self._source:
                if self.skeleton is None:  # nothing would keep the cube from sliding down the arm
                    self._reader.reset()
                found = to_result(self._reader.read(frame))
                self._frames.append((frame, found))
                self._count += 1
                self.watch(frame, found)
                if self._end.is_set() or self._clock() - self._looked_s > IDLE_S:
                    break
        except MudraError as error:
            self._error = str(error)
        except Exception as error:  # nobody asks this thread how it went
            log.exception("a depth camera's frames could not be read")
            self._error = f"the camera's frames could not be read: {error!r}"
        finally:
            self._source.close()
            self._reader.close()
