"""Extract the keypoints in pictures and videos to a table file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import EstimatorError, MediaError, MudraError
from core.estimators import ESTIMATORS, Estimator
from core.gestures.labels import match_gesture
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.media.videos import VIDEO_SUFFIXES, read_video
from core.offline.keypoint_table import Row, name_subject, to_csv, to_rows, to_table
from core.parallel import LOCAL, check_place, map_parallel
from core.paths import Paths
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import Frame
from core.progress import Progress, ignore_progress
from core.reading.keypoint_sources import (
    KeypointSource,
    available_nets,
    body_nets,
    estimator_names,
)
from core.recording.imports.importing import open_folder_or_zip

Rows = list[Row]


def extract(
    path: Path,
    out: Path,
    *,
    paths: Paths,
    estimator: str = "mediapipe-hands",
    hands: int = 1,
    workers: int = 1,
    on: str = LOCAL,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Detect hands or people in a picture, video, folder or zip and write their keypoints to a .csv
    or .parquet in the format of `keypoint_table`; a row's gesture is its folder's name.

    Args:
        hands: maximum number of hands or people.
        workers, on: where to work, see `map_parallel`.

    Returns:
        files, hands or persons, refused [[file, reason]].

    Raises:
        MudraError: the input can't be read, or `out`'s suffix or the estimator is unknown.
    """
    source = KeypointSource(estimator)
    skeleton = _table_skeleton(source, paths)
    path = path.absolute()  # other machines have other working folders
    check_place(on, path)
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise MediaError(f"{out.name}: keypoints are written as .csv or .parquet")
    rows: Rows = []
    skipped: list[list[str]] = []
    with _open_media_files(path) as (folder, files):
        make_estimator = partial(source.open, paths, num_poses=hands)
        work = partial(_extract_files, folder, make_estimator)
        with map_parallel(work, files, workers=workers, on=on) as results:
            for number, (file, result) in enumerate(zip(files, results, strict=True), 1):
                if isinstance(result, str):
                    skipped.append([file.name, result])
                else:
                    rows += result
                progress(number, len(files))
    _write_table(to_table(rows, skeleton), out)
    return {"files": len(files), f"{name_subject(skeleton)}s": len(rows), "refused": skipped}


def _table_skeleton(source: KeypointSource, paths: Paths) -> Skeleton:
    """Return an estimator's or a net's skeleton without opening it; raise EstimatorError if it is
    unknown."""
    if not source.is_net:
        return skeleton_named(ESTIMATORS[source.name].skeleton)
    if paths.net(source.name).is_dir():
        return skeleton_named(source.net_metadata(paths).skeleton)
    known = ", ".join((*estimator_names(), *available_nets(paths), *body_nets(paths)))
    raise EstimatorError(f"no estimator “{source.name}” for tables, there are: {known}")


@contextmanager
def _open_media_files(path: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Yield the base folder and its pictures and videos; raise MediaError if there are none."""
    suffixes = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)
    if path.is_file() and path.suffix.lower() in suffixes:
        yield path.parent, [path]
        return
    with open_folder_or_zip(path) as folder:
        files = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in suffixes]
        if not files:
            raise MediaError(f"no pictures or videos in {path}")
        yield folder, files


def _extract_files(
    folder: Path, make_estimator: Callable[[], Estimator], files: Iterable[Path]
) -> Iterator[Rows | str]:
    """Yield each file's table rows, or an error message if the file can't be read."""
    with make_estimator() as stills:
        for file in files:
            try:
                yield _extract_file(folder, make_estimator, stills, file)
            except MudraError as error:
                yield str(error)


def _extract_file(
    folder: Path, make_estimator: Callable[[], Estimator], stills: Estimator, file: Path
) -> Rows:
    """Return the table rows of a picture, or of all frames of a video."""
    source = file.relative_to(folder).as_posix()
    gesture = match_gesture(file.parent.name) or (file.parent.name if file.parent != folder else "")
    if file.suffix.lower() in PICTURE_SUFFIXES:
        frame = Frame(read_picture(file), source=source)
        return to_rows(frame, stills.estimate_still(frame.rgb), gesture=gesture)
    with make_estimator() as stream:
        return [
            row
            for frame in read_video(file)
            for row in to_rows(frame, stream.estimate(frame), source=source, gesture=gesture)
        ]


def _write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table as .csv or .parquet; raise MediaError if writing fails."""
    is_csv = out.suffix.lower() == ".csv"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(to_csv(table) if is_csv else table.to_parquet(index=False))
    except OSError as error:
        raise MediaError(f"{out} can't be written: {error.strerror}") from error
