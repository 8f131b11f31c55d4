"""A camera is read while somebody looks: newest frames, errors, and its end."""

import threading

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame
from core.errors import MediaError
from core.live.depth_stream import IDLE_S, DepthStream

CAMERA = Camera("mine", 250.0, 250.0, 160.0, 120.0, 320, 240)
REACH = (400.0, 1500.0)


class Sensor:
    """Gives a frame whenever `come` is released, a board of a hand's size in each; after `breaks`
    of them it is unplugged."""

    name, camera, count = "sensor", CAMERA, None

    def __init__(self, breaks: int | None = None) -> None:
        self.come, self.requested = threading.Semaphore(0), threading.Semaphore(0)
        self.closed, self._breaks, self._index = 0, breaks, 0

    def give(self, frames: int) -> None:
        """So many more, and wait until they are read."""
        for _ in range(frames):
            self.requested.acquire()
            self.come.release()
        self.requested.acquire()
        self.requested.release()

    def read(self, index: int) -> DepthFrame:
        self.requested.release()
        assert self.come.acquire(timeout=20)
        if self._index == self._breaks:
            raise MediaError("sensor gave no picture: is it still plugged in?")
        depth = np.full((240, 320), 1400, np.float32)
        depth[95:146, 100:141] = 500
        self._index += 1
        return DepthFrame(depth, CAMERA, self._index / 30, self._index - 1)

    def __iter__(self):
        while True:
            yield self.read(0)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def streams():
    """streams(sensor, …): a stream that is closed after the test."""
    opened = []

    def open_stream(sensor, **more):
        opened.append((sensor, DepthStream(sensor, None, **more)))
        return opened[-1][1]

    yield open_stream
    for sensor, stream in opened:
        sensor.come.release(3)
        stream.close()
        assert stream.is_over


def test_the_newest_frames_are_there_once_each(streams):
    sensor = Sensor()
    stream = streams(sensor)
    assert stream.views_since(0, REACH) == []
    sensor.give(2)
    views = stream.views_since(0, REACH)
    assert [view.index for view in views] == [0, 1] and views[0].result.method == "slices"
    sensor.give(9)
    assert [view.index for view in stream.views_since(2, REACH)] == [5, 6, 7, 8, 9, 10]
    assert stream.views_since(11, REACH) == [] and not stream.is_over and stream.error == ""


def test_a_camera_that_is_unplugged_is_told_and_let_go_of(streams):
    sensor = Sensor(breaks=1)
    stream = streams(sensor)
    sensor.give(1)
    sensor.come.release()
    stream.close()
    assert "still plugged in" in stream.error and stream.is_over and sensor.closed
    numbers = {stream.number, streams(Sensor()).number, streams(Sensor()).number}
    assert len(numbers) == 3  # each has its own, also after one ended
    assert [view.index for view in stream.views_since(0, REACH)] == [0]


def test_it_is_let_go_of_when_nobody_looks(streams):
    now_s = [0.0]
    sensor = Sensor()
    stream = streams(sensor, clock=lambda: now_s[0])
    now_s[0] = IDLE_S
    sensor.give(1)
    assert not stream.is_over
    stream.views_since(0, REACH)
    now_s[0] = 2 * IDLE_S + 1
    sensor.requested.acquire()
    sensor.come.release()
    stream._thread.join(20)
    assert stream.is_over and sensor.closed == 1 and stream.error == ""
