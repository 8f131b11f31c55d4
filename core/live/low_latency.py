"""Server video without waiting: aiortc and streamlit-webrtc each hold a frame until the next one
comes, together 133 ms at 15 frames a second. Here a frame is passed on as soon as it is complete,
and its picture as soon as it is drawn; if Mudra is slower than the camera, frames are dropped.

`install` is the only place where classes of these libraries are replaced.
"""

import asyncio
import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from types import ModuleType
from typing import Any

import aiortc.rtcrtpreceiver
from aiortc import MediaStreamTrack
from aiortc.codecs import CODECS
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

log = logging.getLogger(__name__)

TESTED_VERSIONS = {"aiortc": "1.16.", "streamlit-webrtc": "0.79."}  # private parts are used


def install(library: ModuleType) -> None:
    """Replace classes of aiortc and streamlit-webrtc with this module's; if the version of a
    library wasn't tested, keep its classes and log a warning.

    Args:
        library: `streamlit_webrtc`, which only pages import.
    """
    if _is_tested_version("aiortc"):
        _offer_only_vp8()
        aiortc.rtcrtpreceiver.JitterBuffer = LowLatencyBuffer  # type: ignore[misc]
    if _is_tested_version("streamlit-webrtc"):
        library.webrtc.AsyncVideoProcessTrack = LowLatencyTrack
        _keep_streams_across_pages(library)


def _is_tested_version(library: str) -> bool:
    """Return whether the installed version was tested; log a warning if not."""
    installed, tested = version(library), TESTED_VERSIONS[library]
    if not installed.startswith(tested):
        log.warning(
            "%s %s is installed, %sx was tested: its own classes are used, and the video comes "
            "back a frame later",
            library,
            installed,
            tested,
        )
    return installed.startswith(tested)


def _keep_streams_across_pages(library: ModuleType) -> None:
    """Patch streamlit-webrtc so that a stream continues when the page changes or its video isn't
    drawn for a few runs. It still ends with the session."""
    observer = library.webrtc.SessionShutdownObserver
    observer._resolve_initial_page_script_hash = staticmethod(lambda session: "")
    no_run_count = property(lambda context: None, lambda context, count: None)
    library.WebRtcStreamerContext._last_rendered_run_count = no_run_count


def _offer_only_vp8() -> None:
    """Remove every video codec but VP8: H.264 takes four times as long to encode."""
    vp8 = next(codec for codec in CODECS["video"] if codec.mimeType == "video/VP8")
    retransmission = {"apt": vp8.payloadType}
    CODECS["video"][:] = [vp8, *(c for c in CODECS["video"] if c.parameters == retransmission)]


class LowLatencyBuffer(JitterBuffer):
    """Assembles packets to video frames. A frame is complete with its last packet, which carries
    the marker bit (RFC 7741, section 4.1), not with the first packet of the next frame."""

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Add a packet; return whether a key frame is needed, and the completed frame or None."""
        lost, frame = super().add(packet)
        if self._is_video and not (frame and frame.data):  # padding alone isn't a frame
            frame = self._take_complete_frame()
        return lost, frame if frame and frame.data else None

    def _take_complete_frame(self) -> JitterFrame | None:
        """Remove and return the first frame if all of its packets have arrived, else None."""
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


class LowLatencyTrack(MediaStreamTrack):
    """Passes the newest frame of the camera's track through the processor, dropping older ones. In
    a thread of its own the processor's `recv` returns a frame's picture, and `on_ended` is called
    after the stream's end."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack, processor: Any) -> None:
        super().__init__()
        self.track, self.processor = track, processor
        self._newest: deque[Any] = deque(maxlen=1)
        self._frame_came = asyncio.Event()
        self._receiving: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "live")
        self._end: Future[None] | None = None
        track.add_listener("ended", self.stop)

    async def recv(self) -> Any:
        """Wait for the camera's newest frame and return its processed picture, with the frame's
        time; raise MediaStreamError after the stream's end."""
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive_frames())
        while not self._newest and self.readyState == "live":
            await self._frame_came.wait()
            self._frame_came.clear()
        if self.readyState != "live":
            raise MediaStreamError
        frame = self._newest.pop()
        loop = asyncio.get_running_loop()
        picture = await loop.run_in_executor(self._thread, self.processor.recv, frame)
        picture.pts, picture.time_base = frame.pts, frame.time_base
        return picture

    async def _receive_frames(self) -> None:
        """Store the camera's newest frame until the camera's track ends, then stop."""
        try:
            while True:
                self._newest.append(await self.track.recv())
                self._frame_came.set()
        except MediaStreamError:
            self.stop()

    def stop(self) -> None:
        """End the stream. The processor is notified in its own thread, after the current frame,
        because waiting here would block the server's event loop."""
        if self.readyState != "live":
            return
        super().stop()
        self.track.stop()
        self._frame_came.set()
        if self._receiving is not None:
            self._receiving.cancel()
        self._end = self._thread.submit(self._notify_end)
        self._thread.shutdown(wait=False)

    async def wait_until_ended(self) -> None:
        """Wait until the processor has been notified that the stream ended."""
        if self._end is not None:
            await asyncio.wrap_future(self._end)

    def _notify_end(self) -> None:
        """Call the processor's `on_ended`; log an exception."""
        try:
            self.processor.on_ended()
        except Exception:  # no caller waits for this thread
            log.exception("the end of a stream could not be processed")
