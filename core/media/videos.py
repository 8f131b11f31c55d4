"""Videos in (rotated as the file says) and out (WebM with VP9, which every browser plays), and the
frames of cameras: this machine's (command line), and a browser's stream (pages), whose colours are
those of standard television (BT.601, 16 to 235).
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import cv2
import numpy as np

from core.errors import MediaError
from core.media.limits import VIDEO, VideoLimits
from core.pose.types import Frame, Picture
from core.words import words

VIDEO_SUFFIXES = (".mp4", ".webm", ".avi", ".mov", ".mkv", ".m4v")
# FFmpeg's names of files that contain their pictures themselves: a playlist would open other files
_CONTAINERS = "mov,matroska,avi,mpegts"
# a frame may contradict the header
_DECODER_OPTIONS = {"max_pixels": str(VIDEO.max_side_px**2)}


@dataclass(frozen=True)
class VideoInfo:
    """What the file's header says; None if it doesn't."""

    size_hw: tuple[int, int]
    fps: float
    seconds: float | None
    frames: int | None


def video_info(path: Path, *, name: str = "") -> VideoInfo:
    """Read a video's header; `name` and errors are those of `read_video`."""
    with open_video(path, name or path.name) as (container, stream):
        return _read_info(container, stream)


def read_video(path: Path, *, fps: float | None = None, name: str = "") -> Iterator[Frame]:
    """Yield a video's frames, upright, at most `fps` a second, skipping those that can't be
    decoded. Errors and frames call it `name`. Raise MediaError if it isn't a video or is above the
    limits."""
    if fps is not None and fps <= 0:
        raise MediaError(f"fps {fps} must be positive")
    name = name or path.name
    with open_video(path, name) as (container, stream):
        rate = _read_info(container, stream).fps
        next_s, index = 0.0, -1
        for index, frame in enumerate(_decode_frames(container, stream)):
            time_s = frame.time if frame.time is not None else index / rate
            if time_s > VIDEO.max_seconds or index >= VIDEO.max_frames:
                raise MediaError(
                    words(
                        "{file} is longer than {limit} minutes: cut it",
                        file=name,
                        limit=VIDEO.max_seconds // 60,
                    )
                )
            _check_side((frame.height, frame.width), name)  # whatever the header said
            if fps is None or time_s >= next_s - 1e-6:
                next_s = max(next_s + 1 / fps, time_s) if fps else 0.0
                # both count the turns anticlockwise
                rgb = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90) % 4)
                yield Frame(np.ascontiguousarray(rgb), float(time_s), index, name)
        if index < 0:
            raise MediaError(words("{file} has no frame that can be decoded", file=name))


