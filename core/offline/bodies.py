"""Read bodies in uploaded pictures and videos: a table of keypoints, and a copy with skeletons."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import MediaError
from core.estimators import Estimator
from core.estimators.mediapipe_task import shrink_picture
from core.media.pictures import read_picture
from core.media.videos import VIDEO_SUFFIXES, VideoWriter, read_video, video_info
from core.offline.keypoint_table import Row, to_rows, to_table
from core.pose.drawing.bodies import BodyView, draw_body
from core.pose.skeletons.angles import ANGLES
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import PoseTracker
from core.pose.types import Estimate, Floats, Picture
from core.progress import Progress, ignore_progress
from core.words import words

MAX_BACKGROUND_PX = 1920
MIN_FOUND = 0.5  # fraction of a video's frames with a person, else the fallback is tried

MakeEstimator = Callable[[], Estimator]


@dataclass(frozen=True, eq=False)
class BodyVideo:
    """The bodies found in a video."""

    table: pd.DataFrame  # a row per person and frame, see `keypoint_table`
    video: Path  # the WebM copy with skeletons
    frames: int  # number of frames read
    found: int  # number of frames with a person
    detected: int  # number of frames in which the detector ran
    skeleton: str  # of the keypoints

    @property
    def persons(self) -> list[int]:
        """Person numbers, sorted by how many frames show the person, most first."""
        return [int(str(number)) for number in self.table["person"].value_counts().index]


def read_body_picture(
    name: str,
    content: bytes,
    make_estimator: MakeEstimator,
    fallback: MakeEstimator | None = None,
) -> tuple[Picture, Estimate]:
    """Read an untrusted picture and estimate its bodies, numbered from 1 if there are several;
    return both. Raise MudraError if it can't be read.

    Args:
        fallback: makes an estimator that is tried if nobody was found.
    """
    rgb = read_picture(content, name=name)
    with make_estimator() as estimator:
        estimate = estimator.estimate_still(rgb)
    if fallback and not estimate.poses:
        with fallback() as estimator:
            estimate = estimator.estimate_still(rgb)
    count = len(estimate.poses)
    return rgb, replace(estimate, numbers=tuple(range(1, count + 1)) if count > 1 else ())


def read_background(name: str, content: bytes) -> Picture:
    """Read an untrusted picture, scaled down to at most MAX_BACKGROUND_PX per side; raise
    MudraError if it can't be read."""
    return shrink_picture(read_picture(content, name=name), MAX_BACKGROUND_PX)


def read_body_video(
    name: str,
    content: bytes,
    make_estimator: MakeEstimator,
    folder: Path,
    view: BodyView,
    *,
    fallback: MakeEstimator | None = None,
    several: bool = False,
    progress: Progress = ignore_progress,
) -> BodyVideo:
    """Estimate the bodies in each frame of an untrusted video; return a keypoint table and an
    annotated copy.

    Args:
        name: of the upload; only its suffix is used for files.
        folder: a temporary one, which keeps the copy.
        fallback: makes an estimator that is tried if somebody was found in fewer than MIN_FOUND of
            the frames; whichever finds somebody in more frames is used.
        several: colour each person by number, not by left and right.

    Raises:
        MudraError: the video can't be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise MediaError(
            words(
                "{file} is no video: {suffixes} can be read",
                file=name,
                suffixes=", ".join(VIDEO_SUFFIXES),
            )
        )
    source = folder / f"{secrets.token_hex(8)}{suffix}"
    copy = source.with_suffix(".seen.webm")
    source.write_bytes(content)
    try:
        read = _annotate_video(source, copy, name, make_estimator, view, several, progress)
        if fallback and read.found < MIN_FOUND * read.frames:
            other = source.with_suffix(".other.seen.webm")
            more = _annotate_video(source, other, name, fallback, view, several, progress)
            read, dropped = (more, read) if more.found > read.found else (read, more)
            dropped.video.unlink(missing_ok=True)
        return read
    except BaseException:  # also when the page was left: half a video is useless
        for written in folder.glob(f"{source.stem}.*"):
            written.unlink(missing_ok=True)
        raise
    finally:
        source.unlink(missing_ok=True)


def _annotate_video(
    source: Path,
    copy: Path,
    name: str,
    make_estimator: MakeEstimator,
    view: BodyView,
    several: bool,
    progress: Progress,
) -> BodyVideo:
    """Estimate every frame of a video and write its annotated copy; return table and copy."""
    tracks, rows = PoseTracker(), list[Row]()
    count = found = detected = 0
    writer: VideoWriter | None = None
    info = video_info(source, name=name)
    with make_estimator() as estimator, ExitStack() as stack:
        for count, frame in enumerate(read_video(source, name=name), 1):
            estimate = estimator.estimate(frame)
            numbers = tracks(estimate.poses, frame.time_s, estimate.skeleton)
            rows += to_rows(frame, estimate, source=name, numbers=numbers)
            found += bool(estimate.poses)
            detected += estimate.tracking is not None and estimate.tracking.detected
            shown = replace(estimate, numbers=tuple(numbers)) if several else estimate
            writer = writer or stack.enter_context(
                VideoWriter(copy, info.fps, frame.size_hw, name=f"the copy of {name}")
            )
            writer.write(draw_body(frame.rgb, shown, view))
            progress(count, info.frames)
    if writer is None:
        raise MediaError(words("{file} holds no frame that can be read", file=name))
    table = to_table(rows, skeleton_named(estimator.skeleton))
    return BodyVideo(table, copy, count, found, detected, estimator.skeleton)


def sample_angles(table: pd.DataFrame, person: int, max_rows: int = 600) -> pd.DataFrame:
    """Return a person's times and joint angles, in at most `max_rows` evenly spaced rows."""
    rows = table.loc[table["person"] == person, ["time_s", *ANGLES]]
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(max_rows, len(rows))).astype(int))
    return rows.iloc[chosen]


def select_world_keypoints(row: "pd.Series[Any]") -> Floats | None:
    """Return the (K, 3) keypoints in metres from a row of the keypoint table, None without any."""
    count = sum(name.startswith("wx") for name in row.index)
    names = [f"w{axis}{joint}" for joint in range(count) for axis in "xyz"]
    world = row[names].to_numpy(np.float32).reshape(count, 3)
    return world if np.isfinite(world).any() else None
