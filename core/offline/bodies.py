"""Bodies over time: the last seconds of a stream, and whole videos as a table and as a copy with
skeletons. Who is who from frame to frame is told by place (core/pose/tracking.py).
"""

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
from core.offline.keypoint_table import Row, rows_of, table_of
from core.pose.angles import ANGLES, angles_of
from core.pose.drawing.bodies import BodyView, draw_body
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import Tracks
from core.pose.types import AnyFrame, Estimate, Floats, Frame, Picture, Pose

BEHIND_PX = 1920
TRACE_S = 10.0  # so much of a stream's past is kept


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame of a stream: what was found, less the masks, and the angles of one person.

    Attributes:
        pose: that person: the most visible, of several who are numbered the lowest number, so that
            it stays the same one; None where nobody was found.
        number: that person's, 0 where nobody is numbered.
    """

    estimate: Estimate
    angles: dict[str, float]
    pose: Pose | None = None
    number: int = 0


class BodyTrace:
    """The last seconds of a stream; `remember` is its watcher."""

    def __init__(self) -> None:
        self._moments: tuple[Moment, ...] = ()

    def remember(self, frame: AnyFrame, estimate: Estimate, version: str) -> str:
        """In the stream's thread; says nothing over the video."""
        number = min(estimate.numbers, default=0)
        shown = estimate.numbers.index(number) if number else 0
        pose = estimate.poses[shown] if estimate.poses else None
        angles = angles_of(pose, skeleton_named(estimate.skeleton)) if pose else {}
        moment = Moment(replace(estimate, masks=()), angles, pose, number)
        past = (m for m in self._moments if 0 <= frame.time_s - m.estimate.time_s <= TRACE_S)
        self._moments = (*past, moment)
        return ""

    def moments(self) -> tuple[Moment, ...]:
        """Oldest first; never waits."""
        return self._moments

    def detected(self) -> int:
        """In how many of these frames the detector ran."""
        return sum(
            m.estimate.tracking is not None and m.estimate.tracking.detected for m in self._moments
        )

    def angles(self) -> pd.DataFrame:
        """time_s, in seconds before the last frame, and the angles of who was shown last."""
        moments = self._moments
        number = next((m.number for m in reversed(moments) if m.pose), 0)
        rows = [
            {"time_s": m.estimate.time_s - moments[-1].estimate.time_s}
            | (m.angles if m.number == number else {})
            for m in moments
        ]
        return pd.DataFrame(rows, columns=["time_s", *ANGLES], dtype=float)


@dataclass(frozen=True, eq=False)
class BodyVideo:
    """What was found in a video.

    Attributes:
        table: of `keypoint_table`, a row a person; persons are numbered as they come.
        video: the WebM copy with skeletons.
        frames: that were read.
        found: frames with a person.
        detected: frames in which the detector ran.
    """

    table: pd.DataFrame
    video: Path
    frames: int
    found: int
    detected: int

    @property
    def persons(self) -> list[int]:
        """Their numbers, who is seen longest first."""
        return [int(str(number)) for number in self.table["person"].value_counts().index]


def read_body_picture(
    name: str, content: bytes, make_estimator: Callable[[], Estimator]
) -> tuple[Picture, Estimate]:
    """An untrusted picture and who is in it; several are numbered from 1.

    Raises:
        MudraError: it can't be read.
    """
    rgb = read_picture(content, name=name)
    with make_estimator() as estimator:
        estimate = estimator.estimate_still(rgb)
    count = len(estimate.poses)
    return rgb, replace(estimate, numbers=tuple(range(1, count + 1)) if count > 1 else ())


def read_background(name: str, content: bytes) -> Picture:
    """An untrusted picture to be shown behind persons, at most BEHIND_PX wide and high.

    Raises:
        MudraError: it can't be read.
    """
    rgb = read_picture(content, name=name)
    height, width = rgb.shape[:2]
    scale = BEHIND_PX / max(height, width)
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
    progress: Callable[[float], None] = lambda share: None,
) -> BodyVideo:
    """An untrusted video and who is in it, frame by frame.

    Args:
        name: as its sender calls it; its suffix alone is used.
        folder: a temporary one; the copy stays there.
        several: are looked for: each is drawn in the colour of its number, not of its sides.
        progress: told the share that is done, 0..1.

    Raises:
        MudraError: it can't be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise MediaError(f"{name} is no video: {', '.join(VIDEO_SUFFIXES)} can be read")
    source = folder / f"{secrets.token_hex(8)}{suffix}"
    source.write_bytes(content)
    try:
        return _Reading(source, name, view, several).read(make_estimator, progress)
    finally:
        source.unlink(missing_ok=True)


class _Reading:
    """One video's."""

    def __init__(self, source: Path, name: str, view: BodyView, several: bool) -> None:
        self._source, self._name, self._view, self._several = source, name, view, several
        self._copy = source.with_suffix(".seen.webm")
        self._tracks = Tracks()
        self._rows: list[Row] = []
        self._frames = self._found = self._detected = 0

    def read(
        self, make_estimator: Callable[[], Estimator], progress: Callable[[float], None]
    ) -> BodyVideo:
        info = video_info(self._source, name=self._name)
        try:
            with make_estimator() as estimator:
                self._write(estimator, info.fps, info.frames, progress)
                skeleton = skeleton_named(estimator.skeleton)
        except BaseException:  # a page that was left, too: half a video is of no use
            self._copy.unlink(missing_ok=True)
            raise
        table = table_of(self._rows, skeleton)
        return BodyVideo(table, self._copy, self._frames, self._found, self._detected)

    def _write(
        self,
        estimator: Estimator,
        fps: float,
        total: int | None,
        progress: Callable[[float], None],
    ) -> None:
        frames = read_video(self._source, name=self._name)
        first = next(iter(frames), None)
        if first is None:
            raise MediaError(f"{self._name} holds no frame that can be read")
        with VideoWriter(self._copy, fps, first.size_hw, name=f"the copy of {self._name}") as copy:
            copy.write(self._next(first, estimator))
            for frame in frames:
                copy.write(self._next(frame, estimator))
                progress(min(1.0, self._frames / total) if total else 0.5)

    def _next(self, frame: Frame, estimator: Estimator) -> Picture:
        estimate = estimator.estimate(frame)
        numbers = self._tracks(estimate.poses, frame.time_s, estimate.skeleton)
        self._rows += rows_of(frame, estimate, source=self._name, numbers=numbers)
        self._frames += 1
        self._found += bool(estimate.poses)
        self._detected += estimate.tracking is not None and estimate.tracking.detected
        shown = replace(estimate, numbers=tuple(numbers)) if self._several else estimate
        return draw_body(frame.rgb, shown, self._view)


def thinned(table: pd.DataFrame, person: int, most: int = 600) -> pd.DataFrame:
    """A person's time and angles, at most so many rows, evenly taken."""
    own = table.loc[table["person"] == person, ["time_s", *ANGLES]]
    chosen = np.unique(np.linspace(0, len(own) - 1, min(most, len(own))).astype(int))
    return own.iloc[chosen]


def world_of(row: "pd.Series[Any]") -> Floats:
    """(K, 3) metres of a row of the table."""
    joints = sum(name.startswith("wx") for name in row.index)
    names = [f"w{axis}{joint}" for joint in range(joints) for axis in "xyz"]
    return row[names].to_numpy(np.float32).reshape(joints, 3)
