"""Videos whose frames are asked for by number, and lossless ones with 16 bits a pixel.

Convention: frame n is the one with the n-th smallest time stamp, whatever the container says of
their number; each is decoded from the key frame before it, so that any order gives the same ones.
FFV1 in Matroska because FFmpeg and archives keep it, and a file that was cut short still opens.
"""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from core.errors import MediaError
from core.media.videos import MAX_FRAMES, MAX_SIDE, created_video, opened_video
from core.pose.types import Picture

MOST_BYTES = 4 * 2**30
_MOST_SECONDS = MAX_FRAMES // 30
GREY_16, GREY_8, RGB = "gray16le", "gray", "rgb24"
_DEEP = ("gray16le", "gray16be")  # FFmpeg stretches the numbers of 10 to 14 bits over 16
_MS = Fraction(1, 1000)  # Matroska's own clock

Pixels = NDArray[Any]


class VideoTrack:
    """One video stream of a file; close it after use.

    Attributes:
        times_s: of each frame, from 0.
        size_hw: of them.
        is_deep: it has more than 8 bits a pixel.
        codec: FFmpeg's name of how it is coded.
        notes: what the file says of itself, by names in lower case.
    """

    def __init__(self, path: Path, *, number: int = 0, form: str = "") -> None:
        """Look at every packet of the file, decoding none.

        Args:
            number: of the video stream.
            form: `GREY_16`, `GREY_8` or `RGB`; "": `GREY_16` where it is deep, else `GREY_8`.

        Raises:
            MediaError: no video that can be read, more than 4 GB or 150,000 frames, or
                grey asked of pixels whose numbers would be changed.
        """
        self._resources = contextlib.ExitStack()
        self._name = path.name
        self._frames: Iterator[av.VideoFrame] = iter(())
        opened = _opened(path, number)
        self._container, self._stream = self._resources.enter_context(opened)
        context = self._stream.codec_context
        self.size_hw = context.height, context.width
        self.is_deep = str(context.pix_fmt) in _DEEP
        self.codec = str(context.name)
        self._form = form or (GREY_16 if self.is_deep else GREY_8)
        self.notes = {key.lower(): text for key, text in self._container.metadata.items()}
        try:
            self._check_form(context.format)
            self._stamps = self._all_stamps()
        except MediaError:
            self.close()
            raise
        clock = self._stream.time_base or _MS
        self.times_s = [float((stamp - self._stamps[0]) * clock) for stamp in self._stamps]
        self._next = len(self._stamps)  # of the frame that comes by decoding on; none yet

    def _check_form(self, given: av.VideoFormat | None) -> None:
        bits = max((part.bits for part in given.components), default=8) if given else 8
        if given and self._form != RGB and bits > 8 and not self.is_deep:
            raise MediaError(
                f"{self._name} has {given.name} pixels of {bits} bits: expected are {_DEEP[0]}, "
                f"{_DEEP[1]} or 8 bits; write it anew as {_DEEP[0]}"
            )

    def _all_stamps(self) -> list[int]:
        stamps: set[int] = set()
        with contextlib.suppress(av.FFmpegError):  # what lies before the damage is there
            for packet in self._container.demux(self._stream):
                stamp = packet.dts if packet.pts is None else packet.pts
                if stamp is not None and packet.size:
                    stamps.add(stamp)
                if len(stamps) > MAX_FRAMES:
                    raise MediaError(f"{self._name} has over {MAX_FRAMES:,} frames: cut it")
        if not stamps:
            raise MediaError(f"{self._name} holds no frame that can be decoded")
        return sorted(stamps)

    def read(self, index: int) -> Pixels:
        """(H, W) or (H, W, 3), as `form` says.

        Raises:
            MediaError: no such frame, or one that can't be decoded.
        """
        if not 0 <= index < len(self._stamps):
            raise MediaError(f"{self._name} has no frame {index}: it has {len(self._stamps)}")
        try:
            frame = self._decoded(index)
        except av.FFmpegError as error:
            raise MediaError(f"{self._name}: frame {index} can't be decoded ({error})") from error
        if (frame.height, frame.width) != self.size_hw or max(self.size_hw) > MAX_SIDE:
            raise MediaError(f"{self._name}: frame {index} is {frame.width} x {frame.height}")
        return frame.to_ndarray(format=self._form)

    def _decoded(self, index: int) -> av.VideoFrame:
        stamp = self._stamps[index]
        starts = (stamp, self._stamps[0]) if index != self._next else (None, stamp, self._stamps[0])
        self._next = len(self._stamps)
        for start in starts:
            if start is not None:
                self._container.seek(start, stream=self._stream, backward=True)
                self._frames = self._container.decode(self._stream)
            for frame in self._frames:
                if frame.pts == stamp:
                    self._next = index + 1
                    return frame
                if frame.pts is not None and frame.pts > stamp:
                    break  # a container that looks up key frames wrongly: from the start, then
        raise MediaError(f"{self._name}: frame {index} can't be decoded")

    def close(self) -> None:
        """Let go of the file."""
        self._resources.close()


