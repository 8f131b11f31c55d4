"""Pictures and videos in a folder per class, and the samples that are found in them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import MediaError
from core.estimators import Estimator
from core.files import printable
from core.media.limits import VIDEO
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.media.videos import VIDEO_SUFFIXES, read_video, video_info
from core.pose.types import Frame
from core.recording.imports.tables import meant_gesture
from core.recording.samples import Limits, judged, nothing_found, sample_of
from core.store import NewSample

_VIDEO_FPS = 5.0  # neighbouring frames hardly differ
_ANY_HAND = Limits(score=0.0, outside=1.0)  # somebody chose the picture

MakeEstimator = Callable[[], Estimator]


@dataclass(frozen=True)
class LabelledPicture:
    """A picture or video, the folder that names its class, and the gesture that this means."""

    path: Path
    folder: str
    gesture: str | None

    def __str__(self) -> str:
        return printable(f"{self.folder}/{self.path.name}")


def labelled_pictures(
    folder: Path,
    mapping: Mapping[str, str] | None = None,
    *,
    name: str = "",
    videos: bool = False,
) -> list[LabelledPicture]:
    """Every picture below a folder; the name of the folder it lies in is its class.

    Args:
        name: what to call the folder itself, where its own name says nothing (an unpacked zip's).
        videos: count as pictures, too.

    Raises:
        MediaError: no pictures there.
    """
    found = []
    suffixes = (*PICTURE_SUFFIXES, *(VIDEO_SUFFIXES if videos else ()))
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            top = path.parent == folder
            label = (name or folder.resolve().name) if top else path.parent.name
            found.append(LabelledPicture(path, label, meant_gesture(label, mapping)))
    if not found:
        raise MediaError(f"no pictures ({', '.join(suffixes)}) in {name or folder}")
    return found


def samples_or_reasons(
    opened: MakeEstimator, known: set[str], with_crop: bool, pictures: Iterable[LabelledPicture]
) -> Iterator[list[NewSample] | str]:
    """Of each picture, by one estimator; none of what is known."""
    with opened() as estimator:
        for picture in pictures:
            try:
                yield file_samples(
                    picture.path, str(picture), estimator, known, with_crop=with_crop
                )
            except MediaError as error:
                yield str(error)


def file_samples(
    path: Path,
    name: str,
    estimator: Estimator,
    known: set[str],
    *,
    with_crop: bool = True,
    progress: Callable[[float], None] = lambda share: None,
) -> list[NewSample]:
    """A picture's hand or body, or a video's five times a second without near-duplicates.

    Args:
        name: goes into the samples as their source.
        known: digests of files; of a known one there are no samples.
        progress: told the share of a video that is done, 0..1.

    Raises:
        MediaError: unreadable, or nothing found in it.
    """
    digest = _hash_file(path)
    if digest in known:
        return []
    frames: Iterable[Frame]
    limits: Limits | None
    if path.suffix.lower() in VIDEO_SUFFIXES:
        frames, limits = read_video(path, fps=_VIDEO_FPS), None
        seconds = video_info(path).seconds or VIDEO.max_seconds
    else:
        frames, limits, seconds = [Frame(read_picture(path))], _ANY_HAND, 1.0
    found: list[NewSample] = []
    for frame in frames:
        frame = replace(frame, source=name)
        progress(min(1.0, frame.time_s / seconds))
        estimate = estimator.estimate_still(frame.rgb)
        pose = judged(estimate, found[-1].pose if found else None, limits)
        if not isinstance(pose, str):
            sample = sample_of(
                frame, pose, estimate, version=estimator.version, with_picture=with_crop
            )
            found.append(replace(sample, file_hash=digest))
    if not found:
        raise MediaError(f"{nothing_found(estimator.skeleton)} found")
    return found


def _hash_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path.name} can't be read: {error.strerror}") from error
