"""Videos in (a rate or every n-th frame, turned as the file says) and out (WebM).

WebM with VP9 because every browser plays it and PyAV's wheel brings the encoder.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np

from core.errors import MediaError
from core.pose.types import Frame, Picture

VIDEO_SUFFIXES = (".mp4", ".webm", ".avi", ".mov", ".mkv", ".m4v")
MAX_BYTES = 200 * 2**20
MAX_SECONDS = 600
MAX_SIDE = 4096
MAX_FRAMES = 150_000  # ten minutes at 250 a second
# Files that hold their pictures themselves, by FFmpeg's names: a playlist would open other files
_CONTAINERS = "mov,matroska,avi,mpegts"
_PIXELS = {"max_pixels": str(MAX_SIDE * MAX_SIDE)}  # a picture within may lie about its size


@dataclass(frozen=True)
class VideoInfo:
    """What the file says of itself; frames is None where it does not say."""

    size_hw: tuple[int, int]
    fps: float
    seconds: float | None
    frames: int | None


def video_info(path: Path, *, name: str = "") -> VideoInfo:
    """Read the header alone.

    Args:
        name: what to call the video in an error; "": as the file.

    Raises:
        MediaError: as `read_video`.
    """
    with opened_video(path, name or path.name) as (container, stream):
        return _info(container, stream)


def read_video(
    path: Path, *, fps: float | None = None, every: int = 1, name: str = ""
) -> Iterator[Frame]:
    """The frames, upright; of a damaged file those that can be decoded.

    Args:
        fps: at most so many frames a second; None: all.
        every: of the file's frames, only each n-th; `index` still counts the file's.
        name: what to call the video in an error and as the frames' source; "": as the file.

    Raises:
        MediaError: no video, nothing in it that can be decoded, more than 200 MB or 10 minutes.
    """
    if every < 1 or (fps is not None and fps <= 0):
        raise MediaError(f"fps {fps} and every {every} must be positive")
    name = name or path.name
    with opened_video(path, name) as (container, stream):
        rate = _info(container, stream).fps
        next_s, found = 0.0, False
        for index, frame in enumerate(_decoded(container, stream)):
            time_s = frame.time if frame.time is not None else index / rate
            if time_s > MAX_SECONDS or index >= MAX_FRAMES:
                raise MediaError(f"{name} is longer than {MAX_SECONDS // 60} minutes: cut it")
            if max(frame.width, frame.height) > MAX_SIDE:  # whatever the header said
                raise MediaError(f"{name} is {frame.width} x {frame.height}: shrink it")
            found = True
            if index % every or (fps is not None and time_s < next_s - 1e-6):
                continue
            next_s = max(next_s + 1 / fps, time_s) if fps else 0.0
            yield Frame(_upright(frame), float(time_s), index, name)
        if not found:
            raise MediaError(f"{name} holds no frame that can be decoded")


@contextlib.contextmanager
def opened_video(
    path: Path,
    name: str,
    *,
    number: int = 0,
    most_bytes: int = MAX_BYTES,
    most_seconds: int = MAX_SECONDS,
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """The container and its video stream of that number, looked at before anything is decoded.

    Raises:
        MediaError: as `read_video`.
    """
    _check_file(path, name, most_bytes)
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS, **_PIXELS}
        container = av.open(str(path), options=options)
    except av.ArgumentError as error:  # what FFmpeg says of a container that is not listed
        raise MediaError(
            f"{name} is not a video of one of the kinds that are read: save it as .mp4, .webm, "
            ".mkv, .mov or .avi"
        ) from error
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(f"{name} is no video that can be read ({_why(error)})") from error
    with container:
        if len(container.streams.video) <= number:
            raise MediaError(f"{name} holds no video stream")
        stream = container.streams.video[number]
        if stream.codec_context is None:
            raise MediaError(
                f"{name} is coded in a way that can't be read: save it as another kind"
            )
        stream.codec_context.thread_count = 2
        stream.codec_context.options = _PIXELS
        info = _info(container, stream)
        if max(info.size_hw) > MAX_SIDE:
            raise MediaError(f"{name} is {info.size_hw[1]} x {info.size_hw[0]}: shrink it")
        if info.seconds and info.seconds > most_seconds:
            raise MediaError(f"{name} lasts {info.seconds:.0f} s, at most {most_seconds}: cut it")
        yield container, stream


def created_video(
    path: Path, suffix: str, form: str, *, name: str = ""
) -> av.container.OutputContainer:
    """A new file to write streams into.

    Args:
        suffix: that it must have.
        form: FFmpeg's name of what it is.
        name: what to call it in an error; "": by its path.

    Raises:
        MediaError: another suffix, or a place that can't be written.
    """
    if path.suffix.lower() != suffix:
        raise MediaError(
            f"{name or path.name}: this video is written as {suffix}, not “{path.suffix}”"
        )
    try:
        path.touch()  # PyAV would only find out with the first frame
        return av.open(str(path), "w", format=form)
    except (OSError, av.FFmpegError) as error:
        raise MediaError(f"{name or path} can't be written ({_why(error)})") from error


def _why(error: Exception) -> str:
    """Without the path, which is nobody's business."""
    return getattr(error, "strerror", None) or str(error)


def _check_file(path: Path, name: str, most_bytes: int) -> None:
    if not path.is_file():
        raise MediaError(f"no video at {path}")
    size = path.stat().st_size
    if size == 0:
        raise MediaError(f"{name} is empty (0 bytes)")
    if size > most_bytes:
        raise MediaError(f"{name} has {size:,} bytes, a video has at most {most_bytes:,}: cut it")


def _info(container: av.container.InputContainer, stream: av.VideoStream) -> VideoInfo:
    seconds = container.duration / av.time_base if container.duration else None
    fps = float(stream.average_rate or stream.base_rate or 25)
    size_hw = (stream.codec_context.height, stream.codec_context.width)
    return VideoInfo(size_hw, fps, seconds, stream.frames or None)


def _decoded(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """Frames until the end or the first damage that can't be skipped."""
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode()


def _upright(frame: av.VideoFrame) -> Picture:
    rgb = frame.to_ndarray(format="rgb24")
    # av.VideoFrame.rotation counts anticlockwise, as np.rot90 does
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90) % 4))


class VideoWriter:
    """Writes RGB pictures of one size as WebM (VP9); use as a context manager.

    Args:
        name: what to call the video in an error; "": by its path.

    Raises:
        MediaError: another suffix than .webm, or a place that can't be written.
    """

    def __init__(self, path: Path, fps: float, size_hw: tuple[int, int], *, name: str = "") -> None:
        self._container = created_video(path, ".webm", "webm", name=name)
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libvpx-vp9", rate=rate)
        height, width = size_hw
        self._stream.height, self._stream.width = height - height % 2, width - width % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"deadline": "realtime", "cpu-used": "7", "crf": "32", "b": "0"}

    def write(self, rgb: Picture) -> None:
        """Append one picture; an odd last row or column is left out, as the format needs."""
        height, width = self._stream.height, self._stream.width
        picture = np.ascontiguousarray(rgb[:height, :width])
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._container:
            self._container.mux(self._stream.encode())
