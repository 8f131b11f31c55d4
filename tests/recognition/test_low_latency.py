"""Frames go on when they are whole, and their pictures when they are drawn, never a frame later."""

import asyncio
import threading
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

from core.recognition.low_latency import PromptBuffer, PromptTrack


def packet(number: int, time: int, data: bytes, *, last: bool) -> RtpPacket:
    made = RtpPacket(sequence_number=number, timestamp=time, marker=int(last))
    made._data = data
    return made


def feed(buffer: PromptBuffer, *packets: RtpPacket) -> list[bytes | None]:
    frames = [buffer.add(each)[1] for each in packets]
    return [frame.data if frame else None for frame in frames]


def test_a_frame_goes_on_with_its_last_packet():
    buffer = PromptBuffer(16, is_video=True)
    found = feed(
        buffer,
        packet(65535, 90, b"a", last=False),  # sequence numbers begin again after 65535
        packet(0, 90, b"b", last=True),
        packet(1, 180, b"c", last=True),
    )
    assert found == [None, b"ab", b"c"]


def test_a_packet_that_comes_late_completes_its_frame():
    buffer = PromptBuffer(16, is_video=True)
    found = feed(
        buffer,
        packet(0, 90, b"a", last=False),
        packet(2, 90, b"c", last=True),
        packet(1, 90, b"b", last=False),
    )
    assert found == [None, None, b"abc"]


def test_without_a_marker_a_frame_goes_on_with_the_next_one():
    buffer = PromptBuffer(16, is_video=True)
    found = feed(buffer, packet(0, 90, b"a", last=False), packet(1, 180, b"b", last=False))
    assert found == [None, b"a"]


def test_padding_after_a_frame_is_no_frame():
    buffer = PromptBuffer(16, is_video=True)
    found = feed(
        buffer,
        packet(0, 90, b"a", last=True),
        packet(1, 90, b"", last=False),
        packet(2, 180, b"b", last=True),
        packet(3, 270, b"c", last=True),
    )
    assert [data for data in found if data] == [b"a", b"b", b"c"]


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
        track = PromptTrack(camera, work)
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
        track = PromptTrack(camera, work)
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
    async def story() -> None:
        camera, work = Camera(), Brighter()
        track = PromptTrack(camera, work)
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0.05)
        if by == "the camera":
            camera.frames.put_nowait(None)
        else:
            track.stop()
        with pytest.raises(MediaStreamError):
            await asyncio.wait_for(waiting, 10)
        track.stop()
        assert work.ends == 1

    asyncio.run(story())
