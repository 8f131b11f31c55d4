"""Keypoints of pictures and videos as a table: one row a hand."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.capture.importing import opened_folder
from core.capture.tables import quoted
from core.errors import MediaError, MudraError
from core.estimators import create_estimator
from core.gestures.labels import match_gesture
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.media.videos import VIDEO_SUFFIXES, read_video
from core.pose.skeletons import HAND_21
from core.pose.types import Estimate, Floats, Frame

Progress = Callable[[int, int], None]
Rows = list[dict[str, Any]]
_ABOUT = (
    "source",
    "gesture",
    "frame",
    "time_s",
    "hand",
    "handedness",
    "score",
    "width",
    "height",
    "estimator",
)


def extract(
    path: Path,
    out: Path,
    *,
    weights_folder: Path,
    estimator: str = "mediapipe-hands",
    hands: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the hands of a picture, a video, a folder or a zip of them to a .csv or .parquet.

    The columns: source, gesture (the folder's name), frame, time_s, hand, handedness, score,
    width, height, estimator, x0 … y20 in picture pixels, and wx0 … wz20 in metres.

    Returns:
        files, hands, refused [[file, reason]].

    Raises:
        MudraError: nothing to read there, or another suffix.
    """
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise MediaError(f"{out.name}: keypoints are written as .csv or .parquet")
    rows: Rows = []
    refused: list[list[str]] = []
    progress = progress or (lambda done, total: None)
    with _opened(path) as (folder, files):
        work = partial(
            _rows_or_reason, folder, weights_folder=weights_folder, estimator=estimator, hands=hands
        )
        for number, (file, found) in enumerate(_each(work, files, workers), 1):
            if isinstance(found, str):
                refused.append([file, found])
            else:
                rows += found
            progress(number, len(files))
    _write(pd.DataFrame(rows, columns=_columns()), out)
    return {"files": len(files), "hands": len(rows), "refused": refused}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Path, list[Path]]]:
    """(folder, files) of whatever the path names."""
    known = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)
    if path.is_file() and path.suffix.lower() in known:
        yield path.parent, [path]
        return
    with opened_folder(path) as folder:
        files = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in known]
        if not files:
            raise MediaError(f"no pictures or videos in {path}")
        yield folder, files


def _each(
    work: Callable[[Path], Rows | str], files: list[Path], workers: int
) -> Iterator[tuple[str, Rows | str]]:
    if workers <= 1:
        yield from ((file.name, work(file)) for file in files)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from zip((file.name for file in files), pool.map(work, files), strict=True)


def _rows_or_reason(
    folder: Path, file: Path, *, weights_folder: Path, estimator: str, hands: int
) -> Rows | str:
    source = file.relative_to(folder).as_posix()
    gesture = match_gesture(file.parent.name) or (file.parent.name if file.parent != folder else "")
    try:
        with create_estimator(estimator, weights_folder, num_poses=hands) as found:
            if file.suffix.lower() in PICTURE_SUFFIXES:
                frame = Frame(read_picture(file), source=source)
                return _rows(frame, found.estimate_still(frame.rgb), gesture)
            video = read_video(file)
            return [row for f in video for row in _rows(f, found.estimate(f), gesture, source)]
    except MudraError as error:
        return str(error)


def _rows(frame: Frame, estimate: Estimate, gesture: str, source: str = "") -> Rows:
    rows = []
    height, width = frame.size_hw
    for number, pose in enumerate(estimate.poses):
        row = {
            "source": source or frame.source,
            "gesture": gesture,
            "frame": frame.index,
            "time_s": round(frame.time_s, 4),
            "hand": number,
            "handedness": pose.handedness or "",
            "score": round(pose.score, 5),
            "width": width,
            "height": height,
            "estimator": estimate.estimator,
        }
        row |= _numbered("", pose.keypoints, 3)
        if pose.world is not None:
            row |= _numbered("w", pose.world, 6)
        rows.append(row)
    return rows


def _numbered(prefix: str, points: Floats, digits: int) -> dict[str, float]:
    """(K, 2 or 3) points as the columns x0, y0 …, each name with the prefix."""
    return {
        f"{prefix}{axis}{joint}": round(float(value), digits)
        for joint, point in enumerate(points)
        for axis, value in zip("xyz", point, strict=False)
    }


def _columns() -> list[str]:
    pixels, metres = (np.zeros((HAND_21.size, axes), np.float32) for axes in (2, 3))
    return [*_ABOUT, *_numbered("", pixels, 0), *_numbered("w", metres, 0)]


def _write(table: pd.DataFrame, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == ".parquet":
            table.to_parquet(out, index=False)
        else:
            for column in ("source", "gesture"):
                table[column] = table[column].map(quoted)
            table.to_csv(out, index=False)
    except OSError as error:
        raise MediaError(f"{out} can't be written: {error.strerror}") from error
