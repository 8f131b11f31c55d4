"""How near a heatmap net's keypoints are to its teacher's, on any folder of pictures.

Protocol: the reference is the teacher's first hand by the stills' path; pictures without
one are left out. L is the longer side of the upright box of its keypoints; the net sees the upright
square of side 1.5 L round that box's middle. A keypoint is right within a·L (PCK@a); the mean is
over all keypoints of all hands.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError, MediaError, MudraError
from core.estimators import Estimator
from core.estimators.heatmap_net import HeatmapNet
from core.media.pictures import PICTURE_SUFFIXES, read_picture
from core.parallel import read_ahead
from core.pose.boxes import bounding_box
from core.pose.heatmaps import decode_parabola
from core.pose.metrics import Distances, keypoint_distances, summarize_distances
from core.pose.types import Floats, Picture

_FACTOR = 1.5
_BATCH = 16


@dataclass(frozen=True)
class View:
    """Which part of the picture the net sees: the protocol's square, or a looser one.

    Attributes:
        factor: side of the square in units of L.
        shift: of its middle, (x, y) in units of L.
        turn: radians.
    """

    factor: float = _FACTOR
    shift: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0

    @classmethod
    def loose(cls, rng: np.random.Generator) -> "View":
        """What a tracker's box may be: 1.3 to 2.2 L, shifted by up to 10 %, turned up to 30°."""
        factor = rng.uniform(1.3, 2.2)
        shift = tuple(float(v) for v in rng.uniform(-0.1, 0.1, 2) * factor)
        return cls(factor, (shift[0], shift[1]), rng.uniform(-np.pi / 6, np.pi / 6))


def evaluate_net(
    net: HeatmapNet,
    paths: Iterable[Path],
    teacher: Estimator,
    *,
    loose: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Figures of every stage, as JSON.

    Args:
        paths: pictures, and folders that are searched to their bottom.
        loose: instead of the protocol's square, a random one such as a tracker may give.

    Returns:
        n pictures, detected by the teacher, and stages: stage from 1, pck@0.1, pck@0.2 and
        mean_error in units of L; None where no hand was detected.

    Raises:
        MediaError: no picture there.
        EstimatorError: the teacher's hands have another number of keypoints than the net's.
    """
    pictures = [picture for path in paths for picture in pictures_in(path)]
    if not pictures:
        raise MediaError("no pictures there: give a folder with JPEG, PNG or WEBP pictures")
    progress = progress or (lambda done, total: None)
    rng = np.random.default_rng(0)
    apart: list[Distances] = []
    waiting: list[tuple[Picture, Floats, float]] = []
    hands = read_ahead(lambda path: _teachers_hand(path, teacher), pictures)
    for done, hand in enumerate(hands, 1):
        if hand is not None:
            waiting.append(_seen(*hand, View.loose(rng) if loose else View(), net.input_hw[0]))
        if len(waiting) == _BATCH or done == len(pictures):
            apart += _distances(net, waiting)
            waiting = []
        progress(done, len(pictures))
    return {"n": len(pictures), "detected": len(apart), "stages": _figures(net, apart)}


def pictures_in(path: Path) -> list[Path]:
    """The pictures of a folder and of those in it, in the order of their names; or the one."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]


def _teachers_hand(path: Path, teacher: Estimator) -> tuple[Picture, Floats] | None:
    try:
        rgb = read_picture(path)
    except MudraError:
        return None
    poses = teacher.estimate_still(rgb).poses
    return (rgb, poses[0].keypoints) if poses else None


def _seen(rgb: Picture, keypoints: Floats, view: View, size: int) -> tuple[Picture, Floats, float]:
    """(I, I, 3) picture, (J, 2) keypoints in it, and L in its pixels."""
    box = bounding_box(keypoints)
    longer = box.longer_side
    matrix = _to_input(np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2, longer, view, size)
    picture = _warped(rgb, matrix, view.factor * longer / size, size)
    inside = keypoints @ matrix[:, :2].T + matrix[:, 2]
    return picture, inside.astype(np.float32), size / view.factor


def _to_input(
    centre: NDArray[np.float64], longer: float, view: View, size: int
) -> NDArray[np.float64]:
    """(2, 3) matrix from picture pixels to input pixels."""
    scale = size / (view.factor * longer)
    cos, sin = np.cos(view.turn) * scale, np.sin(view.turn) * scale
    linear = np.array([[cos, -sin], [sin, cos]])
    middle = centre + np.array(view.shift) * longer
    return np.concatenate([linear, ((size - 1) / 2 - linear @ middle)[:, None]], axis=1)


def _warped(rgb: Picture, matrix: NDArray[np.float64], step: float, size: int) -> Picture:
    """The input, its edge repeated beyond the picture; several samples a pixel when it shrinks."""
    fine = max(1, round(step))
    finer = matrix * fine
    finer[:, 2] += (fine - 1) / 2
    side = (size * fine, size * fine)
    cut = cv2.warpAffine(rgb, finer, side, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if fine > 1:
        cut = cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(cut, np.uint8)


def _distances(net: HeatmapNet, seen: list[tuple[Picture, Floats, float]]) -> list[Distances]:
    """For each hand (S, J) distances in units of L."""
    if not seen:
        return []
    pictures, keypoints, sizes = (np.stack(part) for part in zip(*seen, strict=True))
    if keypoints.shape[1] != net.joints:
        raise EstimatorError(
            f"{net.name} finds {net.joints} keypoints, the teacher {keypoints.shape[1]}: measure a "
            "net of the same skeleton"
        )
    cells, _ = decode_parabola(net.predict_heatmaps(pictures)[:, :, :-1])
    found = (cells * net.stride + (net.stride - 1) / 2).swapaxes(0, 1)
    return list(np.stack([keypoint_distances(stage, keypoints, sizes) for stage in found], axis=1))


def _figures(net: HeatmapNet, apart: list[Distances]) -> list[dict[str, Any]]:
    all_stages = np.reshape(apart, (-1, net.stages, net.joints)).swapaxes(0, 1)
    return [
        {"stage": number, **summarize_distances(stage)}
        for number, stage in enumerate(all_stages, 1)
    ]
