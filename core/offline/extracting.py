"""Keypoints of pictures and videos as a table file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import EstimatorError, MediaError, MudraError
from core.estimators import ESTIMATORS, Estimator, create_estimator
from core.gestures.labels import match_gesture
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.media.videos import VIDEO_SUFFIXES, read_video
from core.offline.keypoint_table import Row, csv_of, of_whom, parquet_of, rows_of, table_of
from core.parallel import LOCAL, check_place, spread
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import Frame
from core.reading.keypoint_sources import estimator_names
from core.recording.imports.importing import opened_folder

Progress = Callable[[int, int], None]
Rows = list[Row]


def extract(
    path: Path,
    out: Path,
    *,
    weights_folder: Path,
    estimator: str = "mediapipe-hands",
    hands: int = 1,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the hands or persons of a picture, a video, a folder or a zip of them to a .csv or
    .parquet, with the columns of `keypoint_table`; a row's gesture is its folder's name.

    Args:
        hands: how many, or persons, to look for.
        workers, on: where it is worked, see `spread`.

    Returns:
        files, hands or persons, refused [[file, reason]].

    Raises:
        MudraError: nothing to read there, another suffix, or no such estimator.
    """
    skeleton = _skeleton(estimator)
    path = path.absolute()  # other machines have other working folders
    check_place(on, path)
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise MediaError(f"{out.name}: keypoints are written as .csv or .parquet")
    rows: Rows = []
    refused: list[list[str]] = []
    progress = progress or (lambda done, total: None)
    with _opened(path) as (folder, files):
        opened = partial(create_estimator, estimator, weights_folder, num_poses=hands)
        work = partial(_rows_or_reasons, folder, opened)
        with spread(work, files, workers=workers, on=on) as each:
            for number, (file, found) in enumerate(zip(files, each, strict=True), 1):
                if isinstance(found, str):
                    refused.append([file.name, found])
                else:
                    rows += found
                progress(number, len(files))
    _write(table_of(rows, skeleton), out)
    return {"files": len(files), f"{of_whom(skeleton)}s": len(rows), "refused": refused}


def _skeleton(estimator: str) -> Skeleton:
    if estimator not in estimator_names():
        there = ", ".join(estimator_names())
        raise EstimatorError(f"no estimator “{estimator}” for tables, there are: {there}")
    return skeleton_named(ESTIMATORS[estimator].skeleton)


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


def _rows_or_reasons(
    folder: Path, opened: Callable[[], Estimator], files: Iterable[Path]
) -> Iterator[Rows | str]:
    """Of each file; one estimator looks at all pictures, another at each video."""
    with opened() as stills:
        for file in files:
            try:
                yield _rows(folder, opened, stills, file)
            except MudraError as error:
                yield str(error)


def _rows(folder: Path, opened: Callable[[], Estimator], stills: Estimator, file: Path) -> Rows:
    source = file.relative_to(folder).as_posix()
    gesture = match_gesture(file.parent.name) or (file.parent.name if file.parent != folder else "")
    if file.suffix.lower() in PICTURE_SUFFIXES:
        frame = Frame(read_picture(file), source=source)
        return rows_of(frame, stills.estimate_still(frame.rgb), gesture=gesture)
    with opened() as stream:
        return [
            row
            for frame in read_video(file)
            for row in rows_of(frame, stream.estimate(frame), source=source, gesture=gesture)
        ]


def _write(table: pd.DataFrame, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        parquet = out.suffix.lower() == ".parquet"
        out.write_bytes(parquet_of(table) if parquet else csv_of(table))
    except OSError as error:
        raise MediaError(f"{out} can't be written: {error.strerror}") from error
