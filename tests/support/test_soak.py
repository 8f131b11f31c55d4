"""A live stream at 15 frames a second leaves memory and threads as they were. Slow: ten minutes.

A replayed camera passes the live track, the estimator, the starter model, the drawing, and a
recorder that writes into a store.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from core.estimators import create_estimator
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.live import LiveProcessor, Options
from core.live.low_latency import LowLatencyTrack
from core.media.videos import decode_stream_frame, encode_stream_frame
from core.paths import Paths
from core.recording.plans import CONTINUOUS
from core.recording.recorder import Recorder
from core.store import Store
from tests.support.camera_cycles import standing
from tests.support.studio import ROOT

FPS = 15
VIDEO = ROOT.parent / "shared" / "data" / "hand_videos" / "slideshow_emrecandir.mp4"
WARM_S = 30.0  # what is loaded once is loaded by then
EVERY_S = 15.0


@dataclass(frozen=True)
class Moment:
    """The process after so many seconds; memory resident, MB; samples so far."""

    seconds: float
    threads: int
    memory_mb: float
    samples: int


class ReplayedCamera(MediaStreamTrack):
    """A video's frames as a camera's, over and over, moved by a few pixels each time so that a
    recorder takes them for new, with the pause between them that a camera makes."""

    kind = "video"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.pictures, self.number, self.begun = _pictures(path), 0, time.monotonic()

    async def recv(self) -> av.VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(self.begun + self.number / FPS - time.monotonic())
        picture = self.pictures[self.number // 3 % len(self.pictures)]
        shift = self.number % 23
        frame = av.VideoFrame.from_ndarray(np.roll(picture, shift, 1), format="rgb24")
        frame.pts, frame.time_base = self.number, Fraction(1, FPS)
        self.number += 1
        return frame


def _pictures(path: Path, at_most: int = 60) -> list[Any]:
    """Some of a video's frames, 640 x 480."""
    reader = cv2.VideoCapture(str(path))
    step = max(1, int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) // at_most)
    found = []
    while (read := reader.read())[0]:
        found.append(cv2.cvtColor(cv2.resize(read[1], (640, 480)), cv2.COLOR_BGR2RGB))
    return found[::step]


class _Stream:
    """What the page makes of a stream: frames to arrays and back."""

    def __init__(self, live: LiveProcessor, recorder: Recorder) -> None:
        self.live, self.recorder = live, recorder

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        return encode_stream_frame(self.live.process(decode_stream_frame(frame)))

    def on_ended(self) -> None:
        self.live.close()
        self.recorder.stop()


def soak(minutes: float) -> Iterator[Moment]:
    """The standing every so many seconds, by a pipeline in this process."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "mudra.db")
        project = store.create_project("soak").id
        moments = _moments(store, project, minutes)
        with asyncio.Runner() as runner:
            while (moment := runner.run(anext(moments, None))) is not None:
                yield moment
        store.close()


async def _moments(store: Store, project: int, minutes: float) -> AsyncIterator[Moment]:
    paths = Paths.find()
    recorder = Recorder(store, project, "me")
    live = LiveProcessor(
        lambda options: create_estimator("mediapipe-hands", paths.weights),
        Options(GestureModel.load(paths.starter)),
        watch=lambda *seen: recorder.offer(*seen).banner,
    )
    track = LowLatencyTrack(ReplayedCamera(VIDEO), _Stream(live, recorder))
    gesture = store.gestures(project)[0].id
    recorder.start(gesture, CONTINUOUS)
    begun = told = time.monotonic()
    while (now := time.monotonic()) - begun < 60 * minutes:
        await track.recv()
        if now - told >= EVERY_S:
            told = now
            here, status = standing(os.getpid(), 0), recorder.status()
            if error := live.latest().error or status.error:
                raise RuntimeError(error)
            yield Moment(round(now - begun, 1), here.threads, here.memory_mb, status.saved)
    track.stop()
    await track.wait_until_ended()


def growth_mb(moments: list[Moment]) -> float:
    """From the first minute that is warm to the last one, by the median of each."""
    warm = [one for one in moments if one.seconds >= WARM_S]
    first = [one.memory_mb for one in warm if one.seconds < warm[0].seconds + 60]
    last = [one.memory_mb for one in warm if one.seconds > warm[-1].seconds - 60]
    return round(float(np.median(last) - np.median(first)), 1)


MAY_GROW_MB = 50


def test_growth_is_from_the_first_warm_minute_to_the_last():
    seconds = range(0, 301, 15)
    moments = [Moment(s, 9, 500.0 if s < 30 else 600 + s / 10, 0) for s in seconds]
    # medians: of 30 … 75 s, and of 255 … 300 s
    assert growth_mb(moments) == pytest.approx((255 + 300) / 20 - (30 + 75) / 20)


@pytest.mark.slow
@pytest.mark.usefixtures("weights_folder", "shared_data")
def test_ten_minutes_of_recording_grow_by_no_more_than_half_an_hour_may():
    moments = list(soak(10))
    assert growth_mb(moments) <= MAY_GROW_MB
    warm = [one.threads for one in moments if one.seconds > 30]
    assert max(warm) <= min(warm) + 1
    assert moments[-1].samples > 600
