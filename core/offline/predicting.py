"""Predict gestures in pictures, videos and a camera: as JSON records and as annotated files."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.coco import PersonBoxes, read_person_boxes
from core.errors import EstimatorError, MediaError
from core.estimators import Estimator
from core.estimators.heatmap_bodies import HeatmapBodies
from core.gestures.labels import NONE
from core.gestures.modelfile.gesture_model import GestureModel
from core.media.pictures import PICTURE_SUFFIXES, read_picture, write_picture
from core.media.videos import VIDEO_SUFFIXES, VideoWriter, read_camera, read_video, video_info
from core.pose.drawing.heatmap_layout import VIEWS, Maps
from core.pose.drawing.heatmaps import draw_with_heatmaps
from core.pose.skeletons.table import skeleton_named
from core.pose.tracking import PoseTracker
from core.pose.types import Estimate, Frame, Picture, Pose
from core.progress import Progress, ignore_progress
from core.reading.reading import HandPrediction, predict_hands

_CAMERA = "camera:"
_FORGET_S = 1.0  # a person hidden for longer gets a new number
_CAMERA_FPS = 15.0


@dataclass(frozen=True, eq=False)
class FramePrediction:
    """A frame, its poses, and the model's prediction for each."""

    frame: Frame
    estimate: Estimate
    predictions: list[HandPrediction]  # in the poses' order; empty ones without a model
    maps: str = "single"  # how `picture` shows a net's heatmaps, one of `heatmap_layout.VIEWS`
    stages: int = 0  # number of the net's stages, 0 without a net
    attends: tuple[str, ...] = ()  # names of the net's attention maps

    def record(self) -> dict[str, Any]:
        """Convert the frame's predictions to the command line's JSON. A rejected hand has the
        gesture "none", and its most probable gesture as `likeliest`."""
        poses = self.estimate.poses
        persons = [{"person": number} for number in self.estimate.numbers] or [{}] * len(poses)
        hands = zip(persons, poses, self.predictions, strict=True)
        is_hand = skeleton_named(self.estimate.skeleton).is_hand
        return ({} if is_hand else {"skeleton": self.estimate.skeleton}) | {
            "source": self.frame.source,
            "frame": self.frame.index,
            "time_s": round(self.frame.time_s, 4),
            "hands": [person | _hand_record(pose, result) for person, pose, result in hands],
        }

    def picture(self) -> Picture:
        """Draw skeletons and gesture names, mirrored if the viewer saw it mirrored."""
        gestures = [prediction.gesture for prediction in self.predictions]
        return draw_with_heatmaps(
            self.frame.rgb,
            self.estimate,
            Maps(self.maps),
            self.stages,
            attention_names=self.attends,
            labels=[_prediction_label(prediction) for prediction in self.predictions],
            emoji=[gesture.emoji if gesture else "" for gesture in gestures],
            mirror=self.frame.mirrored_view,
        )

    @property
    def confidence(self) -> float:
        """Return a value to rank views by: of the best hand, its probability (less 1 if rejected)
        plus a hundredth of its detection score; -1 for no hands."""
        probabilities = [p.likeliest[1] - p.rejected for p in self.predictions]
        scores = [pose.score for pose in self.estimate.poses]
        ranks = (s * 0.01 + p for s, p in zip(scores, probabilities, strict=True))
        return max(ranks, default=-1.0)


def _prediction_label(prediction: HandPrediction) -> str:
    """Return the label to draw: “fist 97 %”, “no gesture” if rejected, "" if there is no model."""
    likeliest, probability = prediction.likeliest
    if likeliest is None:
        return ""
    return "no gesture" if prediction.rejected else f"{likeliest.name} {100 * probability:.0f} %"


def _hand_record(pose: Pose, prediction: HandPrediction) -> dict[str, Any]:
    """Convert one hand's pose and prediction to the command line's JSON."""
    likeliest, probability = prediction.likeliest
    name = likeliest.name if likeliest else None
    keypoints = [[float(v) if np.isfinite(v) else None for v in xy] for xy in pose.keypoints]
    extra: dict[str, Any] = {"half": True} if prediction.half else {}
    if pose.visibility is not None:
        extra["visibility"] = [round(value, 4) for value in pose.visibility.tolist()]
    return extra | {
        "gesture": NONE.name if prediction.rejected else name,
        "likeliest": name,
        "probability": probability if likeliest else None,
        "rejected": prediction.rejected,
        "rejection": prediction.rejection if likeliest else None,
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
    progress: Progress = ignore_progress,
) -> Iterator[FramePrediction]:
    """Yield the predictions for a picture, each picture in a folder, or each frame of a video or
    `camera:N`.

    Args:
        model: None: only keypoints are found.
        out: for annotated copies: a file for a picture, a folder for a folder, a .webm for a video
            or camera.
        maps: how annotated copies show heatmaps, one of `heatmap_layout.VIEWS`.
        seconds: length of the camera's recording; None: until the caller stops.
        name: of the file, in records and errors; "": its own name.
        boxes: file of detections or COCO annotations with people's boxes in pictures.

    Raises:
        MudraError: the input can't be read, or `out` can't be written.
    """
    if model is not None:
        model.check_estimator(estimator.name, estimator.skeleton)
    if maps not in VIEWS:
        raise MediaError(f"no view “{maps}” of heatmaps, there are: {', '.join(VIEWS)}")
    predictor = _Predictor(model, estimator, maps, _read_boxes(boxes, source, estimator))
    path = Path(source)
    if source.startswith(_CAMERA):
        number = source.removeprefix(_CAMERA)
        if not number.isdigit():
            raise MediaError(f"“{source}” names no camera: write camera:0, camera:1 …")
        frames = read_camera(int(number))
        yield from _predict_stream(frames, predictor, out, _CAMERA_FPS, progress, seconds=seconds)
    elif path.is_dir():
        yield from _predict_folder(path, predictor, out, progress)
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        info, frames = video_info(path, name=name), read_video(path, name=name)
        copy_name = f"the annotated copy of {name}" if name else ""
        yield from _predict_stream(
            frames, predictor, out, info.fps, progress, total=info.frames, name=copy_name
        )
    else:
        if not path.is_file():
            raise MediaError(f"{path} does not exist: give a picture, folder, video or camera:0")
        result = predictor.predict_still(path, name)
        if out is not None:
            write_picture(result.picture(), out)
        progress(1, 1)
        yield result


