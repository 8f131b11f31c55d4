"""A live frame's CPU time beside a bare MediaPipe loop: the same frames through both, by turns.

Milliseconds of the whole process's CPU (`time.process_time`); Mudra's own work runs in one thread,
and that thread's CPU is what is counted of it.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from core.errors import MediaError
from core.estimators.mediapipe_task import MediapipeTask
from core.media.videos import read_video
from core.pose.types import Frame, Picture
from core.recognition.live import LiveProcessor, Options, Watch

SIZE_WH = (640, 480)
WARM_UP = 10  # frames that are not counted
FPS = 15
_ROUNDS = 10  # one landmarker may be a fifth slower than another for as long as it is open


class Clock:
    """CPU milliseconds by name."""

    def __init__(self) -> None:
        self.counts = False
        self._ms: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.add(name, time.process_time() - begun)

    def add(self, name: str, seconds: float) -> None:
        """One more measurement of that name."""
        if self.counts:
            self._ms[name].append(1000 * seconds)

    def each(self, pictures: list[Picture]) -> Iterator[Picture]:
        """The pictures, of which the first do not count."""
        for index, rgb in enumerate(pictures):
            self.counts = index >= WARM_UP
            yield rgb

    def medians(self) -> dict[str, float]:
        return {name: round(statistics.median(ms), 3) for name, ms in self._ms.items()}

    def ratio(self, name: str, other: str) -> float:
        """Median over frames: what slows the machine for a while slows a frame's both."""
        pairs = zip(self._ms[name], self._ms[other], strict=True)
        return round(statistics.median(ms / others for ms, others in pairs), 3)


def compare(
    clock: Clock,
    make: Callable[[], MediapipeTask],
    options: Options,
    pictures: list[Picture],
    watch: Watch | None = None,
) -> None:
    """“bare MediaPipe”, “whole” (`LiveProcessor.process`) and “own” (the whole but the vendor's
    call) of each picture but the first; the landmarkers are opened anew from time to time.

    Args:
        pictures: WARM_UP more than are counted.
    """
    count = len(pictures) - WARM_UP
    each = -(-count // _ROUNDS)
    for start in range(0, count, each):
        with (
            make() as bare,
            make() as timed,
            closing(LiveProcessor(lambda options: timed, options, watch=watch)) as live,
        ):
            _by_turns(clock, bare, timed, live, pictures[start : start + each + WARM_UP])
            check(live)


def check(*streams: LiveProcessor) -> None:
    """Raises what a stream met."""
    for live in streams:
        if error := live.latest().error:
            raise MediaError(error)


def _by_turns(
    clock: Clock,
    bare: MediapipeTask,
    timed: MediapipeTask,
    live: LiveProcessor,
    pictures: list[Picture],
) -> None:
    def run_bare(frame: Frame) -> None:
        with clock.measured("bare MediaPipe"):
            bare.count(frame)

    def run_live(frame: Frame) -> None:
        with clock.measured("whole"):
            begun_s = time.thread_time()
            live.process(frame.rgb)
            own_s = time.thread_time() - begun_s - timed.vendor_s
        clock.add("own", own_s)

    for index, rgb in enumerate(clock.each(pictures)):
        runs = (run_bare, run_live) if index % 2 else (run_live, run_bare)
        for run in runs:
            run(Frame(rgb, index / FPS, index, mirrored_view=True))


def pictures_of(video: Path, count: int) -> list[Picture]:
    """As many 640x480 pictures of the video, which is repeated where it is too short."""
    found = [
        np.asarray(cv2.resize(frame.rgb, SIZE_WH), np.uint8)
        for frame in islice(read_video(video), count)
    ]
    return [found[i % len(found)] for i in range(count)]


@contextmanager
def closing(live: LiveProcessor) -> Iterator[LiveProcessor]:
    """The stream, closed at the end."""
    try:
        yield live
    finally:
        live.close()
