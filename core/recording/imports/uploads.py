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
from core.words import count_words, words

_UNSAFE = re.compile("[\\x00-\\x1f/\\\\\\ud800-\\udfff]")  # in the untrusted name of a file
_MAX_NAME_CHARACTERS = 60

Upload = tuple[str, bytes]  # name and content


def create_file_recorder(recorder: Recorder, names: Sequence[str], person: str = "") -> Recorder:
    """Create a recorder for uploaded files, with its own session that is named after them."""
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
    """Store samples from uploaded pictures, videos and zips as one undoable action; unusable files
    are listed in the report.

    Pictures and videos become the gesture's; a zip's folders name their own gestures, and files at
    its top are the gesture's. A gesture that moves raises MediaError: pictures don't show it.
    """
    if gesture.moves:
        raise MediaError(
            words(
                "“{gesture}” moves, and files become samples of gestures that are held still: "
                "record it with the camera, or from a video of one performance on the command line",
                gesture=gesture.name,
            )
        )
    total = len(uploads)
    with (
        report_with_history(recorder.store, project) as report,
        make_estimator() as estimator,
        temporary_folder("upload-") as folder,
    ):
        importer = _UploadImporter(recorder, project, gesture, estimator, report)
        for number, (name, content) in enumerate(uploads):
            part = _scale_progress(progress, number, total)
            suffix = Path(name).suffix.lower()
            if suffix in (*VIDEO_SUFFIXES, ".zip"):
                with temporary_upload(name, content, folder) as path:
                    if suffix == ".zip":
                        options = ImportOptions(make_estimator, recorder.person, progress=part)
                        importer.add_zip(name, path, options)
                    else:
                        importer.add_video(name, path, part)
            else:
                importer.add_picture(name, content)
            part(1, 1)
    return report


def _scale_progress(progress: Progress, number: int, total: int) -> Progress:
    """Return a progress callback for one of `total` files that reports to the overall callback."""

    def report_part(done: float, part_total: float | None = None, label: str = "", /) -> None:
        progress(number + done / (part_total or 1), total, label)

    return report_part


class _UploadImporter:
    """Stores the samples of uploads of one gesture; skipped files go to the report."""

    def __init__(
        self,
        recorder: Recorder,
        project: Project,
        gesture: Gesture,
        estimator: Estimator,
        report: AddReport,
    ) -> None:
        self._recorder, self._project, self._gesture = recorder, project, gesture
        self._estimator, self._report = estimator, report
        self._known = recorder.store.stored_file_hashes(project.id)
        self._pictures_id: int | None = None  # all pictures are one recording

    def add_picture(self, name: str, content: bytes) -> None:
        """Store the main pose of a picture as a sample."""
        digest = hashlib.sha256(content).hexdigest()
        sample = STORED if digest in self._known else self._make_sample(name, content)
        if isinstance(sample, str):
            self._report.skipped.append((name, sample))
            return
        if self._pictures_id is None:
            self._pictures_id = self._recorder.create_recording(self._gesture.id)
        self._store_samples(self._pictures_id, [replace(sample, file_hash=digest)])

    def _make_sample(self, name: str, content: bytes) -> NewSample | str:
        """Return a sample of a picture's main pose, or the reason for skipping the picture."""
        try:
            frame = Frame(read_picture(content, name=name), source=name)
            estimate = self._estimator.estimate_still(frame.rgb)
        except (MediaError, EstimatorError) as error:
            return error.text
        pose = select_valid_pose(estimate, None)
        if isinstance(pose, str):
            return pose
        version, picture = self._estimator.version, self._recorder.with_pictures
        return make_sample(frame, pose, estimate, version=version, with_picture=picture)

    def add_video(self, name: str, path: Path, progress: Progress) -> None:
        """Store a video's samples as one recording."""
        picture = self._recorder.with_pictures
        try:
            samples = extract_file_samples(
                path, name, self._estimator, self._known, with_crop=picture, progress=progress
            )
        except MudraError as error:
            self._report.skipped.append((name, error.text))
            return
        if samples:
            self._store_samples(self._recorder.create_recording(self._gesture.id), samples)
        else:
            self._report.skipped.append((name, STORED))

    def _store_samples(self, recording_id: int, samples: Sequence[NewSample]) -> None:
        """Store samples of one file."""
        self._report.note("samples", self._recorder.store.add_samples(recording_id, samples))
        self._known.add(samples[0].file_hash or "")

    def add_zip(self, name: str, path: Path, options: ImportOptions) -> None:
        """Import a zip with a folder per gesture; top-level files are of the chosen gesture."""
        before, store = self._report.already, self._recorder.store
        try:
            with open_folder_or_zip(path) as folder:
                mapping = {path.name: self._gesture.name}
                files = list_labelled_pictures(folder, mapping, name=path.name, videos=True)
                import_pictures(store, self._project, files, name, options, self._report)
        except MudraError as error:
            self._report.skipped.append((name, error.text))
        if stored := self._report.already - before:
            reason = count_words(stored, "{n:,} file stored already", "{n:,} files stored already")
            self._report.skipped.append((name, reason))
        self._known = store.stored_file_hashes(self._project.id)


@contextmanager
def temporary_upload(name: str, content: bytes, folder: Path) -> Iterator[Path]:
    """Yield the path of an upload in a temporary folder, under its own name for errors."""
    with temporary_uploads([(name, content)], folder) as own:
        yield next(own.iterdir())


@contextmanager
def temporary_uploads(
    uploads: Sequence[Upload], folder: Path, folder_name: str = "."
) -> Iterator[Path]:
    """Yield a temporary folder in `folder` with the uploads under safe names; raise MediaError if
    two names are equal. Error messages show `folder_name`."""
    with TemporaryDirectory(prefix="upload-", dir=folder) as own:
        target = Path(own) / folder_name
        target.mkdir(exist_ok=True)
        for name, content in uploads:
            safe = _UNSAFE.sub("_", name)[-_MAX_NAME_CHARACTERS:].lstrip(".") or "upload"
            if (target / safe).exists():
                raise MediaError(
                    words(
                        "two of the files are called {name}: leave one out, or give a zip of their "
                        "folders",
                        name=safe,
                    )
                )
            (target / safe).write_bytes(content)
        yield target
