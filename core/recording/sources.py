"""Record from a camera of this machine or from a video."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import MediaError, NotFoundError
from core.estimators import Estimator
from core.files import printable
from core.gestures.data import UNKNOWN_PERSON
from core.gestures.labels import match_gesture, safe_name
from core.media.videos import read_camera, read_video
from core.pose.types import Frame
from core.progress import Progress, ignore_progress
from core.recording.plans import CONTINUOUS, Plan, RecordingStatus
from core.recording.recorder import Recorder
from core.store import Gesture, Store
from core.store.transfer import find_or_create_project

_CAMERA = "camera:"


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
    progress: Progress = ignore_progress,
) -> RecordingStatus:
    """Record a gesture from `camera:N` or a video file into a project (created if missing).

    Args:
        seconds: maximum duration; None: until the video ends, or Ctrl-C.
        person: who shows it; None: “me” in front of a camera, unknown in a video.

    Raises:
        NotFoundError: the project has no such gesture.
        MediaError: no such camera, or an unreadable file.
    """
    frames = open_frames(source)
    with find_or_create_project(store, project, estimator.skeleton) as (found, _):
        gesture_id = find_gesture(store, found.id, gesture).id
        is_camera = source.startswith(_CAMERA)
        recorder = Recorder(
            store,
            found.id,
            person or ("me" if is_camera else UNKNOWN_PERSON),
            source=source if is_camera else f"import {printable(Path(source).name)}",
            with_pictures=not found.keypoints_only,
        )
        plan = Plan(length_s=seconds, rate_hz=rate_hz)
        return record_frames(recorder, gesture_id, frames, estimator, plan, progress=progress)


def record_frames(
    recorder: Recorder,
    gesture_id: int,
    frames: Iterable[Frame],
    estimator: Estimator,
    plan: Plan = CONTINUOUS,
    *,
    progress: Progress = ignore_progress,
) -> RecordingStatus:
    """Estimate and record frames as one recording until frames or plan end; Ctrl-C ends it early
    and keeps the samples. Report the number of saved samples after each frame."""
    recorder.start(gesture_id, plan)
    try:
        for frame in frames:
            status = recorder.offer(frame, estimator.estimate(frame), estimator.version)
            progress(status.saved)
            if status.state == "idle":
                break
    except KeyboardInterrupt:
        pass
    finally:
        status = recorder.stop()
    return status


def open_frames(source: str) -> Iterator[Frame]:
    """Open this machine's `camera:N` or a video file and iterate over the frames; raise MediaError
    if there is no such camera or the file is unreadable."""
    number = source.removeprefix(_CAMERA)
    if number == source:
        if not Path(source).is_file():
            raise MediaError(f"no video at {source}: give a video, or camera:0 for a camera")
        return read_video(Path(source))
    if not number.isdigit():
        raise MediaError(f"“{source}” is not a camera: write camera:0, camera:1 …")
    return read_camera(int(number))


def find_gesture(store: Store, project_id: int, name: str) -> Gesture:
    """Find a project's gesture by name, ignoring case, or by a built-in gesture's alias or emoji;
    raise NotFoundError if there is none."""
    gestures = {gesture.name.casefold(): gesture for gesture in store.gestures(project_id)}
    for candidate in (safe_name(name), match_gesture(name) or ""):
        if candidate.casefold() in gestures:
            return gestures[candidate.casefold()]
    names = ", ".join(gesture.name for gesture in gestures.values())
    raise NotFoundError(f"no gesture “{name}” in the project; there are: {names}")
