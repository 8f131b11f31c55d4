"""Predict gestures in untrusted pictures, videos and zips of them, one file after another."""

import io
import secrets
import weakref
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import MediaError, MudraError
from core.estimators import Estimator
from core.files import make_temporary_folder, remove_temporary_folder
from core.gestures.modelfile.gesture_model import GestureModel
from core.media.archives import unpack_zip
from core.media.pictures import PICTURE_SUFFIXES, encode_jpeg
from core.media.videos import VIDEO_SUFFIXES, video_info
from core.offline.predicting import predict
from core.progress import Progress, ignore_progress, to_fraction
from core.recording.imports.cells import quote_formula
from core.words import words

_MEDIA_SUFFIXES = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)
SUFFIXES = (*_MEDIA_SUFFIXES, ".zip")
_MIN_READ = 0.95  # fraction of a video's frames or seconds; headers count a few too many


@dataclass(frozen=True, eq=False)
class FileResult:
    """The frames and hands found in a picture or video."""

    name: str  # of the upload; data, never a path
    records: list[dict[str, Any]]  # one per frame, see `FramePrediction.record`
    jpeg: bytes  # the annotated picture; of a video its frame of highest confidence
    video: Path | None = None  # the annotated WebM, None for a picture
    damage: str = ""  # how much of a damaged video could be read; "" for a whole one

    @property
    def hands(self) -> int:
        """Number of hands in all frames."""
        return sum(len(record["hands"]) for record in self.records)

    @property
    def gesture_fractions(self) -> dict[str, float]:
        """Return each gesture's fraction of all hands with a gesture, most frequent first."""
        named = Counter(
            hand["gesture"]
            for record in self.records
            for hand in record["hands"]
            if hand["gesture"]
        )
        return {gesture: count / named.total() for gesture, count in named.most_common()}


@dataclass(frozen=True, eq=False)
class UploadResult:
    """The files of an upload, and those skipped as (name, reason)."""

    files: list[FileResult]
    skipped: list[tuple[str, str]]

    def delete_videos(self) -> None:
        """Delete the annotated videos of all files."""
        for file in self.files:
            if file.video is not None:
                file.video.unlink(missing_ok=True)


class TemporaryFolder:
    """A temporary folder that is deleted with the object, because a session drops its objects
    without leaving a context manager."""

    def __init__(self) -> None:
        self.folder, lock = make_temporary_folder("files-")
        weakref.finalize(self, remove_temporary_folder, self.folder, lock)


def read_upload(
    name: str,
    content: bytes,
    model: GestureModel | None,
    make_estimator: Callable[[], Estimator],
    folder: Path,
    *,
    maps: str = "single",
    progress: Progress = ignore_progress,
) -> UploadResult:
    """Predict the gestures in an untrusted picture, video or zip of them. Files that can't be read
    are listed in `skipped`; nothing is raised.

    Args:
        name: of the upload; only its suffix is used for files.
        make_estimator: called for each file, because estimators keep state.
        folder: a temporary one, which keeps the annotated videos.
        maps: one of `heatmap_layout.VIEWS`.
    """
    suffix = Path(name).suffix.lower()
    source = folder / f"{secrets.token_hex(8)}{suffix if suffix in SUFFIXES else ''}"
    try:
        source.write_bytes(content)
        if source.suffix == ".zip":
            return _read_zip(name, source, model, make_estimator, folder, maps, progress)
        result = _read_media(name or "the file", source, model, make_estimator, maps, progress)
        return UploadResult([result], [])
    except MudraError as error:
        return UploadResult([], [(name, error.text)])
    except OSError as error:  # in the temporary folder: a full disk
        return UploadResult([], [(name, words("can't be read: {reason}", reason=error.strerror))])
    finally:
        source.unlink(missing_ok=True)


