"""Frames go on when they are whole, and their pictures when they are drawn, never a frame later."""

import asyncio
import logging
import threading
from fractions import Fraction
from types import ModuleType

import aiortc.rtcrtpreceiver
import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

from core.live import low_latency
from core.live.live import LiveProcessor
from core.live.low_latency import LowLatencyBuffer, LowLatencyTrack
from core.pose.types import Estimate, Frame


def packet(number: int, time: int, data: bytes, last: int) -> RtpPacket:
    made = RtpPacket(sequence_number=number, timestamp=time, marker=last)
    made._data = data
    return made


@pytest.mark.parametrize(
    ("packets", "frames"),
    [
        # sequence numbers begin again after 65535
        ([(65535, 90, b"a", 0), (0, 90, b"b", 1), (1, 180, b"c", 1)], [None, b"ab", b"c"]),
        ([(0, 90, b"a", 0), (2, 90, b"c", 1), (1, 90, b"b", 0)], [None, None, b"abc"]),
        ([(0, 90, b"a", 0), (1, 180, b"b", 0)], [None, b"a"]),
        (
            [(0, 90, b"a", 1), (1, 90, b"", 0), (2, 180, b"b", 1), (3, 270, b"c", 1)],
            [b"a", None, b"b", b"c"],
        ),
    ],
    ids=["whole", "a packet comes late", "no marker", "padding"],
)
def test_a_frame_goes_on_with_its_last_packet(packets, frames):
    buffer = LowLatencyBuffer(16, is_video=True)
    found = [buffer.add(packet(*each))[1] for each in packets]
    assert [frame.data if frame else None for frame in found] == frames


class Camera(MediaStreamTrack):
    """Gives the frames it is told to, then ends."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.frames: asyncio.Queue[int | None] = asyncio.Queue()

    async def recv(self) -> av.VideoFrame:
        number = await self.frames.get()
        if number is None:
            raise MediaStreamError
        frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), number, np.uint8), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 15)
        return frame


class Brighter:
    """Adds 100; remembers what it saw, in which thread, and its end. Waits while it is held."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.threads: set[int] = set()
        self.ends = 0
        self.free = threading.Event()
        self.free.set()

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        self.free.wait(10)
        self.threads.add(threading.get_ident())
        self.seen.append(frame.pts)
        return av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24") + 100, format="rgb24")

    def on_ended(self) -> None:
        self.ends += 1


def test_a_picture_is_its_own_frame_s_and_waits_for_no_other():
    async def story() -> None:
        camera, work = Camera(), Brighter()
        track = LowLatencyTrack(camera, work)
        for number in (3, 7):
            camera.frames.put_nowait(number)
            picture = await asyncio.wait_for(track.recv(), 10)
            assert picture.pts == number
            assert picture.to_ndarray(format="rgb24")[0, 0, 0] == number + 100
        assert len(work.threads) == 1 and threading.get_ident() not in work.threads
        track.stop()

    asyncio.run(story())


def test_while_a_frame_is_worked_on_only_the_newest_is_kept():
    async def story() -> None:
        camera, work = Camera(), Brighter()
        track = LowLatencyTrack(camera, work)
        work.free.clear()
        camera.frames.put_nowait(1)
        first = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0.05)
        for number in (2, 3, 4):
            camera.frames.put_nowait(number)
        await asyncio.sleep(0.05)
        work.free.set()
        await asyncio.wait_for(first, 10)
        assert (await asyncio.wait_for(track.recv(), 10)).pts == 4
        assert work.seen == [1, 4]
        track.stop()

    asyncio.run(story())


@pytest.mark.parametrize("by", ["the camera", "the page"])
def test_the_end_is_told_once(by):
    work = Brighter()

    async def story() -> None:
        camera = Camera()
        track = LowLatencyTrack(camera, work)
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0.05)
        if by == "the camera":
            camera.frames.put_nowait(None)
        else:
            track.stop()
        with pytest.raises(MediaStreamError):
            await asyncio.wait_for(waiting, 10)
        track.stop()
        await asyncio.wait_for(track.wait_until_ended(), 10)

    asyncio.run(story())
    assert work.ends == 1