class LosslessWriter:
    """Writes pictures of 16 bits, and colours beside them, as FFV1 in .mkv; a context manager.

    Args:
        notes: what the file is to say of itself.
        rgb: whether colours come, too, with every picture.

    Raises:
        MediaError: another suffix, or a place that can't be written.
    """

    def __init__(
        self, path: Path, size_hw: tuple[int, int], notes: dict[str, str], *, rgb: bool = False
    ) -> None:
        self._container = created_video(path, ".mkv", "matroska")
        self._size_hw, self._path = size_hw, path
        self._bytes = self._count = 0
        self._container.metadata.update(notes)
        self._streams = [self._stream(GREY_16)]
        if rgb:
            self._streams.append(self._stream("bgr0"))

    def _stream(self, pixels: str) -> av.VideoStream:
        stream = self._container.add_stream("ffv1", rate=30)
        stream.height, stream.width = self._size_hw
        stream.pix_fmt = pixels
        stream.gop_size = 1  # no frame leans on another
        stream.options = {"level": "3"}
        stream.codec_context.time_base = _MS
        return stream

    def write(self, grey: NDArray[np.uint16], rgb: Picture | None, time_s: float) -> None:
        """Append a picture; times must rise by a millisecond at least.

        Raises:
            MediaError: it has another size than the first one, lacks colours, can't be written, or
                the film would be too large to be read again; what was written before stays.
        """
        if self._bytes > MOST_BYTES - 2**26 or self._count == MAX_FRAMES:
            raise MediaError(
                f"{self._path.name} is full ({self._count:,} frames, {self._bytes:,} bytes): go on "
                "in another film, or write a folder"
            )
        given: list[Pixels | None] = [grey, rgb][: len(self._streams)]
        fit = [one for one in given if one is not None and one.shape[:2] == self._size_hw]
        if len(fit) < len(given):
            raise MediaError(
                f"{self._path.name}: a video's pictures are all of one size, {self._size_hw}, "
                "each with colours or none: write a folder instead"
            )
        self._count += 1
        for stream, pixels, form in zip(self._streams, fit, (GREY_16, RGB), strict=False):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=form)
            frame.pts, frame.time_base = round(time_s * 1000), _MS
            self._mux(stream, frame)

    def _mux(self, stream: av.VideoStream, frame: av.VideoFrame | None) -> None:
        try:
            packets = stream.encode(frame)
            self._container.mux(packets)
            self._bytes += sum(packet.size for packet in packets)
        except (OSError, av.FFmpegError) as error:
            raise MediaError(f"{self._path} can't be written ({error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._container:
            for stream in self._streams:
                self._mux(stream, None)


def track_count(path: Path) -> int:
    """How many video streams a file has.

    Raises:
        MediaError: no video that can be read.
    """
    with _opened(path, 0) as (container, _):
        return len(container.streams.video)


def _opened(
    path: Path, number: int
) -> contextlib.AbstractContextManager[tuple[av.container.InputContainer, av.VideoStream]]:
    return opened_video(
        path, path.name, number=number, most_bytes=MOST_BYTES, most_seconds=_MOST_SECONDS
    )
