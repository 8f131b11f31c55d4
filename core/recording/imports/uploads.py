"""Samples from what is not the browser's camera: uploads, videos, a camera of this machine."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import MediaError, MudraError, NotFoundError
from core.estimators import Estimator
from core.files import printable, temporary_folder
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.labels import format_count, match_gesture, safe_name
from core.media.cameras import read_camera
from core.media.videos import VIDEO_SUFFIXES, read_video
from core.pose.types import Frame
from core.recording.imports.importing import ImportReport, import_pictures, opened_folder
from core.recording.imports.picture_files import file_samples, labelled_pictures
from core.recording.plans import CONTINUOUS, Plan, Progress
from core.recording.recorder import Recorder
from core.recording.samples import STORED
from core.recording.stills import Added, add_pictures
from core.store import Gesture, Project, Store
from core.store.transfer import find_or_create_project

_CAMERA = "camera:"
_UNSAFE = re.compile("[\\x00-\\x1f/\\\\\\ud800-\\udfff]")  # in a name that somebody unknown gave
_LONGEST = 60  # of its characters

OnProgress = Callable[[Progress, float], None]


def record_source(
    store: Store,
    project: str,
    gesture: str,
    source: str,
    estimator: Estimator,
    *,
    seconds: float | None = None,
    rate_hz: float = 10.0,
    person: str | None = None,
    progress: OnProgress = lambda progress, time_s: None,
) -> Progress:
    """Record from `camera:N` or a video into a project, which is made where it is missing.

    Args:
        seconds: the recording ends after so long; None: with the video, or by Ctrl-C.
        person: who shows it; None: “me” in front of a camera, unknown in a video.

    Raises:
        NotFoundError: the project has no such gesture.
        MediaError: no such camera, or nothing that can be read.
    """
    frames = open_frames(source)
    with find_or_create_project(store, project, estimator.skeleton) as (found, _):
        chosen = gesture_named(store, found.id, gesture)
        pictures = not found.keypoints_only
        live = source.startswith(_CAMERA)
        who = person or ("me" if live else UNKNOWN_PERSON)
        came_from = source if live else f"import {printable(Path(source).name)}"
        recorder = Recorder(store, found.id, who, source=came_from, with_pictures=pictures)
        plan = Plan(length_s=seconds, rate_hz=rate_hz)
        return record_frames(recorder, chosen.id, frames, estimator, plan, progress=progress)


def file_recorder(recorder: Recorder, names: Sequence[str], person: str = "") -> Recorder:
    """For files of these names: beside the camera's session, one of their own.

    Args:
        person: who is in them; "" where nobody knows.
    """
    what = names[0] if len(names) == 1 else f"{len(names)} files"
    return Recorder(
        recorder.store,
        recorder.project_id,
        person.strip() or UNKNOWN_PERSON,
        source=f"import {printable(what)}",
        with_pictures=recorder.with_pictures,
        limits=recorder.limits,
    )


def add_uploads(
    recorder: Recorder,
    project: Project,
    gesture: Gesture,
    uploads: Sequence[tuple[str, bytes]],
    make_estimator: Callable[[], Estimator],
    *,
    progress: Callable[[float], None] = lambda share: None,
) -> Added:
    """Store samples from pictures, videos and zips, given as (name, content).

    Pictures and videos become the gesture's; a zip's folders name their own, and what lies at its
    top is the gesture's. One action that can be undone.

    Args:
        progress: told the share that is done, 0..1.

    Raises:
        MediaError: the gesture moves, which pictures don't show.
    """
    if gesture.moves:
        raise MediaError(
            f"“{gesture.name}” moves, and files become samples of what is held still: record it "
            "with the camera, or a video of one performance by `record --source FILE`"
        )
    streams = [one for one in uploads if _suffix(one) in (*VIDEO_SUFFIXES, ".zip")]
    pictures = [one for one in uploads if one not in streams]
    kept, parts = list[int](), list[Added]()
    try:
        with make_estimator() as estimator, temporary_folder("upload-") as folder:
            part_progress = _scale_progress(progress, 0, len(pictures), len(uploads))
            first = add_pictures(
                recorder, gesture.id, pictures, estimator, progress=part_progress, kept=kept
            )
            parts.append(first)
            for number, (name, content) in enumerate(streams, len(pictures)):
                part_progress = _scale_progress(progress, number, 1, len(uploads))
                with uploaded(name, content, folder) as path:
                    if path.suffix.lower() == ".zip":
                        part = _add_zip(
                            recorder, project, gesture, name, path, make_estimator, part_progress
                        )
                    else:
                        part = _add_video(recorder, gesture, name, path, estimator, part_progress)
                parts.append(part)
                part_progress(1.0)
    except BaseException:
        with suppress(MudraError):  # the first error is the one to show
            _record_in_history(recorder, parts or [Added(len(kept), new={"samples": kept})])
        raise
    _record_in_history(recorder, parts)
    refused = tuple(one for part in parts for one in part.refused)
    return Added(sum(part.kept for part in parts), refused, _merge_new_rows(parts))


def _record_in_history(recorder: Recorder, parts: Sequence[Added]) -> None:
    """Record the added samples in the project's history for Undo."""
    title = f"Added {format_count(sum(part.kept for part in parts), 'sample')} from files"
    recorder.store.record_additions(recorder.project_id, title, _merge_new_rows(parts))