class Slow:
    """An estimator that is at work until it is let go."""

    name, version = "slow", "1"

    def __init__(self) -> None:
        self.at_work, self.go, self.closed = (threading.Event() for _ in range(3))

    def estimate(self, frame: Frame) -> Estimate:
        self.at_work.set()
        self.go.wait(5)
        return Estimate((), frame.size_hw, self.name, frame.time_s)

    def close(self) -> None:
        self.closed.set()


def test_stopping_amid_a_frame_does_not_hold_up_the_server():
    slow = Slow()
    live = LiveProcessor(lambda options: slow)

    class Stream:
        def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
            return av.VideoFrame.from_ndarray(live.process(frame.to_ndarray(format="rgb24")))

        def on_ended(self) -> None:
            live.close()

    async def story() -> None:
        camera = Camera()
        track = LowLatencyTrack(camera, Stream())
        camera.frames.put_nowait(1)
        waiting = asyncio.ensure_future(track.recv())
        assert await asyncio.to_thread(slow.at_work.wait, 10)
        track.stop()
        assert not slow.closed.is_set()  # the frame is not done, and the loop goes on
        slow.go.set()
        await track.wait_until_ended()
        assert slow.closed.is_set()
        await waiting

    asyncio.run(story())


def test_an_end_that_goes_wrong_is_in_the_log(caplog):
    class Wrong(Brighter):
        def on_ended(self) -> None:
            raise OSError("no disk")

    async def story() -> None:
        track = LowLatencyTrack(Camera(), Wrong())
        track.stop()
        await track.wait_until_ended()

    asyncio.run(story())
    assert "no disk" in caplog.text


@pytest.fixture
def libraries(monkeypatch):
    """The places where classes are replaced, put back afterwards."""
    monkeypatch.setattr(aiortc.rtcrtpreceiver, "JitterBuffer", "its own")
    monkeypatch.setitem(low_latency.CODECS, "video", list(low_latency.CODECS["video"]))
    library, webrtc = ModuleType("streamlit_webrtc"), ModuleType("webrtc")
    webrtc.AsyncVideoProcessTrack = "its own"
    webrtc.SessionShutdownObserver = type(
        "Observer", (), {"_resolve_initial_page_script_hash": lambda self, session: "a page"}
    )
    library.webrtc = webrtc
    library.WebRtcStreamerContext = type("Context", (), {})
    return library


def page_and_last_run(library):
    """Which page ends a stream, and its last run with the video, as the library looks them up
    before it ends one, after the fourth run of the page."""
    observer, context = library.webrtc.SessionShutdownObserver(), library.WebRtcStreamerContext()
    context._last_rendered_run_count = 4
    return observer._resolve_initial_page_script_hash("a"), context._last_rendered_run_count


def test_the_classes_take_the_libraries_place(libraries, caplog):
    low_latency.install(libraries)
    assert aiortc.rtcrtpreceiver.JitterBuffer is LowLatencyBuffer
    assert libraries.webrtc.AsyncVideoProcessTrack is LowLatencyTrack
    assert page_and_last_run(libraries) == ("", None)
    assert {codec.mimeType for codec in low_latency.CODECS["video"]} == {"video/VP8", "video/rtx"}
    assert caplog.records == []


@pytest.mark.parametrize("other", ["aiortc", "streamlit-webrtc"])
def test_a_library_in_another_version_keeps_its_own_classes_with_a_warning(
    libraries, caplog, monkeypatch, other
):
    monkeypatch.setitem(low_latency.TESTED_VERSIONS, other, "0.1.")
    low_latency.install(libraries)
    assert (aiortc.rtcrtpreceiver.JitterBuffer == "its own") == (other == "aiortc")
    own = other == "streamlit-webrtc"
    assert (libraries.webrtc.AsyncVideoProcessTrack == "its own") == own
    assert page_and_last_run(libraries) == (("a page", 4) if own else ("", None))
    ((_, level, text),) = caplog.record_tuples
    assert level == logging.WARNING and text.startswith(f"{other} ") and "its own classes" in text
