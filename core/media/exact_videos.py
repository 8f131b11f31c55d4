"""Videos read by frame number, and lossless ones of 16 bits a pixel.

Convention: frame n has the n-th smallest time stamp, and is decoded from the key frame before it,
so that any order gives the same ones. FFV1 in Matroska, which FFmpeg and archives keep, and of
which a file that was cut short still opens.
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
from core.media.limits import LOSSLESS_VIDEO
from core.media.videos import create_video, open_video
from core.pose.types import Picture
from core.words import words

GREY_16, GREY_8, RGB = "gray16le", "gray", "rgb24"
_DEEP_FORMATS = ("gray16le", "gray16be")  # FFmpeg stretches the values of 10 to 14 bits over 16
_MILLISECOND = Fraction(1, 1000)  # Matroska's own clock
_PACKET_MARGIN_BYTES = 2**26  # left before a file is full

Pixels = NDArray[Any]


class VideoTrack:
    """One video stream of a file, with its frames' `times_s` from 0; close it after use."""

    def __init__(self, path: Path, *, number: int = 0, pixel_format: str = "") -> None:
        """Read every packet of the file, decoding none. Raises MediaError: no video that can be
        read, above the limits, or grey wanted of pixels whose values would change.

        Args:
            number: of the video stream.
            pixel_format: `GREY_16`, `GREY_8` or `RGB`; "": grey, as deep as the stream.
        """
        self._resources = contextlib.ExitStack()
        self._name = path.name
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._container, self._stream = self._resources.enter_context(
            open_video(path, path.name, track=number, limits=LOSSLESS_VIDEO)
        )
        context = self._stream.codec_context
        self.size_hw = context.height, context.width
        self.is_deep = str(context.pix_fmt) in _DEEP_FORMATS
        self.codec = str(context.name)
        self._pixel_format = pixel_format or (GREY_16 if self.is_deep else GREY_8)
        self.metadata = {key.lower(): text for key, text in self._container.metadata.items()}
        try:
            self._check_pixels(context.format)
            self._stamps = self._read_stamps()
        except MediaError:
            self.close()
            raise
        clock = self._stream.time_base or _MILLISECOND
        self.times_s = [float((stamp - self._stamps[0]) * clock) for stamp in self._stamps]
        self._next = len(self._stamps)  # number of the decoder's next frame; the end: unknown

    def _check_pixels(self, pixel_format: av.VideoFormat | None) -> None:
        """Raise MediaError if converting the pixels to grey would change their values."""
        if pixel_format is None or self._pixel_format == RGB or self.is_deep:
            return
        bits = max((part.bits for part in pixel_format.components), default=8)
        if bits > 8:
            raise MediaError(
                words(
                    "{file} has {pixels} pixels of {bits} bits: expected are {first}, {second} or "
                    "8 bits; save it as {first}",
                    file=self._name,
                    pixels=pixel_format.name,
                    bits=bits,
                    first=_DEEP_FORMATS[0],
                    second=_DEEP_FORMATS[1],
                )
            )

    def _read_stamps(self) -> list[int]:
        """Return all packets' time stamps, sorted; for a damaged file, those before the damage.
        Raise MediaError if there are none or too many."""
        stamps: set[int] = set()
        with contextlib.suppress(av.FFmpegError):
            for packet in self._container.demux(self._stream):
                stamp = packet.dts if packet.pts is None else packet.pts
                if stamp is not None and packet.size:
                    stamps.add(stamp)
                if len(stamps) > LOSSLESS_VIDEO.max_frames:
                    raise MediaError(
                        words(
                            "{file} has over {limit:,} frames: cut it",
                            file=self._name,
                            limit=LOSSLESS_VIDEO.max_frames,
                        )
                    )
        if not stamps:
            raise MediaError(words("{file} has no frame that can be decoded", file=self._name))
        return sorted(stamps)

    def read(self, index: int) -> Pixels:
        """Decode a frame by its number, from 0, as (H, W) grey or (H, W, 3) RGB; raise MediaError
        if there is no such frame or it can't be decoded."""
        if not 0 <= index < len(self._stamps):
            raise MediaError(f"{self._name} has no frame {index}: it has {len(self._stamps)}")
        try:
            frame = self._decode_frame(index)
        except av.FFmpegError as error:
            raise MediaError(
                words(
                    "{file}: frame {number} can't be decoded ({reason})",
                    file=self._name,
                    number=index,
                    reason=str(error),
                )
            ) from error
        size_hw = frame.height, frame.width
        if size_hw != self.size_hw or max(size_hw) > LOSSLESS_VIDEO.max_side_px:
            raise MediaError(
                words(
                    "{file}: frame {number} is {width} x {height}",
                    file=self._name,
                    number=index,
                    width=frame.width,
                    height=frame.height,
                )
            )
        return frame.to_ndarray(format=self._pixel_format)

    def _decode_frame(self, index: int) -> av.VideoFrame:
        """Find and decode a frame: from the current position if it is the next one, else from its
        key frame, else from the start, since seeking fails in some containers."""
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
                    break
        raise MediaError(
            words("{file}: frame {number} can't be decoded", file=self._name, number=index)
        )

    def close(self) -> None:
        """Close the file."""
        self._resources.close()


