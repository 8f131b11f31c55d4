"""Evaluates a heatmap net of hands against a teacher, on any folder of pictures.

Protocol: the reference is the teacher's first hand in each picture, if any. L is the longer side of
its keypoints' box; the net sees the square of side 1.5 L with its centre. A keypoint is correct
within a·L (PCK@a), averaged over all keypoints of all hands."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError, MediaError, MudraError
from core.estimators import Estimator
from core.estimators.heatmap_hands import HAND_CROP_FACTOR
from core.estimators.heatmap_net import HeatmapNet
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.parallel import read_ahead
from core.pose.boxes import bounding_box
from core.pose.heatmaps import decode_parabola
from core.pose.metrics import Distances, keypoint_distances, summarize_distances
from core.pose.types import Floats, Picture
from core.progress import Progress, ignore_progress

_BATCH = 16


@dataclass(frozen=True)
class HandView:
    """The square crop of a hand that the net gets."""

    factor: float = HAND_CROP_FACTOR  # its side in units of L
    shift: tuple[float, float] = (0.0, 0.0)  # of its centre, (x, y) in units of L
    rotation: float = 0.0  # radians

    @classmethod
    def from_random(cls, rng: np.random.Generator) -> "HandView":
        """Draw a square like a tracker's: side 1.3 to 2.2 L, randomly shifted and rotated."""
        factor = rng.uniform(1.3, 2.2)
        x, y = (float(v) for v in rng.uniform(-0.1, 0.1, 2) * factor)
        return cls(factor, (x, y), rng.uniform(-np.pi / 6, np.pi / 6))


def evaluate_hand_net(
    net: HeatmapNet,
    paths: Iterable[Path],
    teacher: Estimator,
    *,
    loose: bool = False,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Evaluate every stage of a heatmap net against a teacher's hands in pictures; the result is
    JSON. Raises MediaError: no pictures; EstimatorError: the teacher's skeleton differs.

    Args:
        loose: crop squares as loosely as a tracker instead of by the protocol.

    Returns:
        n pictures, detected by the teacher, and stages: stage from 1, pck@0.1, pck@0.2 and
        mean_error in units of L; None if no hand was detected.
    """
    pictures = [picture for path in paths for picture in list_pictures(path)]
    if not pictures:
        raise MediaError("no pictures there: give a folder with JPEG, PNG or WEBP pictures")
    rng = np.random.default_rng(0)
    errors: list[Distances] = []
    batch: list[tuple[Picture, Floats, float]] = []
    hands = read_ahead(lambda path: _find_teacher_hand(path, teacher), pictures)
    for done, hand in enumerate(hands, 1):
        if hand is not None:
            view = HandView.from_random(rng) if loose else HandView()
            batch.append(_cut_hand(*hand, view, net.input_hw[0]))
        if len(batch) == _BATCH or done == len(pictures):
            errors += _measure_batch(net, batch)
            batch = []
        progress(done, len(pictures))
    by_stage = np.reshape(errors, (-1, net.stages, net.joints)).swapaxes(0, 1)
    stages = [
        {"stage": number, **summarize_distances(stage)} for number, stage in enumerate(by_stage, 1)
    ]
    return {"n": len(pictures), "detected": len(errors), "stages": stages}


def list_pictures(path: Path) -> list[Path]:
    """List the pictures in a folder and its subfolders, sorted by name; or a single picture."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]


def _find_teacher_hand(path: Path, teacher: Estimator) -> tuple[Picture, Floats] | None:
    """Return a picture and the keypoints of the teacher's first hand; None if there is none."""
    try:
        rgb = read_picture(path)
    except MudraError:
        return None
    poses = teacher.estimate_still(rgb).poses
    return (rgb, poses[0].keypoints) if poses else None


def _cut_hand(
    rgb: Picture, keypoints: Floats, view: HandView, size: int
) -> tuple[Picture, Floats, float]:
    """Crop a hand: return the net input (I, I, 3), and keypoints (J, 2) and L in its pixels."""
    box = bounding_box(keypoints)
    centre = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2
    scale = size / (view.factor * box.longer_side)
    cos, sin = np.cos(view.rotation) * scale, np.sin(view.rotation) * scale
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = (size - 1) / 2 - linear @ (centre + np.array(view.shift) * box.longer_side)
    to_input = np.concatenate([linear, shift[:, None]], axis=1)
    inside = (keypoints @ linear.T + shift).astype(np.float32)
    return _warp_picture(rgb, to_input, 1 / scale, size), inside, size / view.factor


def _warp_picture(rgb: Picture, to_input: NDArray[np.float64], step: float, size: int) -> Picture:
    """Resample the picture to the net's square input, averaging when it shrinks by `step`."""
    samples = max(1, round(step))
    matrix = to_input * samples
    matrix[:, 2] += (samples - 1) / 2
    side = (size * samples, size * samples)
    crop = cv2.warpAffine(
        rgb, matrix, side, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if samples > 1:
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def _measure_batch(net: HeatmapNet, batch: list[tuple[Picture, Floats, float]]) -> list[Distances]:
    """Return each hand's errors (S, J) by stage and keypoint, in units of L."""
    if not batch:
        return []
    pictures, keypoints, sizes = (np.stack(part) for part in zip(*batch, strict=True))
    if keypoints.shape[1] != net.joints:
        raise EstimatorError(
            f"{net.name} finds {net.joints} keypoints, the teacher {keypoints.shape[1]}: measure a "
            "net of the same skeleton"
        )
    cells, _ = decode_parabola(net.predict_heatmaps(pictures)[:, :, :-1])
    found = (cells * net.stride + (net.stride - 1) / 2).swapaxes(0, 1)
    return list(np.stack([keypoint_distances(stage, keypoints, sizes) for stage in found], axis=1))
