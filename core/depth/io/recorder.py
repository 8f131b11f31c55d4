"""Writes the frames of any source: into a folder that `folders` reads, or one film (.mkv).

Convention: a folder has 000000.png, 000001.png, … (16 bits, mm, 0 where nothing was seen), rgb/
with the same names (.jpg), camera.json, times.csv, and joints.csv where the truth is known. A
frame's picture takes its place last and at once: whenever the machine stops, a frame is there
wholly or not at all. Depth is rounded to mm; what is beyond 65,535 mm counts as not seen.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice, takewhile
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, DepthSource
from core.depth.io.camera_files import CAMERA_FILE, camera_document
from core.depth.io.depth_videos import NOTE
from core.depth.io.folders import RGB_FOLDER, TIMES_FILE
from core.depth.io.joint_tables import JOINTS_FILE, joint_columns, joint_fields
from core.errors import MediaError
from core.files import write_whole
from core.media.exact_videos import LosslessWriter
from core.media.pictures import encode_jpeg
from core.pose.skeletons.table import SKELETONS

_JPEG_QUALITY = 95
_MOST_MM = 65_535

Progress = Callable[[int, int | None], None]


def record(
    source: DepthSource,
    out: Path,
    *,
    frames: int | None = None,
    seconds: float | None = None,
    progress: Progress = lambda done, total: None,
) -> int:
    """Write a source's frames; how many it were.

    Args:
        out: a folder that is made, or is empty; or a film, NAME.mkv.
        frames: at most so many; seconds: for so long; of a sensor, which goes on, one must be given
            or the caller interrupts: what was written until then stays.

    Raises:
        MediaError: the place is taken or can't be written, or the source breaks off.
    """
    total = min((n for n in (frames, source.count) if n is not None), default=None)
    done = 0
    with ExitStack() as stack:
        writer: FilmWriter | FolderWriter | None = None
        for frame in _wanted(source, frames, seconds):
            if writer is None:
                writer = _opened(out, frame)
                stack.enter_context(writer)
            writer.write(frame)
            done += 1
            progress(done, total)
    if not done:
        raise MediaError(f"{source.name} gave no frame: nothing was written")
    return done


def _wanted(source: DepthSource, frames: int | None, seconds: float | None) -> Iterator[DepthFrame]:
    first = islice(source, frames)
    return takewhile(lambda frame: seconds is None or frame.time_s < seconds, first)


def _opened(out: Path, first: DepthFrame) -> "FilmWriter | FolderWriter":
    return FilmWriter(out, first) if out.suffix.lower() == ".mkv" else FolderWriter(out)


class FolderWriter:
    """Writes frames into a folder.

    Raises:
        MediaError: there is something in it, or it can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._camera: Camera | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise MediaError(f"{folder} is not empty: name another folder, or empty it")
        except OSError as error:
            raise MediaError(f"{folder} can't be written: {error.strerror}") from error

    def write(self, frame: DepthFrame) -> None:
        """Append a frame.

        Raises:
            MediaError: it can't be written, or another camera took it and no joints.csv tells that.
        """
        name = f"{self._count:06d}"
        try:
            if self._camera is None:
                self._begin(frame.camera)
            elif frame.truth_mm is None and frame.camera != self._camera:
                raise MediaError("frames of several cameras don't make one recording")
            self._append(TIMES_FILE, [f"{name}.png", f"{frame.time_s:.6f}"])
            if frame.truth_mm is not None:
                self._append_truth(f"{name}.png", frame)
            if frame.rgb is not None:
                (self._folder / RGB_FOLDER).mkdir(exist_ok=True)
                jpeg = encode_jpeg(frame.rgb, _JPEG_QUALITY)
                write_whole(self._folder / RGB_FOLDER / f"{name}.jpg", jpeg)
            write_whole(self._folder / f"{name}.png", encode_depth(_in_mm(frame.depth_mm)))
        except OSError as error:
            raise MediaError(f"{self._folder} can't be written: {error.strerror}") from error
        self._count += 1

    def _begin(self, camera: Camera) -> None:
        document = json.dumps(camera_document(camera), indent=1)
        write_whole(self._folder / CAMERA_FILE, document.encode())
        self._append(TIMES_FILE, ["picture", "time_s"])
        self._camera = camera

    def _append_truth(self, name: str, frame: DepthFrame) -> None:
        """Its camera, too: of rendered hands each has its own."""
        assert frame.truth_mm is not None
        if not (self._folder / JOINTS_FILE).exists():
            names = [f"joint{n}" for n in range(len(frame.truth_mm))]  # not told which
            if frame.skeleton:
                names = [*SKELETONS[frame.skeleton].joints]
            self._append(JOINTS_FILE, ["picture", *joint_columns(names)])
        self._append(JOINTS_FILE, [name, *joint_fields(frame.camera, frame.truth_mm)])

    def _append(self, name: str, fields: Sequence[str]) -> None:
        with (self._folder / name).open("a", encoding="utf-8") as file:
            file.write(",".join(fields) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""


class FilmWriter:
    """Writes frames as a film without loss, with colours where the first one has them.

    Raises:
        MediaError: there is such a file, or it can't be written.
    """

    def __init__(self, path: Path, first: DepthFrame) -> None:
        if path.exists():
            raise MediaError(f"{path} is there already: name another file, or delete it")
        self._camera, self._last_s = first.camera, -1.0
        self._has_rgb = first.rgb is not None
        note = {NOTE: json.dumps(camera_document(first.camera))}
        size_hw = first.depth_mm.shape[0], first.depth_mm.shape[1]
        self._film = LosslessWriter(path, size_hw, note, rgb=self._has_rgb)

    def write(self, frame: DepthFrame) -> None:
        """Append a frame.

        Raises:
            MediaError: it has another camera than the first one, or can't be written.
        """
        if frame.camera != self._camera:
            raise MediaError("frames of several cameras don't make one film: write a folder")
        time_s = max(frame.time_s, self._last_s + 0.001)  # no two at once
        self._film.write(_in_mm(frame.depth_mm), frame.rgb if self._has_rgb else None, time_s)
        self._last_s = time_s

    def __enter__(self) -> Self:
        self._film.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._film.__exit__(*error)


def _in_mm(depth_mm: Depth) -> NDArray[np.uint16]:
    rounded = np.rint(np.nan_to_num(depth_mm, posinf=0, neginf=0))
    seen = (rounded > 0) & (rounded <= _MOST_MM)
    return np.where(seen, rounded, 0).astype(np.uint16)


def encode_depth(depth_mm: NDArray[np.uint16]) -> bytes:
    """A frame as PNG of 16 bits.

    Raises:
        MediaError: it is no picture.
    """
    coded, content = cv2.imencode(".png", depth_mm, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not coded:
        raise MediaError(f"a picture of shape {depth_mm.shape} can't be coded as PNG")
    return content.tobytes()