@dataclass(frozen=True, eq=False)
class _Predictor:
    """An estimator and a model, with the tracks of people."""

    model: GestureModel | None
    estimator: Estimator
    maps: str
    boxes: PersonBoxes | None = None
    tracks: PoseTracker = field(default_factory=lambda: PoseTracker(_FORGET_S))

    def predict_estimate(self, frame: Frame, estimate: Estimate) -> FramePrediction:
        """Predict the gesture of each pose of an estimate; bodies get track numbers."""
        predictions = predict_hands(self.model, estimate)
        if skeleton_named(estimate.skeleton).is_body:
            numbers = self.tracks(estimate.poses, estimate.time_s, estimate.skeleton)
            estimate = replace(estimate, numbers=tuple(numbers))
        net = self.estimator
        return FramePrediction(frame, estimate, predictions, self.maps, net.stages, net.attends)

    def predict_still(self, path: Path, name: str = "") -> FramePrediction:
        """Read a picture and predict its gestures, using people's boxes if they were given."""
        frame = Frame(read_picture(path, name=name), source=name or path.name)
        self.tracks.forget()
        if self.boxes is None:
            return self.predict_estimate(frame, self.estimator.estimate_still(frame.rgb))
        assert isinstance(self.estimator, HeatmapBodies)
        boxes = self.boxes.find_boxes(path.name, frame.size_hw)
        return self.predict_estimate(frame, self.estimator.estimate_boxes(frame.rgb, boxes))


def _read_boxes(path: Path | None, source: str, estimator: Estimator) -> PersonBoxes | None:
    """Read people's boxes, if given; raise MudraError if estimator or source can't use them."""
    if path is None:
        return None
    if not isinstance(estimator, HeatmapBodies):
        raise EstimatorError(
            f"{estimator.name} looks for people by itself: boxes go with a heatmap net of bodies"
        )
    if source.startswith(_CAMERA) or Path(source).suffix.lower() in VIDEO_SUFFIXES:
        raise MediaError(f"boxes go with pictures, {source} is none: leave them out")
    return read_person_boxes(path)


def _predict_folder(
    folder: Path, predictor: _Predictor, out: Path | None, progress: Progress
) -> Iterator[FramePrediction]:
    """Predict each picture of a folder, writing annotated copies if `out` is given."""
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURE_SUFFIXES]
    if not paths:
        raise MediaError(f"no pictures ({', '.join(PICTURE_SUFFIXES)}) in {folder}")
    for number, path in enumerate(paths, 1):
        name = path.relative_to(folder)
        result = predictor.predict_still(path, name.as_posix())
        if out is not None:
            target = out / name.with_suffix(".png" if path.suffix.lower() == ".png" else ".jpg")
            target.parent.mkdir(parents=True, exist_ok=True)
            write_picture(result.picture(), target)
        progress(number, len(paths))
        yield result


def _predict_stream(
    frames: Iterator[Frame],
    predictor: _Predictor,
    out: Path | None,
    fps: float,
    progress: Progress,
    *,
    total: int | None = None,
    seconds: float | None = None,
    name: str = "",
) -> Iterator[FramePrediction]:
    """Predict the frames of a video or camera, writing an annotated video if `out` is given."""
    writer: VideoWriter | None = None
    with ExitStack() as stack:
        for number, frame in enumerate(frames, 1):
            result = predictor.predict_estimate(frame, predictor.estimator.estimate(frame))
            if out is not None:
                picture = result.picture()
                size_hw = (picture.shape[0], picture.shape[1])
                writer = writer or stack.enter_context(VideoWriter(out, fps, size_hw, name=name))
                writer.write(picture)
            progress(number, total)
            yield result
            if seconds is not None and frame.time_s >= seconds:
                break
