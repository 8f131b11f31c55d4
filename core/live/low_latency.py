"""A stream without waiting: aiortc and streamlit-webrtc hold every frame back until the next one
comes, twice over: at 15 frames a second that is 133 ms. Here a frame goes on as soon as it is
whole, its picture as soon as it is drawn; where Mudra is slower than the camera, the newest counts.

`install` is the one place where classes of these libraries are replaced.
"""

import asyncio
import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from types import ModuleType
from typing import Any, Protocol

import aiortc.rtcrtpreceiver
from aiortc import MediaStreamTrack
from aiortc.codecs import CODECS
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

log = logging.getLogger(__name__)

WRITTEN_FOR = {"aiortc": "1.16.", "streamlit-webrtc": "0.79."}  # their private parts are used


def install(library: ModuleType) -> None:
    """Put the classes of this file in the place of the libraries'; of a library in another version
    than this was written for its own stay, with a warning.

    Args:
        library: `streamlit_webrtc`, which is the pages' to import.
    """
    if _is_known("aiortc"):
        _vp8_alone()
        aiortc.rtcrtpreceiver.JitterBuffer = LowLatencyBuffer  # type: ignore[misc]
    if _is_known("streamlit-webrtc"):
        library.webrtc.AsyncVideoProcessTrack = LowLatencyTrack
        _across_pages(library)


def _is_known(library: str) -> bool:
    there, wanted = version(library), WRITTEN_FOR[library]
    if not there.startswith(wanted):
        log.warning(
            "%s %s is installed, %sx is known: its own classes are used, and the video comes back "
            "a frame later",
            library,
            there,
            wanted,
        )
    return there.startswith(wanted)


def _across_pages(library: ModuleType) -> None:
    """Let a stream live on while pages change: the library ends it with the page that was open when
    it began, even where its video is drawn round the pages, and where it takes the video for gone:
    it counts the runs of the page without it, by a counter that on a busy server goes up later, and
    then by two. What ends it still is its session."""
    observer = library.webrtc.SessionShutdownObserver
    observer._resolve_initial_page_script_hash = staticmethod(lambda session: "")
    uncounted = property(lambda context: None, lambda context, count: None)
    library.WebRtcStreamerContext._last_rendered_run_count = uncounted


def _vp8_alone() -> None:
    """Offer no H.264: encoding it costs four times VP8's time, and Safari would choose it."""
    vp8 = next(codec for codec in CODECS["video"] if codec.mimeType == "video/VP8")
    again = {"apt": vp8.payloadType}  # its retransmissions
    CODECS["video"][:] = [vp8, *(c for c in CODECS["video"] if c.parameters == again)]


class LowLatencyBuffer(JitterBuffer):
    """Packets in, video frames out: with a frame's last packet, which carries the marker bit (RFC
    7741, section 4.1), not with the first packet of the next frame."""

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take a packet; whether a key frame must be asked for, and the frame that is whole."""
        lost, frame = super().add(packet)
        if self._is_video and not (frame and frame.data):  # padding alone is no frame
            frame = self._whole()
        return lost, frame if frame and frame.data else None

    def _whole(self) -> JitterFrame | None:
        """The first frame, where all its packets are here."""
        packets: list[RtpPacket] = []
        for count in range(self._capacity):
            packet = self._packets[((self._origin or 0) + count) % self._capacity]
            if packet is None or (packets and packet.timestamp != packets[0].timestamp):
                return None
            packets.append(packet)
            if packet.marker:
                self.remove(len(packets))
                data = b"".join(part._data for part in packets)  # type: ignore[attr-defined]
                return JitterFrame(data=data, timestamp=packet.timestamp)
        return None


class Processor(Protocol):
    """What a stream's frames go through, in a thread of its own."""

    def recv(self, frame: Any) -> Any:
        """The frame's picture."""

    def on_ended(self) -> None:
        """The stream is over."""


class LowLatencyTrack(MediaStreamTrack):
    """The camera's newest frame through the processor, given on at once.

    Args:
        track: the camera's frames; older ones are dropped while the processor is at work.
    """

    kind = "video"

    def __init__(self, track: MediaStreamTrack, processor: Processor) -> None:
        super().__init__()
        self.track, self.processor = track, processor
        self._newest: deque[Any] = deque(maxlen=1)
        self._came = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "live")
        self._end: Future[None] | None = None
        track.add_listener("ended", self.stop)

    async def recv(self) -> Any:
        """The next picture, with its frame's time.

        Raises:
            MediaStreamError: the stream is over.
        """
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read())
        while not self._newest and self.readyState == "live":
            await self._came.wait()
            self._came.clear()
        if self.readyState != "live":
            raise MediaStreamError
        frame = self._newest.pop()
        loop = asyncio.get_running_loop()
        picture = await loop.run_in_executor(self._thread, self.processor.recv, frame)
        picture.pts, picture.time_base = frame.pts, frame.time_base
        return picture

    async def _read(self) -> None:
        try:
            while True:
                self._newest.append(await self.track.recv())
                self._came.set()
        except MediaStreamError:
            self.stop()

    def stop(self) -> None:
        """End the stream, once; the processor hears of it when its running frame is done: waiting
        for that here would hold up the server's event loop, and every visitor with it."""
        if self.readyState != "live":
            return
        super().stop()
        self.track.stop()
        self._came.set()
        if self._reading is not None:
            self._reading.cancel()
        self._end = self._thread.submit(self._tell_the_end)
        self._thread.shutdown(wait=False)

    async def ended(self) -> None:
        """Wait until the processor of a stream that was stopped has taken the end."""
        if self._end is not None:
            await asyncio.wrap_future(self._end)

    def _tell_the_end(self) -> None:
        try:
            self.processor.on_ended()
        except Exception:  # nobody asks this thread how it went
            log.exception("the end of a stream was not taken well")