def tabulate_hands(files: Sequence[FileResult]) -> pd.DataFrame:
    """Tabulate the hands, one per row: file, frame, time and prediction."""
    columns = ("gesture", "probability", "rejected", "handedness", "score")
    rows = [
        {"file": file.name, "frame": record["frame"], "time_s": record["time_s"], "hand": number}
        | {column: hand[column] for column in columns}
        | {"gesture": hand["gesture"] or ""}
        for file in files
        for record in file.records
        for number, hand in enumerate(record["hands"])
    ]
    table = pd.DataFrame(rows, columns=["file", "frame", "time_s", "hand", *columns])
    return table.assign(
        file=table["file"].map(quote_formula), gesture=table["gesture"].map(quote_formula)
    )


def zip_pictures(files: Sequence[FileResult]) -> bytes:
    """Zip the annotated pictures as 0001.jpg, 0002.jpg …, because uploaded names are untrusted."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files, 1):
            archive.writestr(f"{number:04}.jpg", file.jpeg)
    return packed.getvalue()


def describe_skip(name: str, reason: str) -> str:
    """Join a skipped file's name and the reason, without repeating the name."""
    short = name if reason.startswith(name) else Path(name).name
    return f"{name}{reason[len(short) :]}" if reason.startswith(short) else f"{name}: {reason}"


def _read_zip(
    name: str,
    source: Path,
    model: GestureModel | None,
    make_estimator: Callable[[], Estimator],
    folder: Path,
    maps: str,
    progress: Progress,
) -> UploadResult:
    """Predict the pictures and videos in a zip; raise MediaError if it has none."""
    result = UploadResult([], [])
    with unpack_zip(source, name=name) as inside:
        paths = [path for path in sorted(inside.rglob("*")) if path.is_file()]
        for number, path in enumerate(paths):
            title = f"{name}/{path.relative_to(inside).as_posix()}"
            if path.suffix.lower() not in _MEDIA_SUFFIXES:
                reason = words(
                    "neither picture nor video ({suffixes})", suffixes=", ".join(_MEDIA_SUFFIXES)
                )
                result.skipped.append((title, reason))
                continue

            def report(
                done: float, total: float | None = None, label: str = "", before: int = number
            ) -> None:
                progress(before + to_fraction(done, total), len(paths), label)

            part = read_upload(
                title, path.read_bytes(), model, make_estimator, folder, maps=maps, progress=report
            )
            result.files.extend(part.files)
            result.skipped.extend(part.skipped)
    if not paths:
        raise MediaError(words("{file} is empty", file=name))
    return result


def _read_media(
    name: str,
    source: Path,
    model: GestureModel | None,
    make_estimator: Callable[[], Estimator],
    maps: str,
    progress: Progress,
) -> FileResult:
    """Predict a picture or video; write a video's annotated copy beside it."""
    video = source.with_suffix(".seen.webm") if source.suffix in VIDEO_SUFFIXES else None
    records, best = [], None
    try:
        with make_estimator() as estimator:
            for frame in predict(
                str(source), model, estimator, out=video, maps=maps, name=name, progress=progress
            ):
                records.append(frame.record())
                best = max(best or frame, frame, key=lambda one: one.confidence)
        if best is None:
            raise MediaError(words("{file} holds no frame that can be read", file=name))
    except BaseException:  # also when the page was left: half a video is useless
        if video is not None:
            video.unlink(missing_ok=True)
        raise
    damage = describe_damage(source, records) if video else ""
    return FileResult(name, records, encode_jpeg(best.picture()), video, damage)


def describe_damage(video: Path, records: Sequence[Mapping[str, Any]]) -> str:
    """Describe how much of a video could be read; "" if at least 95 %."""
    info = video_info(video)
    read_s = records[-1]["time_s"] + 1 / info.fps
    if info.frames and len(records) < _MIN_READ * info.frames:
        return words(
            "{n} of {frames} frames could be read: the video is damaged",
            n=len(records),
            frames=info.frames,
        )
    if info.seconds and read_s < _MIN_READ * info.seconds - 1:  # sound may last a little longer
        return words(
            "{read_s:.1f} of {seconds:.1f} s could be read: the video is damaged",
            read_s=read_s,
            seconds=info.seconds,
        )
    return ""
