"""Gestures in pictures, videos and a camera, as plain records and as annotated files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import MediaError
from core.estimators import Estimator
from core.gestures.labels import NONE
from core.gestures.model import GestureModel
from core.media.cameras import read_camera
from core.media.pictures import PICTURE_SUFFIXES, read_picture, write_picture
from core.media.videos import VIDEO_SUFFIXES, VideoWriter, read_video, video_info
from core.pose.drawing import draw_estimate
from core.pose.structures import Estimate, Frame, Picture
from core.studio.live import Probabilities, probabilities

_CAMERA = "camera:"
_CAMERA_FPS = 15.0

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, eq=False)
class Recognised:
    """A frame, what was found in it, and each hand's gestures with their probabilities."""

    frame: Frame
    estimate: Estimate
    rows: list[Probabilities]

    def record(self) -> dict[str, Any]:
        """As the command line's JSON says it."""
        hands = zip(self.estimate.poses, self.rows, strict=True)
        return {
            "source": self.frame.source,
            "frame": self.frame.index,
            "time_s": round(self.frame.time_s, 4),
            "hands": [_hand(pose, row) for pose, row in hands],
        }

    def picture(self) -> Picture:
        """The frame with skeletons and names, mirrored where the viewer saw it so."""
        best = [max(row, key=lambda pair: pair[1]) for row in self.rows]
        return draw_estimate(
            self.frame.rgb,
            self.estimate,
            labels=[f"{gesture.name} {100 * p:.0f} %" for gesture, p in best],
            emoji=[gesture.emoji if gesture != NONE else "" for gesture, _ in best],
            mirror=self.frame.mirrored_view,
        )


def _hand(pose: Any, row: Probabilities) -> dict[str, Any]:
    gesture, probability = max(row, key=lambda pair: pair[1])
    keypoints = [[float(v) if np.isfinite(v) else None for v in xy] for xy in pose.keypoints]
    return {
        "gesture": gesture.name,
        "probability": probability,
        "handedness": pose.handedness,
        "score": pose.score,
        "keypoints": keypoints,
    }


def predict(
    source: str,
    model: GestureModel,
    estimator: Estimator,
    *,
    out: Path | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Iterator[Recognised]:
    """What is seen in a picture, a folder of pictures, a video or `camera:N`, frame by frame.

    Args:
        out: where annotated pictures go (a file for a picture, a folder for a folder, a .webm for
            a video or camera).
        seconds: the camera ends after so long; None: when the caller stops asking.

    Raises:
        MudraError: nothing there that can be read, or a place that can't be written.
    """
    model.check_estimator(estimator.name)
    tell = progress or (lambda done, total: None)
    if source.startswith(_CAMERA):
        yield from _camera(source, model, estimator, out, seconds, tell)
        return
    path = Path(source)
    if path.is_dir():
        yield from _folder(path, model, estimator, out, tell)
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        yield from _video(path, model, estimator, out, tell)
    else:
        if not path.is_file():
            raise MediaError(f"{path} does not exist: give a picture, folder, video or camera:0")
        found = _still(path, model, estimator)
        if out is not None:
            write_picture(found.picture(), out)
        tell(1, 1)
        yield found


def _recognised(frame: Frame, estimate: Estimate, model: GestureModel) -> Recognised:
    return Recognised(frame, estimate, probabilities(model, estimate))


def _still(path: Path, model: GestureModel, estimator: Estimator, name: str = "") -> Recognised:
    frame = Frame(read_picture(path), source=name or path.name)
    return _recognised(frame, estimator.estimate_still(frame.rgb), model)


def _folder(
    folder: Path, model: GestureModel, estimator: Estimator, out: Path | None, tell: Progress
) -> Iterator[Recognised]:
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURE_SUFFIXES]
    if not paths:
        raise MediaError(f"no pictures ({', '.join(PICTURE_SUFFIXES)}) in {folder}")
    for number, path in enumerate(paths, 1):
        name = path.relative_to(folder)
        found = _still(path, model, estimator, name.as_posix())
        if out is not None:
            target = out / name.with_suffix(".png" if path.suffix.lower() == ".png" else ".jpg")
            target.parent.mkdir(parents=True, exist_ok=True)
            write_picture(found.picture(), target)
        tell(number, len(paths))
        yield found


def _video(
    path: Path, model: GestureModel, estimator: Estimator, out: Path | None, tell: Progress
) -> Iterator[Recognised]:
    info = video_info(path)
    frames = (_recognised(f, estimator.estimate(f), model) for f in read_video(path))
    for number, found in enumerate(_written(frames, out, info.fps), 1):
        tell(number, info.frames)
        yield found


def _camera(
    source: str,
    model: GestureModel,
    estimator: Estimator,
    out: Path | None,
    seconds: float | None,
    tell: Progress,
) -> Iterator[Recognised]:
    number = source.removeprefix(_CAMERA)
    if not number.isdigit():
        raise MediaError(f"“{source}” names no camera: write camera:0, camera:1 …")
    stream = read_camera(int(number))
    frames = (_recognised(f, estimator.estimate(f), model) for f in stream)
    for count, found in enumerate(_written(frames, out, _CAMERA_FPS), 1):
        tell(count, None)
        yield found
        if seconds is not None and found.frame.time_s >= seconds:
            break


def _written(frames: Iterator[Recognised], out: Path | None, fps: float) -> Iterator[Recognised]:
    """The frames, on their way past written as a video."""
    with ExitStack() as stack:
        writer: VideoWriter | None = None
        for found in frames:
            if out is not None:
                picture = found.picture()
                size_hw = (picture.shape[0], picture.shape[1])
                writer = writer or stack.enter_context(VideoWriter(out, fps, size_hw))
                writer.write(picture)
            yield found
