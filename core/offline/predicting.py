"""Gestures in pictures, videos and a camera, as plain records and as annotated files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.person_boxes import PersonBoxes, read_person_boxes
from core.errors import EstimatorError, MediaError
from core.estimators import Estimator
from core.estimators.heatmap_bodies import HeatmapBodies
from core.gestures.labels import NONE
from core.gestures.modelfile.gesture_model import GestureModel
from core.media.cameras import read_camera
from core.media.pictures import PICTURE_SUFFIXES, read_picture, write_picture
from core.media.videos import VIDEO_SUFFIXES, VideoWriter, read_video, video_info
from core.pose.drawing.heatmap_layout import VIEWS, Maps
from core.pose.drawing.heatmaps import draw_with_maps
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import Tracks
from core.pose.types import Estimate, Frame, Picture
from core.reading.reading import HandPrediction, predict_hands

_CAMERA = "camera:"
_FORGET_S = 1.0  # who was hidden for so long is somebody else
_CAMERA_FPS = 15.0

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, eq=False)
class Recognised:
    """A frame, what was found in it, and what the model says of each hand.

    Attributes:
        predictions: one a hand, in the poses' order; empty ones without a model.
        maps: how `picture` shows a heatmap net's maps, one of `heatmap_layout.VIEWS`.
        stages: of that net, 0 without.
        attends: the names of what it attends to.
    """

    frame: Frame
    estimate: Estimate
    predictions: list[HandPrediction]
    maps: str = "single"
    stages: int = 0
    attends: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As the command line's JSON says it: a hand that is out of distribution has the gesture
        "none"; what it looks most like, and how probably, stands beside. Of a body it says, too,
        which person it is from frame to frame, and how surely each keypoint is seen."""
        poses = self.estimate.poses
        persons = [{"person": number} for number in self.estimate.numbers] or [{}] * len(poses)
        hands = zip(persons, poses, self.predictions, strict=True)
        hand = skeleton_named(self.estimate.skeleton).is_hand
        return ({} if hand else {"skeleton": self.estimate.skeleton}) | {
            "source": self.frame.source,
            "frame": self.frame.index,
            "time_s": round(self.frame.time_s, 4),
            "hands": [person | _hand(pose, answer) for person, pose, answer in hands],
        }

    def picture(self) -> Picture:
        """The frame with skeletons and names, mirrored where the viewer saw it so."""
        shown = [answer.gesture for answer in self.predictions]
        return draw_with_maps(
            self.frame.rgb,
            self.estimate,
            Maps(self.maps),
            self.stages,
            attends=self.attends,
            labels=[_plate(answer) for answer in self.predictions],
            emoji=[gesture.emoji if gesture else "" for gesture in shown],
            mirror=self.frame.mirrored_view,
        )


def _plate(answer: HandPrediction) -> str:
    """What stands beside a hand in an annotated picture."""
    likeliest, probability = answer.likeliest
    if likeliest is None:
        return ""
    return "no gesture" if answer.rejected else f"{likeliest.name} {100 * probability:.0f} %"


def _hand(pose: Any, answer: HandPrediction) -> dict[str, Any]:
    likeliest, probability = answer.likeliest
    name = likeliest.name if likeliest else None
    keypoints = [[float(v) if np.isfinite(v) else None for v in xy] for xy in pose.keypoints]
    more: dict[str, Any] = {"half": True} if answer.half else {}  # of a model of whole bodies
    if pose.visibility is not None:
        more["visibility"] = [round(value, 4) for value in pose.visibility.tolist()]
    return more | {
        "gesture": NONE.name if answer.rejected else name,
        "likeliest": name,
        "probability": probability if likeliest else None,
        "rejected": answer.rejected,
        "rejection": answer.rejection if likeliest else None,
        "handedness": pose.handedness,
        "score": pose.score,
        "keypoints": keypoints,
    }