def _merge_new_rows(parts: Sequence[Added]) -> dict[str, list[int]]:
    return {
        table: [row for part in parts for row in part.new.get(table, ())]
        for table in ("samples", "gestures", "persons")
    }


@contextmanager
def uploaded(name: str, content: bytes, folder: Path) -> Iterator[Path]:
    """An upload as a file for a while, in a folder of its own below `folder`: under its own name,
    so that errors call it what its sender does."""
    with uploaded_together([(name, content)], folder) as own:
        yield next(own.iterdir())


@contextmanager
def uploaded_together(
    uploads: Sequence[tuple[str, bytes]], folder: Path, name: str = "."
) -> Iterator[Path]:
    """Several of them, given as (name, content), in one folder of their own below `folder`.

    Args:
        name: of the folder, for errors.

    Raises:
        MediaError: two of one name, which would overwrite each other.
    """
    with TemporaryDirectory(prefix="upload-", dir=folder) as own:
        place = Path(own) / name
        place.mkdir(exist_ok=True)
        for called, content in uploads:
            safe = _UNSAFE.sub("_", called)[-_LONGEST:].lstrip(".") or "upload"
            if (place / safe).exists():
                raise MediaError(
                    f"two of the files are called {safe}: leave one out, or give a zip of their "
                    "folders"
                )
            (place / safe).write_bytes(content)
        yield place


def _suffix(upload: tuple[str, bytes]) -> str:
    return Path(upload[0]).suffix.lower()


def _scale_progress(
    progress: Callable[[float], None], done: int, part: int, count: int
) -> Callable[[float], None]:
    """Scale the progress of `part` of `count` uploads, of which `done` are done, to the whole."""
    return lambda share: progress((done + share * part) / count)


def _add_video(
    recorder: Recorder,
    gesture: Gesture,
    name: str,
    path: Path,
    estimator: Estimator,
    progress: Callable[[float], None],
) -> Added:
    known = recorder.store.stored_file_hashes(recorder.project_id)
    try:
        samples = file_samples(
            path, name, estimator, known, with_crop=recorder.with_pictures, progress=progress
        )
    except MudraError as error:
        return Added(0, ((name, str(error)),))
    if not samples:
        return Added(0, ((name, STORED),))
    ids = recorder.store.add_samples(recorder.begin_recording(gesture.id), samples)
    return Added(len(ids), new={"samples": ids})


def _add_zip(
    recorder: Recorder,
    project: Project,
    gesture: Gesture,
    name: str,
    path: Path,
    make_estimator: Callable[[], Estimator],
    progress: Callable[[float], None],
) -> Added:
    report, failed = ImportReport(), []
    try:
        with opened_folder(path) as folder:
            files = labelled_pictures(
                folder, {path.name: gesture.name}, name=path.name, videos=True
            )
            import_pictures(
                recorder.store,
                project,
                files,
                make_estimator,
                recorder.person,
                name,
                report,
                progress=lambda done, total: progress(done / total),
            )
    except MudraError as error:
        failed = [(name, str(error))]
    again = ((name, f"{report.already} files {STORED}"),) if report.already else ()
    return Added(report.added, (*report.refused, *again, *failed), report.new)


def record_frames(
    recorder: Recorder,
    gesture_id: int,
    frames: Iterable[Frame],
    estimator: Estimator,
    plan: Plan = CONTINUOUS,
    *,
    progress: Callable[[Progress, float], None] = lambda progress, time_s: None,
) -> Progress:
    """Record frames of a video or the local camera as one recording.

    Ends with the frames or the plan, whichever is first; an interrupt or an error keeps what was
    recorded.

    Args:
        progress: told after each frame how the recording stands, and the frame's time.
    """
    recorder.record(gesture_id, plan)
    try:
        for frame in frames:
            standing = recorder.offer(frame, estimator.estimate(frame), estimator.version)
            progress(standing, frame.time_s)
            if standing.state == "idle":
                break
    except KeyboardInterrupt:
        pass
    finally:  # also where the source breaks: what was kept is stored, and the writer ends
        taken = recorder.stop()
    return taken


def open_frames(source: str) -> Iterator[Frame]:
    """Read frames from `camera:N` of this machine, or from a video.

    Raises:
        MediaError: no such camera, or nothing that can be read.
    """
    number = source.removeprefix(_CAMERA)
    if number == source:
        if not Path(source).is_file():
            raise MediaError(f"no video at {source}: give a video, or camera:0 for a camera")
        return read_video(Path(source))
    if not number.isdigit():
        raise MediaError(f"“{source}” names no camera: write camera:0, camera:1 …")
    return read_camera(int(number))


def gesture_named(store: Store, project_id: int, text: str) -> Gesture:
    """Find a project's gesture by its name, or by an alias of a built-in gesture.

    Raises:
        NotFoundError: the project has no such gesture.
    """
    there = {gesture.name.casefold(): gesture for gesture in store.gestures(project_id)}
    for name in (safe_name(text), match_gesture(text) or ""):
        if name.casefold() in there:
            return there[name.casefold()]
    names = ", ".join(gesture.name for gesture in there.values())
    raise NotFoundError(f"no gesture “{text}” in the project; there are: {names}")