@contextlib.contextmanager
def open_video(
    path: Path, name: str, *, track: int = 0, limits: VideoLimits = VIDEO
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open an untrusted video for a `with` block, after checking size and header; yield its
    container and the video stream number `track`. Raise MediaError if it isn't a video, has no such
    stream, or is above the limits."""
    _check_video_file(path, name, limits)
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
        container = av.open(str(path), options=options | _DECODER_OPTIONS)
    except av.ArgumentError as error:  # FFmpeg's error for a container that is not listed
        raise MediaError(
            words(
                "{file} isn't a video of a supported kind: save it as .mp4, .webm, .mkv, .mov or "
                ".avi",
                file=name,
            )
        ) from error
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            words(
                "{file} isn't a video that can be read ({reason})",
                file=name,
                reason=_format_reason(error),
            )
        ) from error
    with container:
        if len(container.streams.video) <= track:
            raise MediaError(words("{file} has no video stream", file=name))
        stream = container.streams.video[track]
        if stream.codec_context is None:
            raise MediaError(
                words("{file} has an unknown codec: save it as another kind", file=name)
            )
        stream.codec_context.thread_count = 2
        stream.codec_context.options = _DECODER_OPTIONS
        info = _read_info(container, stream)
        _check_side(info.size_hw, name)
        if info.seconds and info.seconds > limits.max_seconds:
            raise MediaError(
                words(
                    "{file} lasts {seconds:.0f} s; the limit is {limit}: cut it",
                    file=name,
                    seconds=info.seconds,
                    limit=limits.max_seconds,
                )
            )
        yield container, stream


def create_video(
    path: Path, suffix: str, container_format: str, *, name: str = ""
) -> av.container.OutputContainer:
    """Create a video file to add streams to; raise MediaError if its path has another suffix or
    can't be written.

    Args:
        container_format: FFmpeg's name of it.
        name: of the video in errors; "": its path.
    """
    if path.suffix.lower() != suffix:
        label = name or path.name
        raise MediaError(f"{label}: this video is written as {suffix}, not “{path.suffix}”")
    try:
        path.touch()  # PyAV would only find out with the first frame
        return av.open(str(path), "w", format=container_format)
    except (OSError, av.FFmpegError) as error:
        raise MediaError(
            words(
                "{file} can't be written ({reason})",
                file=name or path,
                reason=_format_reason(error),
            )
        ) from error


def _format_reason(error: Exception) -> str:
    """The error's text without the path, which a stranger may not see."""
    return getattr(error, "strerror", None) or str(error)


def _check_video_file(path: Path, name: str, limits: VideoLimits) -> None:
    """Raise MediaError if a video file is missing, empty or too large."""
    if not path.is_file():
        raise MediaError(f"no video at {path}")
    size = path.stat().st_size
    if size == 0:
        raise MediaError(words("{file} is empty (0 bytes)", file=name))
    if size > limits.max_bytes:
        raise MediaError(
            words(
                "{file} has {size:,} bytes; the limit is {limit:,}: cut it",
                file=name,
                size=size,
                limit=limits.max_bytes,
            )
        )


def _check_side(size_hw: tuple[int, int], name: str) -> None:
    if max(size_hw) > VIDEO.max_side_px:
        raise MediaError(
            words(
                "{file} is {width} x {height}: shrink it",
                file=name,
                width=size_hw[1],
                height=size_hw[0],
            )
        )


def _read_info(container: av.container.InputContainer, stream: av.VideoStream) -> VideoInfo:
    """Read size, frame rate (25 if unknown), duration and frame count from a video's header."""
    seconds = container.duration / av.time_base if container.duration else None
    fps = float(stream.average_rate or stream.base_rate or 25)
    size_hw = (stream.codec_context.height, stream.codec_context.width)
    return VideoInfo(size_hw, fps, seconds, stream.frames or None)


def _decode_frames(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """Yield a stream's frames, skipping damaged packets if possible."""
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode()


class VideoWriter:
    """Writes RGB pictures of one size as WebM (VP9); a context manager. Errors as `create_video`.

    Args:
        name: of the video in errors; "": its path.
    """

    def __init__(self, path: Path, fps: float, size_hw: tuple[int, int], *, name: str = "") -> None:
        self._container = create_video(path, ".webm", "webm", name=name)
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libvpx-vp9", rate=rate)
        height, width = size_hw
        self._stream.height, self._stream.width = height - height % 2, width - width % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"deadline": "realtime", "cpu-used": "7", "crf": "32", "b": "0"}

    def write(self, rgb: Picture) -> None:
        """Encode and append a picture, dropping an odd last row or column."""
        picture = np.ascontiguousarray(rgb[: self._stream.height, : self._stream.width])
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._container:
            self._container.mux(self._stream.encode())


def read_camera(number: int) -> Iterator[Frame]:
    """Yield a camera's frames, marked as mirrored, until it stops; raise MediaError if there is no
    camera of that number or it is in use."""
    capture = cv2.VideoCapture(number)
    try:
        started_s, index = time.monotonic(), 0
        while capture.isOpened():
            success, bgr = capture.read()
            if not success:
                break
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(rgb, time.monotonic() - started_s, index, f"camera:{number}", True)
            index += 1
        if index == 0:
            raise MediaError(f"camera {number} gives no picture: is it plugged in and not in use?")
    finally:
        capture.release()


StreamFrame = av.VideoFrame  # of a camera's stream


def decode_stream_frame(frame: StreamFrame) -> Picture:
    """Convert a stream's frame to (H, W, 3) RGB."""
    # one thread: by default each frame would start some and end them
    rgb: Any = frame.to_ndarray(format="rgb24", threads=1)
    return rgb


def encode_stream_frame(rgb: Picture) -> StreamFrame:
    """Convert a picture to YUV 4:2:0, dropping an odd last row or column."""
    height, width = rgb.shape[0] & ~1, rgb.shape[1] & ~1
    planes: Any = cv2.cvtColor(rgb[:height, :width], cv2.COLOR_RGB2YUV_I420)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
