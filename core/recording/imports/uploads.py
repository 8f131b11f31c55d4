"""Samples from uploaded pictures, videos and zips."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import EstimatorError, MediaError, MudraError
from core.estimators import Estimator
from core.files import printable, temporary_folder
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.labels import format_count
from core.media.pictures import read_picture
from core.media.videos import VIDEO_SUFFIXES
from core.pose.types import Frame
from core.progress import Progress, ignore_progress
from core.recording.imports.importing import (
    ImportOptions,
    import_pictures,
    open_folder_or_zip,
    report_with_history,
)
from core.recording.imports.picture_files import (
    EstimatorFactory,
    extract_file_samples,
    list_labelled_pictures,
)
from core.recording.recorder import Recorder
from core.recording.samples import STORED, AddReport, make_sample, select_valid_pose
from core.store import Gesture, NewSample, Project

_UNSAFE = re.compile("[\\x00-\\x1f/\\\\\\ud800-\\udfff]")  # in the untrusted name of a file
_MAX_NAME_CHARACTERS = 60

Upload = tuple[str, bytes]  # name and content


def create_file_recorder(recorder: Recorder, names: Sequence[str], person: str = "") -> Recorder:
    """Create a recorder for uploaded files, which get a session of their own, named after them;
    `person` is "" if unknown."""
    title = names[0] if len(names) == 1 else f"{len(names)} files"
    return Recorder(
        recorder.store,
        recorder.project_id,
        person.strip() or UNKNOWN_PERSON,
        source=f"import {printable(title)}",
        with_pictures=recorder.with_pictures,
    )


def add_uploads(
    recorder: Recorder,
    project: Project,
    gesture: Gesture,
    uploads: Sequence[Upload],
    make_estimator: EstimatorFactory,
    *,
    progress: Progress = ignore_progress,
) -> AddReport:
    """Store samples from uploaded pictures, videos and zips as one action that can be undone;
    unusable files go to the report.

    Pictures and videos become the gesture's; a zip's folders name their own gestures, and files at
    its top are the gesture's. A gesture that moves raises MediaError: pictures don't show it.
    """
    if gesture.moves:
        raise MediaError(
            f"“{gesture.name}” moves, and files become samples of gestures that are held still: "
            "record it with the camera, or from a video of one performance on the command line"
        )
    total = len(uploads)
    suffixes = (*VIDEO_SUFFIXES, ".zip")
    videos_and_zips = [one for one in uploads if one[0].lower().endswith(suffixes)]
    pictures = [one for one in uploads if one not in videos_and_zips]
    with (
        report_with_history(recorder.store, project, "files", verb="Added") as report,
        make_estimator() as estimator,
        temporary_folder("upload-") as folder,
    ):
        part = _scale_progress(progress, 0, len(pictures), total)
        add_pictures(recorder, gesture.id, pictures, estimator, report, progress=part)
        for number, (name, content) in enumerate(videos_and_zips, len(pictures)):
            part = _scale_progress(progress, number, 1, total)
            with temporary_upload(name, content, folder) as path:
                if path.suffix.lower() == ".zip":
                    options = ImportOptions(make_estimator, recorder.person, progress=part)
                    _add_zip(recorder, project, gesture, name, path, options, report)
                else:
                    _add_video(recorder, gesture, name, path, estimator, report, part)
            part(1, 1)
    return report


def _scale_progress(progress: Progress, start: int, count: int, total: int) -> Progress:
    """Return a progress callback for `count` of `total` files, after `start` of them, that reports
    to the callback of all files."""

    def report_part(done: float, part_total: float | None = None, label: str = "", /) -> None:
        progress(start + count * done / (part_total or 1), total, label)

    return report_part


def add_pictures(
    recorder: Recorder,
    gesture_id: int,
    pictures: Sequence[Upload],
    estimator: Estimator,
    report: AddReport,
    *,
    progress: Progress = ignore_progress,
) -> None:
    """Store samples from uploaded pictures as one recording; skipped pictures go to the report."""
    known = recorder.store.stored_file_hashes(recorder.project_id)
    recording_id: int | None = None
    for number, (name, content) in enumerate(pictures, 1):
        digest = hashlib.sha256(content).hexdigest()
        if digest in known:
            sample: NewSample | str = STORED
        else:
            sample = _make_picture_sample(name, content, recorder, estimator)
        if isinstance(sample, str):
            report.skipped.append((name, sample))
        else:
            if recording_id is None:
                recording_id = recorder.create_recording(gesture_id)
            new = [replace(sample, file_hash=digest)]
            report.note("samples", recorder.store.add_samples(recording_id, new))
            known.add(digest)
        progress(number, len(pictures))


def _make_picture_sample(
    name: str, content: bytes, recorder: Recorder, estimator: Estimator
) -> NewSample | str:
    """Estimate the main pose of a picture and return it as a sample, or the reason for skipping the
    picture."""
    try:
        frame = Frame(read_picture(content, name=name), source=name)
        estimate = estimator.estimate_still(frame.rgb)
    except (MediaError, EstimatorError) as error:
        return str(error)
    pose = select_valid_pose(estimate, None)
    if isinstance(pose, str):
        return pose
    picture = recorder.with_pictures
    return make_sample(frame, pose, estimate, version=estimator.version, with_picture=picture)


def _add_video(
    recorder: Recorder,
    gesture: Gesture,
    name: str,
    path: Path,
    estimator: Estimator,
    report: AddReport,
    progress: Progress,
) -> None:
    """Store a video's samples as one recording of the gesture; one that is unreadable or known goes
    to the report."""
    known, picture = recorder.store.stored_file_hashes(recorder.project_id), recorder.with_pictures
    try:
        samples = extract_file_samples(
            path, name, estimator, known, with_crop=picture, progress=progress
        )
    except MudraError as error:
        report.skipped.append((name, str(error)))
        return
    if samples:
        recording_id = recorder.create_recording(gesture.id)
        report.note("samples", recorder.store.add_samples(recording_id, samples))
    else:
        report.skipped.append((name, STORED))


def _add_zip(
    recorder: Recorder,
    project: Project,
    gesture: Gesture,
    name: str,
    path: Path,
    options: ImportOptions,
    report: AddReport,
) -> None:
    """Import an uploaded zip: folders in it name their gestures, pictures at its top are the given
    gesture's."""
    before = report.already
    try:
        with open_folder_or_zip(path) as folder:
            mapping = {path.name: gesture.name}
            files = list_labelled_pictures(folder, mapping, name=path.name, videos=True)
            import_pictures(recorder.store, project, files, name, options, report)
    except MudraError as error:
        report.skipped.append((name, str(error)))
    if stored := report.already - before:
        report.skipped.append((name, f"{format_count(stored, 'file')} {STORED}"))


@contextmanager
def temporary_upload(name: str, content: bytes, folder: Path) -> Iterator[Path]:
    """Yield the path of an upload written to a temporary folder, under its own name for error
    messages."""
    with temporary_uploads([(name, content)], folder) as own:
        yield next(own.iterdir())


@contextmanager
def temporary_uploads(
    uploads: Sequence[Upload], folder: Path, folder_name: str = "."
) -> Iterator[Path]:
    """Yield a temporary folder below `folder` with the uploads, their names made safe; raise
    MediaError if two have the same name. `folder_name` is for errors."""
    with TemporaryDirectory(prefix="upload-", dir=folder) as own:
        target = Path(own) / folder_name
        target.mkdir(exist_ok=True)
        for name, content in uploads:
            safe = _UNSAFE.sub("_", name)[-_MAX_NAME_CHARACTERS:].lstrip(".") or "upload"
            if (target / safe).exists():
                raise MediaError(
                    f"two of the files are called {safe}: leave one out, or give a zip of their "
                    "folders"
                )
            (target / safe).write_bytes(content)
        yield target
