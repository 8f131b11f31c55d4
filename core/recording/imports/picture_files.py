"""Pictures and videos in a folder per class, and the samples found in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import EstimatorError, MediaError
from core.estimators import Estimator
from core.files import printable, sha256_of, wrap_os_errors
from core.media.limits import VIDEO
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.media.videos import VIDEO_SUFFIXES, read_video, video_info
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Frame
from core.progress import Progress, ignore_progress
from core.recording.imports.tables import match_label
from core.recording.samples import Limits, make_sample, select_valid_pose
from core.store import NewSample
from core.words import words

_VIDEO_FPS = 5.0  # neighbouring frames hardly differ
_NO_LIMITS = Limits(score=0.0, outside=1.0)  # for pictures: the user chose them

EstimatorFactory = Callable[[], Estimator]


@dataclass(frozen=True)
class LabelledPicture:
    """A picture or video, the folder that names its class, and the gesture of that name."""

    path: Path
    folder: str
    gesture: str | None

    def __str__(self) -> str:
        return printable(f"{self.folder}/{self.path.name}")

    @property
    def is_video(self) -> bool:
        """Whether it is a video."""
        return self.path.suffix.lower() in VIDEO_SUFFIXES


def list_labelled_pictures(
    folder: Path, mapping: Mapping[str, str] | None = None, *, name: str = "", videos: bool = False
) -> list[LabelledPicture]:
    """List the pictures, and with `videos` the videos, in a folder and its subfolders, sorted and
    labelled by their folder's name; skip hidden files. Raise MediaError if there are none.

    Args:
        name: of the folder itself, if its own name means nothing (an unpacked zip's).
    """
    found = []
    suffixes = (*PICTURE_SUFFIXES, *(VIDEO_SUFFIXES if videos else ()))
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            is_top = path.parent == folder
            label = (name or folder.resolve().name) if is_top else path.parent.name
            found.append(LabelledPicture(path, label, match_label(label, mapping)))
    if not found:
        raise MediaError(
            words(
                "no pictures ({suffixes}) in {folder}",
                suffixes=", ".join(suffixes),
                folder=name or folder,
            )
        )
    return found


def extract_samples(
    make_estimator: EstimatorFactory,
    known: set[str],
    with_crop: bool,
    pictures: Iterable[LabelledPicture],
) -> Iterator[list[NewSample] | str]:
    """Yield each file's list of samples ([] if its hash is known) or the reason for skipping it."""
    with make_estimator() as estimator:
        for picture in pictures:
            try:
                yield extract_file_samples(
                    picture.path, str(picture), estimator, known, with_crop=with_crop
                )
            except (MediaError, EstimatorError) as error:
                yield error.text


def extract_file_samples(
    path: Path,
    name: str,
    estimator: Estimator,
    known: set[str],
    *,
    with_crop: bool = True,
    progress: Progress = ignore_progress,
) -> list[NewSample]:
    """Return a sample of a picture's main pose, or samples of a video's main pose at five frames
    per second, without near-duplicates. Raises MediaError: unreadable, or no pose found.

    Args:
        name: stored in the samples as their source.
        known: sha256 of files that the project has: for these, [] is returned.
        progress: called for each frame of a video, in seconds.
    """
    with wrap_os_errors(MediaError, f"{path.name} can't be read"):
        digest = sha256_of(path)
    if digest in known:
        return []
    frames: Iterable[Frame]
    limits: Limits | None
    if path.suffix.lower() in VIDEO_SUFFIXES:
        frames, limits = read_video(path, fps=_VIDEO_FPS), None
        length_s = video_info(path).seconds or VIDEO.max_seconds
    else:
        frames, limits, length_s = [Frame(read_picture(path))], _NO_LIMITS, 1.0
    found: list[NewSample] = []
    for frame in frames:
        frame = replace(frame, source=name)
        progress(min(length_s, frame.time_s), length_s)
        estimate = estimator.estimate_still(frame.rgb)
        pose = select_valid_pose(estimate, found[-1].pose if found else None, limits)
        if not isinstance(pose, str):
            sample = make_sample(
                frame, pose, estimate, version=estimator.version, with_picture=with_crop
            )
            found.append(replace(sample, file_hash=digest))
    if not found:
        is_body = skeleton_named(estimator.skeleton).is_body
        raise MediaError(words("no body found") if is_body else words("no hand found"))
    return found
