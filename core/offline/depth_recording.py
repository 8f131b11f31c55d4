"""Hands that were found in depth become samples: keypoints in the picture and in metres, with a
crop of the depth in colours. And what a gesture model says of such a hand."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from core.depth.cubes import Cube
from core.depth.drawing import colour_depth
from core.depth.frames import DepthFrame, DepthSource
from core.errors import MediaError, SkeletonError
from core.estimators.depth_net import DepthNet
from core.gestures.labels import format_count
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.types import Estimate, Floats, Frame
from core.reading.depth_playback import DepthResult, DepthView, to_result
from core.reading.depth_reading import DepthReader, depth_estimate
from core.reading.reading import HandPrediction, predict_hands
from core.recording.imports.uploads import gesture_named
from core.recording.plans import Plan, Progress
from core.recording.recorder import Recorder
from core.recording.samples import judged, sample_of
from core.recording.stills import Added
from core.store import NewSample, Project, Store
from core.store.transfer import find_or_create_project

_AROUND_MM = 150.0  # before and behind a hand's middle: so far the colours of its crop reach


def check_takes_depth(project: Project, skeleton: str) -> None:
    """Whether hands of depth can go into a project.

    Raises:
        SkeletonError: it is of other keypoints, or learns from those in the picture.
    """
    if project.skeleton != skeleton:
        raise SkeletonError(
            f"this net finds {skeleton}, “{project.name}” takes {project.skeleton}: choose another "
            "net, or a project for them"
        )
    if not project.in_space:
        raise SkeletonError(
            f"“{project.name}” learns from keypoints in the picture, hands in depth are in space: "
            "choose a project of hands in space, or make one (New in the sidebar; project create "
            "NAME --in-space)"
        )


def coloured(frame: DepthFrame, cube: Cube | None, source: str = "") -> Frame:
    """A frame's depth in colours, which tell the depths about the hand apart."""
    middle = cube.centre_uvd[2] if cube else float(frame.depth_mm.max())
    rgb = colour_depth(frame.depth_mm, (middle - _AROUND_MM, middle + _AROUND_MM))
    return Frame(rgb, frame.time_s, frame.index, source)


def answer_to(view: DepthView, model: GestureModel, net: str) -> HandPrediction | None:
    """What a model says of a frame's hand; None where no keypoints were found.

    Args:
        net: that found them.

    Raises:
        ModelError: it knows other keypoints.
    """
    camera, found = view.camera, view.result
    size_hw = camera.height, camera.width
    estimate = depth_estimate(found.joints_mm, camera, net, found.skeleton, size_hw)
    return next(iter(predict_hands(model, estimate)), None)


def _estimate(frame: DepthFrame, found: DepthResult, net: str) -> Estimate:
    size_hw = frame.depth_mm.shape
    return depth_estimate(found.joints_mm, frame.camera, net, found.skeleton, size_hw, frame.time_s)


def add_from_depth(
    recorder: Recorder,
    gesture_id: int,
    frames: Iterable[tuple[DepthFrame, DepthResult]],
    net: str,
    *,
    source: str,
    rate_hz: float = 10.0,
) -> Added:
    """The hands of a part of a recording as samples of one gesture, without near-duplicates; one
    action that can be undone.

    Args:
        net: that found the keypoints.
        source: what the recording is called.
        rate_hz: at most so many a second of the recording.

    Raises:
        MediaError: no hand is in it.
    """
    new: list[NewSample] = []
    last: Floats | None = None
    next_s, refused = float("-inf"), Counter[str]()
    for frame, found in frames:
        if frame.time_s < next_s:
            continue
        estimate = _estimate(frame, found, net)
        pose = judged(estimate, last, recorder.limits)
        if isinstance(pose, str):
            refused[pose] += 1
            continue
        picture = coloured(frame, found.cube, source)
        new.append(sample_of(picture, pose, estimate, with_picture=recorder.with_pictures))
        last, next_s = pose.keypoints, frame.time_s + 0.7 / rate_hz  # half a frame early counts
    if not new:
        told = ", ".join(f"{reason} {n}" for reason, n in refused.items()) or "no frame"
        raise MediaError(f"nothing in these frames makes a sample ({told}): choose others")
    store = recorder.store
    ids = store.add_samples(recorder.begin_recording(gesture_id), new)
    title = f"Added {format_count(len(ids), 'sample')} from {source or 'depth'}"
    store.record_additions(recorder.project_id, title, {"samples": ids})
    return Added(len(ids), tuple((f"{n} frames", reason) for reason, n in refused.items()))


def record_depth(
    store: Store,
    project: str,
    gesture: str,
    source: DepthSource,
    reader: DepthReader,
    net: DepthNet,
    plan: Plan,
    *,
    person: str = "me",
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Record from a source of depth into a project, which is made where it is missing; ends with
    the source or the plan, whichever is first. An interrupt or an error keeps what was recorded.

    Args:
        reader: with that net.

    Raises:
        SkeletonError: the project takes no hands in depth of this net.
        NotFoundError: the project has no such gesture.
        MediaError: a frame that can't be read.
    """
    with find_or_create_project(store, project, net.skeleton, in_space=True) as (found, _):
        check_takes_depth(found, net.skeleton)
        chosen = gesture_named(store, found.id, gesture)
        pictures = not found.keypoints_only
        recorder = Recorder(store, found.id, person, source=source.name, with_pictures=pictures)
        recorder.record(chosen.id, plan)
        try:
            for frame in source:
                hand = to_result(reader.read(frame))
                standing = offer(recorder, frame, hand, net.name, source=source.name)
                progress(standing)
                if standing.state == "idle":
                    break
        except KeyboardInterrupt:
            pass
        finally:
            taken = recorder.stop()
        return taken


def offer(
    recorder: Recorder,
    frame: DepthFrame,
    found: DepthResult,
    net: str,
    *,
    source: str = "",
    time_s: float | None = None,
) -> Progress:
    """As `Recorder.offer`, of a frame of depth.

    Args:
        time_s: the frame's, on the recorder's clock; None: as the frame says.
    """
    frame = frame if time_s is None else replace(frame, time_s=time_s)
    return recorder.offer(coloured(frame, found.cube, source), _estimate(frame, found, net))