class LosslessWriter:
    """Writes pictures of 16 bits, and if `rgb` colours beside them, as FFV1 in .mkv; a context
    manager. Errors as `create_video`."""

    def __init__(
        self, path: Path, size_hw: tuple[int, int], metadata: dict[str, str], *, rgb: bool = False
    ) -> None:
        self._container = create_video(path, ".mkv", "matroska")
        self._size_hw, self._path = size_hw, path
        self._bytes = self._count = 0
        self._container.metadata.update(metadata)
        self._streams = [self._add_stream(pixels) for pixels in (GREY_16, "bgr0")[: 1 + rgb]]

    def _add_stream(self, pixel_format: str) -> av.VideoStream:
        """Add an FFV1 stream with that pixel format, in which every frame is a key frame."""
        stream = self._container.add_stream("ffv1", rate=30)
        stream.height, stream.width = self._size_hw
        stream.pix_fmt = pixel_format
        stream.gop_size = 1  # every frame is a key frame
        stream.options = {"level": "3"}
        stream.codec_context.time_base = _MILLISECOND
        return stream

    def write(self, grey: NDArray[np.uint16], rgb: Picture | None, time_s: float) -> None:
        """Append a 16-bit picture, with colours if the video has them; times must rise by at least
        1 ms. Raise MediaError if the size changes, colours are missing, or the file is full or
        can't be written; earlier frames remain."""
        full = self._bytes > LOSSLESS_VIDEO.max_bytes - _PACKET_MARGIN_BYTES
        if full or self._count == LOSSLESS_VIDEO.max_frames:
            raise MediaError(
                f"{self._path.name} is full ({self._count:,} frames, {self._bytes:,} bytes): "
                "continue in another file, or write a folder"
            )
        given: list[Pixels | None] = [grey, rgb][: len(self._streams)]
        fitting = [one for one in given if one is not None and one.shape[:2] == self._size_hw]
        if len(fitting) < len(given):
            raise MediaError(
                f"{self._path.name}: a video's pictures are all of one size, {self._size_hw}, "
                "each with colours or none: write a folder instead"
            )
        self._count += 1
        for stream, pixels, form in zip(self._streams, fitting, (GREY_16, RGB), strict=False):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=form)
            frame.pts, frame.time_base = round(time_s * 1000), _MILLISECOND
            self._encode(stream, frame)

    def _encode(self, stream: av.VideoStream, frame: av.VideoFrame | None) -> None:
        """Encode and write a frame, or for None flush the encoder; raise MediaError on failure."""
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
                self._encode(stream, None)


def count_tracks(path: Path) -> int:
    """Count a file's video streams; raise MediaError if it isn't a video."""
    with open_video(path, path.name, limits=LOSSLESS_VIDEO) as (container, _):
        return len(container.streams.video)
