"""Read bodies in uploaded pictures and videos: a table of keypoints, and a copy with skeletons."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from core.errors import MediaError
from core.estimators import Estimator
from core.media.pictures import read_picture
from core.media.videos import VIDEO_SUFFIXES, VideoWriter, read_video, video_info
from core.offline.keypoint_table import Row, to_rows, to_table
from core.pose.drawing.bodies import BodyView, draw_body
from core.pose.skeletons.angles import ANGLES
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import PoseTracker
from core.pose.types import Estimate, Floats, Frame, Picture
from core.progress import Progress, ignore_progress

MAX_BACKGROUND_PX = 1920


@dataclass(frozen=True, eq=False)
class BodyVideo:
    """What was found in a video.

    Attributes:
        table: a row per person and frame, see `keypoint_table`.
        video: the WebM copy with skeletons.
        frames: number of frames read.
        found: number of frames with a person.
        detected: number of frames in which the detector ran.
    """

    table: pd.DataFrame
    video: Path
    frames: int
    found: int
    detected: int

    @property
    def persons(self) -> list[int]:
        """Person numbers, the one seen longest first."""
        return [int(str(number)) for number in self.table["person"].value_counts().index]


def read_body_picture(
    name: str, content: bytes, make_estimator: Callable[[], Estimator]
) -> tuple[Picture, Estimate]:
    """Read an untrusted picture and estimate its bodies, numbered from 1 if there are several;
    return both.

    Raises:
        MudraError: it can't be read.
    """
    rgb = read_picture(content, name=name)
    with make_estimator() as estimator:
        estimate = estimator.estimate_still(rgb)
    count = len(estimate.poses)
    return rgb, replace(estimate, numbers=tuple(range(1, count + 1)) if count > 1 else ())


def read_background(name: str, content: bytes) -> Picture:
    """Read an untrusted picture as a background, scaled down to at most MAX_BACKGROUND_PX a
    side.

    Raises:
        MudraError: it can't be read.
    """
    rgb = read_picture(content, name=name)
    height, width = rgb.shape[:2]
    scale = MAX_BACKGROUND_PX / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_body_video(
    name: str,
    content: bytes,
    make_estimator: Callable[[], Estimator],
    folder: Path,
    view: BodyView,
    *,
    several: bool = False,
    progress: Progress = ignore_progress,
) -> BodyVideo:
    """Estimate the bodies in an untrusted video, frame by frame: a keypoint table and an
    annotated copy.

    Args:
        name: of the upload; only its suffix is used for files.
        folder: a temporary one, which keeps the copy.
        several: draw each person in the colour of their number, not of their sides.

    Raises:
        MudraError: it can't be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise MediaError(f"{name} is no video: {', '.join(VIDEO_SUFFIXES)} can be read")
    source = folder / f"{secrets.token_hex(8)}{suffix}"
    source.write_bytes(content)
    try:
        return _VideoReader(source, name, view, several).read(make_estimator, progress)
    finally:
        source.unlink(missing_ok=True)


class _VideoReader:
    """Reads one video into a table and a copy."""

    def __init__(self, source: Path, name: str, view: BodyView, several: bool) -> None:
        self._source, self._name, self._view, self._several = source, name, view, several
        self._copy = source.with_suffix(".seen.webm")
        self._tracks = PoseTracker()
        self._rows: list[Row] = []
        self._frames = self._found = self._detected = 0

    def read(self, make_estimator: Callable[[], Estimator], progress: Progress) -> BodyVideo:
        """Read the whole video; return its table and annotated copy. On an error the copy is
        deleted."""
        try:
            with make_estimator() as estimator:
                self._write_copy(estimator, progress)
                table = to_table(self._rows, skeleton_named(estimator.skeleton))
        except BaseException:  # also when the page was left: half a video is useless
            self._copy.unlink(missing_ok=True)
            raise
        return BodyVideo(table, self._copy, self._frames, self._found, self._detected)

    def _write_copy(self, estimator: Estimator, progress: Progress) -> None:
        """Write the annotated copy frame by frame; raise MediaError if no frame can be read."""
        info = video_info(self._source, name=self._name)
        frames = read_video(self._source, name=self._name)
        first = next(iter(frames), None)
        if first is None:
            raise MediaError(f"{self._name} holds no frame that can be read")
        copy_name = f"the copy of {self._name}"
        with VideoWriter(self._copy, info.fps, first.size_hw, name=copy_name) as copy:
            copy.write(self._read_frame(first, estimator))
            for frame in frames:
                copy.write(self._read_frame(frame, estimator))
                progress(self._frames, info.frames)

    def _read_frame(self, frame: Frame, estimator: Estimator) -> Picture:
        """Estimate a frame and add its rows to the table; return the picture with skeletons."""
        estimate = estimator.estimate(frame)
        numbers = self._tracks(estimate.poses, frame.time_s, estimate.skeleton)
        self._rows += to_rows(frame, estimate, source=self._name, numbers=numbers)
        self._frames += 1
        self._found += bool(estimate.poses)
        self._detected += estimate.tracking is not None and estimate.tracking.detected
        shown = replace(estimate, numbers=tuple(numbers)) if self._several else estimate
        return draw_body(frame.rgb, shown, self._view)


def sample_angles(table: pd.DataFrame, person: int, max_rows: int = 600) -> pd.DataFrame:
    """Return a person's time and joint angles, in at most `max_rows` evenly spaced rows."""
    rows = table.loc[table["person"] == person, ["time_s", *ANGLES]]
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(max_rows, len(rows))).astype(int))
    return rows.iloc[chosen]


def world_keypoints(row: "pd.Series[Any]") -> Floats:
    """Return the keypoints (K, 3) in metres from a row of the keypoint table."""
    count = sum(name.startswith("wx") for name in row.index)
    names = [f"w{axis}{joint}" for joint in range(count) for axis in "xyz"]
    return row[names].to_numpy(np.float32).reshape(count, 3)
