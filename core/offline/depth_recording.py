"""Uploaded depth recordings, and hands in depth → samples and gesture predictions. A sample has
keypoints in the picture and in metres, and a crop of the coloured depth."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.depth.drawing import colour_depth
from core.depth.frames import DepthFrame, DepthSource
from core.depth.io.recordings import open_depth
from core.errors import MediaError, SkeletonError
from core.estimators.depth_nets import DepthNet
from core.gestures.labels import format_count
from core.gestures.modelfile.gesture_model import GestureModel
from core.media.archives import unpack_zip
from core.pose.types import Floats, Frame
from core.progress import Progress, ignore_progress
from core.reading.depth_playback import DepthView
from core.reading.depth_reading import DepthReader, DepthReading
from core.reading.reading import HandPrediction, predict_hands
from core.recording.imports.uploads import temporary_uploads
from core.recording.plans import Plan, RecordingStatus
from core.recording.recorder import Recorder
from core.recording.samples import AddReport, make_sample, select_valid_pose
from core.recording.sources import find_gesture
from core.store import NewSample, Project, Store
from core.store.transfer import find_or_create_project
from core.words import count_words, join_words, words

_COLOUR_RANGE_MM = 150.0  # before and behind the hand's centre, of a crop's colours
_MIN_INTERVAL_S = 0.07  # between samples: 10 a second, where half a frame early counts
_FRAME_SUFFIXES = (".png", ".bin")
_FILES_TITLE = "the files"


def check_takes_depth(project: Project, skeleton: str) -> None:
    """Raise SkeletonError if a project doesn't accept depth hands of this skeleton."""
    if project.skeleton != skeleton:
        raise SkeletonError(
            words(
                "this net finds {skeleton}, “{project}” takes {own}: choose another net, or a "
                "project for them",
                skeleton=skeleton,
                project=project.name,
                own=project.skeleton,
            )
        )
    if not project.in_space:
        raise SkeletonError(
            words(
                "“{project}” is a 2-D project: to record depth hands, choose a 3-D project, or "
                "create one with New in the sidebar",
                project=project.name,
            )
        )


def to_colour_frame(frame: DepthFrame, cube: Cube | None, source: str = "") -> Frame:
    """Colour a depth frame, from 150 mm in front of the hand to 150 mm behind it."""
    centre_mm = cube.centre_uvd[2] if cube else float(frame.depth_mm.max())
    reach = (centre_mm - _COLOUR_RANGE_MM, centre_mm + _COLOUR_RANGE_MM)
    return Frame(colour_depth(frame.depth_mm, reach), frame.time_s, frame.index, source)


def predict_depth_hand(view: DepthView, model: GestureModel, net: str) -> HandPrediction | None:
    """Predict the gesture of the hand in a depth view, located by the named net; None if there are
    no keypoints. Raise ModelError if the model wasn't trained on this net's keypoints."""
    estimate = view.result.to_estimate(view.camera, net)
    return next(iter(predict_hands(model, estimate)), None)


def add_depth_samples(
    recorder: Recorder,
    gesture_id: int,
    frames: Iterable[tuple[DepthFrame, DepthReading]],
    net: str,
    *,
    source: str,
) -> AddReport:
    """Add the valid hands of depth frames, located by the named net, as samples of a gesture, at
    most 10 per second. Skip near-duplicates; one undo removes all. Raise MediaError if no sample is
    added."""
    new: list[NewSample] = []
    last: Floats | None = None
    next_s, skipped = float("-inf"), Counter[str]()
    for frame, result in frames:
        if frame.time_s < next_s:
            continue
        estimate = result.to_estimate(frame.camera, net, frame.time_s)
        pose = select_valid_pose(estimate, last)
        if isinstance(pose, str):
            skipped[pose] += 1
            continue
        picture = to_colour_frame(frame, result.cube, source)
        new.append(make_sample(picture, pose, estimate, with_picture=recorder.with_pictures))
        last, next_s = pose.keypoints, frame.time_s + _MIN_INTERVAL_S
    if not new:
        counts = [words("{reason} {n}", reason=reason, n=n) for reason, n in skipped.items()]
        reasons = join_words(counts) or words("no frame")
        raise MediaError(
            words(
                "nothing in these frames makes a sample ({reasons}): choose others", reasons=reasons
            )
        )
    store = recorder.store
    ids = store.add_samples(recorder.create_recording(gesture_id), new)
    title = f"Added {format_count(len(ids), 'sample')} from {source or 'depth'}"
    store.record_additions(recorder.project_id, title, {"samples": ids})
    report = AddReport(len(ids))
    for reason, n in skipped.items():
        report.skipped.append((count_words(n, "{n:,} frame", "{n:,} frames"), reason))
    return report