def predict(
    source: str,
    model: GestureModel | None,
    estimator: Estimator,
    *,
    out: Path | None = None,
    maps: str = "single",
    seconds: float | None = None,
    name: str = "",
    boxes: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[Recognised]:
    """What is seen in a picture, a folder of pictures, a video or `camera:N`, frame by frame.

    Args:
        model: None finds the keypoints alone.
        out: where annotated pictures go (a file for a picture, a folder for a folder, a .webm for
            a video or camera).
        maps: what the annotated copy shows of heatmaps, one of `heatmap_layout.VIEWS`.
        seconds: the camera ends after so long; None: when the caller stops asking.
        name: what to call a file in records and errors; "": as it is called.
        boxes: a detections file or COCO annotations, which say where the people are in pictures.

    Raises:
        MudraError: nothing there that can be read, or a place that can't be written.
    """
    if model is not None:
        model.check_estimator(estimator.name, estimator.skeleton)
    if maps not in VIEWS:
        raise MediaError(f"no view “{maps}” of heatmaps, there are: {', '.join(VIEWS)}")
    inference = _Inference(model, estimator, maps, _boxes(boxes, source, estimator))
    progress = progress or (lambda done, total: None)
    if source.startswith(_CAMERA):
        yield from _camera(source, inference, out, seconds, progress)
        return
    path = Path(source)
    if path.is_dir():
        yield from _folder(path, inference, out, progress)
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        yield from _video(path, inference, out, name, progress)
    else:
        if not path.is_file():
            raise MediaError(f"{path} does not exist: give a picture, folder, video or camera:0")
        found = inference.still(path, name)
        if out is not None:
            write_picture(found.picture(), out)
        progress(1, 1)
        yield found


@dataclass(frozen=True, eq=False)
class _Inference:
    """How frames are read."""

    model: GestureModel | None
    estimator: Estimator
    maps: str
    boxes: PersonBoxes | None = None
    tracks: Tracks = field(default_factory=lambda: Tracks(_FORGET_S))

    def recognised(self, frame: Frame, estimate: Estimate) -> Recognised:
        found = predict_hands(self.model, estimate)
        if skeleton_named(estimate.skeleton).is_body:
            estimate = replace(estimate, numbers=self._numbers(estimate))
        made = self.estimator
        return Recognised(frame, estimate, found, self.maps, made.stages, made.attends)

    def _numbers(self, estimate: Estimate) -> tuple[int, ...]:
        """Who is who among the people."""
        return tuple(self.tracks(estimate.poses, estimate.time_s, estimate.skeleton))

    def next(self, frame: Frame) -> Recognised:
        """A frame of a stream."""
        return self.recognised(frame, self.estimator.estimate(frame))

    def still(self, path: Path, name: str = "") -> Recognised:
        """A picture that stands alone."""
        frame = Frame(read_picture(path, name=name), source=name or path.name)
        self.tracks.forget()
        if self.boxes is None:
            return self.recognised(frame, self.estimator.estimate_still(frame.rgb))
        assert isinstance(self.estimator, HeatmapBodies)
        there = self.boxes.of(path.name, frame.size_hw)
        return self.recognised(frame, self.estimator.estimate_boxes(frame.rgb, there))


def _boxes(path: Path | None, source: str, estimator: Estimator) -> PersonBoxes | None:
    """The boxes of a file, where there is one and the estimator takes them."""
    if path is None:
        return None
    if not isinstance(estimator, HeatmapBodies):
        raise EstimatorError(
            f"{estimator.name} looks for people by itself: boxes go with a heatmap net of bodies"
        )
    if source.startswith(_CAMERA) or Path(source).suffix.lower() in VIDEO_SUFFIXES:
        raise MediaError(f"boxes go with pictures, {source} is none: leave them out")
    return read_person_boxes(path)


def _folder(
    folder: Path, inference: _Inference, out: Path | None, progress: Progress
) -> Iterator[Recognised]:
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURE_SUFFIXES]
    if not paths:
        raise MediaError(f"no pictures ({', '.join(PICTURE_SUFFIXES)}) in {folder}")
    for number, path in enumerate(paths, 1):
        name = path.relative_to(folder)
        found = inference.still(path, name.as_posix())
        if out is not None:
            target = out / name.with_suffix(".png" if path.suffix.lower() == ".png" else ".jpg")
            target.parent.mkdir(parents=True, exist_ok=True)
            write_picture(found.picture(), target)
        progress(number, len(paths))
        yield found


def _video(
    path: Path, inference: _Inference, out: Path | None, name: str, progress: Progress
) -> Iterator[Recognised]:
    info = video_info(path, name=name)
    frames = map(inference.next, read_video(path, name=name))
    copy = f"the annotated copy of {name}" if name else ""
    for number, found in enumerate(_written(frames, out, info.fps, copy), 1):
        progress(number, info.frames)
        yield found


def _camera(
    source: str, inference: _Inference, out: Path | None, seconds: float | None, progress: Progress
) -> Iterator[Recognised]:
    number = source.removeprefix(_CAMERA)
    if not number.isdigit():
        raise MediaError(f"“{source}” names no camera: write camera:0, camera:1 …")
    stream = read_camera(int(number))
    frames = map(inference.next, stream)
    for count, found in enumerate(_written(frames, out, _CAMERA_FPS), 1):
        progress(count, None)
        yield found
        if seconds is not None and found.frame.time_s >= seconds:
            break


def _written(
    frames: Iterator[Recognised], out: Path | None, fps: float, name: str = ""
) -> Iterator[Recognised]:
    """The frames, on their way past written as a video."""
    with ExitStack() as stack:
        writer: VideoWriter | None = None
        for found in frames:
            if out is not None:
                picture = found.picture()
                size_hw = (picture.shape[0], picture.shape[1])
                writer = writer or stack.enter_context(VideoWriter(out, fps, size_hw, name=name))
                writer.write(picture)
            yield found
