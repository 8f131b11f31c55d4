"""Takes from frames that come by themselves: a video, or a camera of this machine."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from core.errors import MediaError, NotFoundError
from core.estimators import Estimator
from core.gestures.labels import match_gesture, safe_name
from core.media.cameras import read_camera
from core.media.videos import read_video
from core.pose.structures import Frame
from core.studio.recording import CONTINUOUS, Plan, Progress, Recorder
from core.studio.store import Gesture, Store

VIDEO_RATE_HZ = 5.0  # of a video's frames so many a second: its neighbours hardly differ
_CAMERA = "camera:"

Tell = Callable[[Progress, float], None]


def record_source(
    store: Store,
    project: str,
    gesture: str,
    source: str,
    estimator: Estimator,
    *,
    seconds: float | None = None,
    rate_hz: float = 10.0,
    person: str = "me",
    tell: Tell = lambda progress, time_s: None,
) -> Progress:
    """Record from `camera:N` or a video into a project, which is made where it is missing.

    Args:
        seconds: the take ends after so long; None: with the video, or by Ctrl-C.

    Raises:
        NotFoundError: the project has no such gesture.
        MediaError: no such camera, or nothing that can be read.
    """
    frames = _frames(source)
    try:
        project_id = store.project(project).id
    except NotFoundError:
        project_id = store.create_project(project).id
    chosen = _gesture(store, project_id, gesture)
    recorder = Recorder(store, project_id, person, source=source)
    plan = Plan(length_s=seconds, rate_hz=rate_hz)
    return record_frames(recorder, chosen.id, frames, estimator, plan, tell=tell)


def record_frames(
    recorder: Recorder,
    gesture_id: int,
    frames: Iterable[Frame],
    estimator: Estimator,
    plan: Plan = CONTINUOUS,
    *,
    tell: Callable[[Progress, float], None] = lambda progress, time_s: None,
) -> Progress:
    """One take from frames that come by themselves: of a video, or of the local camera.

    Ends with the frames or the plan, whichever is first; an interrupt keeps what was recorded.

    Args:
        tell: told after each frame how the take stands, and the frame's time.
    """
    recorder.record(gesture_id, plan)
    try:
        for frame in frames:
            progress = recorder.offer(frame, estimator.estimate(frame), estimator.version)
            tell(progress, frame.time_s)
            if progress.state == "idle":
                break
    except KeyboardInterrupt:
        pass
    return recorder.stop()


def _frames(source: str) -> Iterator[Frame]:
    number = source.removeprefix(_CAMERA)
    if number == source:
        if not Path(source).is_file():
            raise MediaError(f"no video at {source}: give a video, or camera:0 for a camera")
        return read_video(Path(source))
    if not number.isdigit():
        raise MediaError(f"“{source}” names no camera: write camera:0, camera:1 …")
    return read_camera(int(number))


def _gesture(store: Store, project_id: int, text: str) -> Gesture:
    """By its own name, or by what the eight are also called."""
    there = {gesture.name.casefold(): gesture for gesture in store.gestures(project_id)}
    for name in (safe_name(text), match_gesture(text) or ""):
        if name.casefold() in there:
            return there[name.casefold()]
    names = ", ".join(gesture.name for gesture in there.values())
    raise NotFoundError(f"no gesture “{text}” in the project; there are: {names}")
