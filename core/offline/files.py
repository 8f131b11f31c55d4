"""Untrusted pictures and videos, read one after the other: what was seen, and what was refused."""

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
from core.media.archives import unpacked
from core.media.pictures import PICTURE_SUFFIXES, encode_jpeg
from core.media.videos import VIDEO_SUFFIXES, video_info
from core.offline.predicting import Recognised, predict
from core.recording.imports.cells import quoted

SUFFIXES = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES, ".zip")
_WHOLE = 0.95  # of a video's frames or seconds; headers count a few that are never shown
_COLUMNS = (
    "file",
    "frame",
    "time_s",
    "hand",
    "gesture",
    "probability",
    "rejected",
    "handedness",
    "score",
)


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture or video.

    Attributes:
        name: as it was given; data, never a path.
        records: one a frame, as `Recognised.record` gives them.
        jpeg: the annotated picture; of a video its frame with the surest hand.
        video: the annotated WebM, None for a picture.
        missing: of a damaged video, in words, how much of it could be read; else "".
    """

    name: str
    records: list[dict[str, Any]]
    jpeg: bytes
    video: Path | None = None
    missing: str = ""

    @property
    def hands(self) -> int:
        """Found in all its frames."""
        return sum(len(record["hands"]) for record in self.records)

    @property
    def shares(self) -> dict[str, float]:
        """Each gesture's share of the hands that were named, the most frequent first."""
        named = Counter(
            hand["gesture"]
            for record in self.records
            for hand in record["hands"]
            if hand["gesture"]
        )
        return {gesture: count / named.total() for gesture, count in named.most_common()}


@dataclass(frozen=True, eq=False)
class Read:
    """What became of some files."""

    seen: list[Seen]
    refused: list[tuple[str, str]]

    def forget(self) -> None:
        """Delete the annotated videos: nobody will look at them again."""
        for one in self.seen:
            if one.video is not None:
                one.video.unlink(missing_ok=True)


class TemporaryFolder:
    """A temporary folder, there as long as somebody holds the object; a page's end only lets go of
    it, which a context manager would not take for the end."""

    def __init__(self) -> None:
        self.folder, lock = make_temporary_folder("files-")
        weakref.finalize(self, remove_temporary_folder, self.folder, lock)


def read_file(
    name: str,
    content: bytes,
    model: GestureModel | None,
    make_estimator: Callable[[], Estimator],
    folder: Path,
    *,
    maps: str = "single",
    progress: Callable[[float], None] = lambda share: None,
) -> Read:
    """Look at a picture, a video, or a zip of them.

    Args:
        name: as its sender calls it; its suffix alone is used.
        make_estimator: called for each file: a stream must not remember the one before.
        folder: a temporary one; the annotated videos stay there.
        maps: one of `heatmap_layout.VIEWS`.
        progress: told the share that is done, 0..1.
    """
    suffix = Path(name).suffix.lower()
    source = folder / f"{secrets.token_hex(8)}{suffix if suffix in SUFFIXES else ''}"
    try:
        source.write_bytes(content)
        if source.suffix == ".zip":
            return _read_zip(name, source, model, make_estimator, folder, maps, progress)
        seen = _read(name or "the file", source, model, make_estimator, maps, progress)
        return Read([seen], [])
    except MudraError as error:
        return Read([], [(name, str(error))])
    except OSError as error:  # of the temporary folder: a full disk
        return Read([], [(name, f"can't be read: {error.strerror}")])
    finally:
        source.unlink(missing_ok=True)


def table_of(seen: Sequence[Seen]) -> pd.DataFrame:
    """One row a hand; text that a spreadsheet could take for a formula is quoted."""
    rows = [
        (
            quoted(one.name),
            record["frame"],
            record["time_s"],
            number,
            quoted(hand["gesture"] or ""),
            hand["probability"],
            hand["rejected"],
            hand["handedness"],
            hand["score"],
        )
        for one in seen
        for record in one.records
        for number, hand in enumerate(record["hands"])
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def zip_of_pictures(seen: Sequence[Seen]) -> bytes:
    """The annotated pictures as JPEG files, numbered: an untrusted name is no path."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number, one in enumerate(seen, 1):
            archive.writestr(f"{number:04}.jpg", one.jpeg)
    return packed.getvalue()


def refusal_text(name: str, reason: str) -> str:
    """Why a file was refused, with its name in it once."""
    short = name if reason.startswith(name) else Path(name).name
    return f"{name}{reason[len(short) :]}" if reason.startswith(short) else f"{name}: {reason}"


def _read_zip(
    name: str,
    source: Path,
    model: GestureModel | None,
    make_estimator: Callable[[], Estimator],
    folder: Path,
    maps: str,
    progress: Callable[[float], None],
) -> Read:
    read = Read([], [])
    with unpacked(source, name=name) as inside:
        known = (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)
        files = [path for path in sorted(inside.rglob("*")) if path.is_file()]
        for number, path in enumerate(files):
            title = f"{name}/{path.relative_to(inside).as_posix()}"
            if path.suffix.lower() not in known:
                read.refused.append((title, f"neither picture nor video ({', '.join(known)})"))
                continue
            done = number / len(files)
            one = read_file(
                title,
                path.read_bytes(),
                model,
                make_estimator,
                folder,
                maps=maps,
                progress=lambda share, done=done: progress(done + share / len(files)),  # type: ignore[misc]
            )
            read.seen.extend(one.seen)
            read.refused.extend(one.refused)
    if not files:
        raise MediaError(f"{name} is empty")
    return read


def _read(
    name: str,
    source: Path,
    model: GestureModel | None,
    make_estimator: Callable[[], Estimator],
    maps: str,
    progress: Callable[[float], None],
) -> Seen:
    video = source.with_suffix(".seen.webm") if source.suffix in VIDEO_SUFFIXES else None
    records, best = [], None

    def counted(done: int, total: int | None) -> None:
        progress(min(1.0, done / total) if total else 0.5)

    try:
        with make_estimator() as estimator:
            for found in predict(
                str(source), model, estimator, out=video, maps=maps, name=name, progress=counted
            ):
                records.append(found.record())
                if best is None or _surety(found) > _surety(best):
                    best = found
        if best is None:
            raise MediaError(f"{name} holds no frame that can be read")
    except BaseException:  # a page that was left, too: half a video is of no use
        if video is not None:
            video.unlink(missing_ok=True)
        raise
    missing = missing_part(source, records) if video else ""
    return Seen(name, records, encode_jpeg(best.picture()), video, missing)


def missing_part(video: Path, records: Sequence[Mapping[str, Any]]) -> str:
    """How much of a damaged video was read, in words: as many frames, or as many seconds, as its
    header says; "" where nothing is missing or the header says neither."""
    info = video_info(video)
    read_s = records[-1]["time_s"] + 1 / info.fps
    if info.frames and len(records) < _WHOLE * info.frames:
        return f"{len(records)} of {info.frames} frames could be read: the video is damaged"
    if info.seconds and read_s < _WHOLE * info.seconds - 1:  # sound may last a little longer
        return f"{read_s:.1f} of {info.seconds:.1f} s could be read: the video is damaged"
    return ""


def _surety(found: Recognised) -> float:
    surest = [answer.likeliest[1] - answer.rejected for answer in found.predictions]
    scores = [pose.score for pose in found.estimate.poses]
    return max((s * 0.01 + p for s, p in zip(scores, surest, strict=True)), default=-1.0)