def record_depth_samples(
    store: Store,
    project: str,
    gesture: str,
    source: DepthSource,
    reader: DepthReader,
    net: DepthNet,
    plan: Plan,
    *,
    person: str = "me",
    progress: Progress = ignore_progress,
) -> RecordingStatus:
    """Record a depth source's hands as samples until the source or the plan ends, creating the
    project if needed. An interrupt keeps what was recorded.

    Args:
        reader: with that net.
        progress: reports the samples recorded so far.

    Raises:
        MudraError: the project has other keypoints, the gesture is unknown, or a frame is invalid.
    """
    with find_or_create_project(store, project, net.skeleton, in_space=True) as (found, _):
        check_takes_depth(found, net.skeleton)
        chosen = find_gesture(store, found.id, gesture)
        pictures = not found.keypoints_only
        recorder = Recorder(store, found.id, person, source=source.name, with_pictures=pictures)
        recorder.start(chosen.id, plan)
        try:
            for frame in source:
                result = reader.read(frame)
                state = offer_depth_frame(recorder, frame, result, net.name, source=source.name)
                progress(state.saved, plan.count)
                if state.state == "idle":
                    break
        except KeyboardInterrupt:
            pass
        finally:
            final = recorder.stop()
        return final


def offer_depth_frame(
    recorder: Recorder,
    frame: DepthFrame,
    result: DepthReading,
    net: str,
    *,
    source: str = "",
    time_s: float | None = None,
) -> RecordingStatus:
    """Pass a depth frame and its hand to the recorder; return the recording's status. `time_s` is
    the frame's time by the recorder's clock (None: the frame's own time)."""
    frame = frame if time_s is None else replace(frame, time_s=time_s)
    picture = to_colour_frame(frame, result.cube, source)
    return recorder.offer(picture, result.to_estimate(frame.camera, net, frame.time_s))


@contextmanager
def open_uploaded_recording(
    uploads: Sequence[tuple[str, bytes]], folder: Path, camera: Camera | None = None
) -> Iterator[DepthSource]:
    """Open the depth recording in untrusted uploads (name, content); delete the files at the end
    of the `with` block.

    Args:
        folder: a temporary one.
        camera: that recorded it; None: read from the recording.

    Raises:
        MudraError: the recording can't be read, or the zip is unsafe.
    """
    with ExitStack() as stack:
        own = stack.enter_context(temporary_uploads(uploads, folder, _FILES_TITLE))
        first = next(own.iterdir())
        if len(uploads) == 1 and first.suffix.lower() == ".zip":
            path = _unpack_recording_zip(first)
        elif len(uploads) == 1 and first.suffix.lower() not in _FRAME_SUFFIXES:
            path = first
        else:
            path = own
        yield stack.enter_context(open_depth(path, camera=camera))


def _unpack_recording_zip(path: Path) -> Path:
    """Unpack a zip beside itself and delete it; return the only folder in it, or the folder that
    it was unpacked to."""
    target = path.with_suffix("")
    target.mkdir()
    with unpack_zip(path) as content:
        for item in content.iterdir():
            shutil.move(item, target)
    path.unlink()
    items = [item for item in target.iterdir() if not item.name.startswith(("__MACOSX", "."))]
    return items[0] if len(items) == 1 and items[0].is_dir() else target
