"""Writes the frames of any source: into a folder that `folders` reads, or one video (.mkv).

Convention: a folder has 000000.png, 000001.png, … (16 bits, mm, 0 where nothing was seen), rgb/
with the same names (.jpg), camera.json, times.csv, and joints.csv where the truth is known. A
frame's picture is written last and atomically, so that after a crash each frame is complete or
missing. Depth is rounded to mm; what is beyond 65,535 mm counts as not seen.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice, takewhile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, DepthSource
from core.depth.io.camera_files import CAMERA_FILE, camera_to_json
from core.depth.io.depth_videos import NOTE
from core.depth.io.folders import RGB_FOLDER, TIMES_FILE
from core.depth.io.joint_files import JOINTS_FILE, joint_columns, joint_fields
from core.errors import MediaError
from core.files import wrap_os_errors, write_whole
from core.media.exact_videos import LosslessWriter
from core.media.pictures import encode_jpeg, encode_picture
from core.pose.skeletons.table import SKELETONS
from core.progress import Progress, ignore_progress

_JPEG_QUALITY = 95
_MAX_MM = 65_535


def record_depth(
    source: DepthSource,
    out: Path,
    *,
    frames: int | None = None,
    seconds: float | None = None,
    progress: Progress = ignore_progress,
) -> int:
    """Write a source's frames to a new or empty folder, or a new video, NAME.mkv; return the number
    of frames. Raise MediaError if writing or the source fails; frames written before remain.

    Args:
        frames, seconds: where to stop. A sensor needs one of them, or the caller interrupts.
    """
    total = min((n for n in (frames, source.count) if n is not None), default=None)
    done = 0
    with ExitStack() as stack:
        writer: VideoWriter | FolderWriter | None = None
        selected = islice(source, frames)
        for frame in takewhile(lambda f: seconds is None or f.time_s < seconds, selected):
            if writer is None:
                is_video = out.suffix.lower() == ".mkv"
                writer = VideoWriter(out, frame, stack) if is_video else FolderWriter(out)
            writer.write(frame)
            done += 1
            progress(done, total)
    if not done:
        raise MediaError(f"{source.name} gave no frame: nothing was written")
    return done


class FolderWriter:
    """Writes frames into a folder; raises MediaError if it isn't empty or can't be written."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._camera: Camera | None = None
        with wrap_os_errors(MediaError, f"{folder} can't be written"):
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise MediaError(f"{folder} is not empty: name another folder, or empty it")

    def write(self, frame: DepthFrame) -> None:
        """Append a frame: its PNG, time, true keypoints and colours. Raise MediaError if its camera
        differs from the first frame's and it has no true keypoints."""
        name = f"{self._count:06d}"
        with wrap_os_errors(MediaError, f"{self._folder} can't be written"):
            if self._camera is None:
                write_whole(self._folder / CAMERA_FILE, camera_to_json(frame.camera).encode())
                self._append_line(TIMES_FILE, ["picture", "time_s"])
                self._camera = frame.camera
            elif frame.truth_mm is None and frame.camera != self._camera:
                raise MediaError("frames of several cameras don't make one recording")
            self._append_line(TIMES_FILE, [f"{name}.png", f"{frame.time_s:.6f}"])
            self._append_truth(f"{name}.png", frame)
            if frame.rgb is not None:
                (self._folder / RGB_FOLDER).mkdir(exist_ok=True)
                jpeg = encode_jpeg(frame.rgb, _JPEG_QUALITY)
                write_whole(self._folder / RGB_FOLDER / f"{name}.jpg", jpeg)
            write_whole(self._folder / f"{name}.png", encode_depth(_round_to_mm(frame.depth_mm)))
        self._count += 1

    def _append_truth(self, name: str, frame: DepthFrame) -> None:
        """Append a frame's true keypoints and camera to joints.csv, if it has any."""
        if frame.truth_mm is None:
            return
        if not (self._folder / JOINTS_FILE).exists():
            names: Sequence[str] = [f"joint{n}" for n in range(len(frame.truth_mm))]
            if frame.skeleton:
                names = SKELETONS[frame.skeleton].joints
            self._append_line(JOINTS_FILE, ["picture", *joint_columns(names)])
        self._append_line(JOINTS_FILE, [name, *joint_fields(frame.camera, frame.truth_mm)])

    def _append_line(self, file_name: str, fields: Sequence[str]) -> None:
        with (self._folder / file_name).open("a", encoding="utf-8") as file:
            file.write(",".join(fields) + "\n")


class VideoWriter:
    """Writes frames as a lossless video, with colours if the first frame has them; `stack` closes
    it. Raises MediaError if the file exists or can't be written."""

    def __init__(self, path: Path, first: DepthFrame, stack: ExitStack) -> None:
        if path.exists():
            raise MediaError(f"{path} exists already: name another file, or delete it")
        self._camera, self._last_s = first.camera, -1.0
        self._has_rgb = first.rgb is not None
        size_hw = first.depth_mm.shape[0], first.depth_mm.shape[1]
        notes = {NOTE: camera_to_json(first.camera)}
        video = LosslessWriter(path, size_hw, notes, rgb=self._has_rgb)
        self._video = stack.enter_context(video)

    def write(self, frame: DepthFrame) -> None:
        """Append a frame, at least 1 ms after the last one; raise MediaError if its camera differs
        from the first frame's."""
        if frame.camera != self._camera:
            raise MediaError("frames of several cameras don't make one video: write a folder")
        time_s = max(frame.time_s, self._last_s + 0.001)  # times in a video must increase
        rgb = frame.rgb if self._has_rgb else None
        self._video.write(_round_to_mm(frame.depth_mm), rgb, time_s)
        self._last_s = time_s


def _round_to_mm(depth_mm: Depth) -> NDArray[np.uint16]:
    """Round to whole mm as uint16; 0 for depths that are not finite or above 65,535."""
    rounded = np.rint(np.nan_to_num(depth_mm, posinf=0, neginf=0))
    is_seen = (rounded > 0) & (rounded <= _MAX_MM)
    return np.where(is_seen, rounded, 0).astype(np.uint16)


def encode_depth(depth_mm: NDArray[np.uint16]) -> bytes:
    """Encode a depth frame as a 16-bit PNG; raise MediaError if its shape can't be encoded."""
    return encode_picture(".png", depth_mm, [cv2.IMWRITE_PNG_COMPRESSION, 1])
