"""Bodies on pictures: their background, and the estimator's search regions.

Convention: RGB in, a new RGB picture out.
"""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.blazepose_roi import estimate_alignment
from core.pose.drawing.poses import draw_estimate
from core.pose.skeletons.skeleton import Rgb
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Estimate, Floats, Picture, TurnedSquare

AS_IT_IS, BLUR, COLOUR, PICTURE = "as it is", "blur", "colour", "picture"
_BLUR = 0.05  # of the picture's longer side: the blur's sigma
_SMALL = 4  # a blurred background is made at a quarter of the size
_MIN_BACKGROUND_WEIGHT = 1e-3
_SQUARE: Rgb = (255, 215, 0)
_CIRCLE: Rgb = (255, 255, 255)
_POINTS: Rgb = (255, 60, 160)


class Backdrop:
    """A background picture, resized once per frame size; it must not be changed afterwards."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self._fitted: Picture | None = None  # to the last frame's size

    def fit(self, height: int, width: int) -> Picture:
        """Return the picture resized and cropped to this size, cached for the last size."""
        fitted = self._fitted
        if fitted is None or fitted.shape[:2] != (height, width):
            fitted = self._fitted = _resize_to_cover(self.picture, height, width)
        return fitted


@dataclass(frozen=True, eq=False)
class BodyView:
    """What is shown of bodies."""

    # one of AS_IT_IS, BLUR, COLOUR, PICTURE; all but the first need masks
    background: str = AS_IT_IS
    colour: Rgb = (38, 70, 83)  # of the background
    behind: Backdrop | None = None  # the background's picture
    skeleton: bool = True  # draw it
    steps: bool = False  # draw the alignment points, the circle and the squares


def draw_body(rgb: Picture, estimate: Estimate, view: BodyView, *, mirror: bool = False) -> Picture:
    """Draw bodies on a copy of the picture, with the background, tracking steps and skeletons that
    the view selects."""
    out = rgb
    if view.background != AS_IT_IS:
        out = _make_background(rgb, estimate, view, mirror)
        if estimate.masks:
            share = _compute_person_probability(estimate)
            out = cv2.blendLinear(rgb, out, share, 1 - share).astype(np.uint8, copy=False)
    if view.steps:
        out = draw_steps(out, estimate)
    shown = estimate if view.skeleton else replace(estimate, poses=())
    return draw_estimate(out, shown, mirror=mirror)


def draw_steps(rgb: Picture, estimate: Estimate) -> Picture:
    """Draw BlazePose's tracking steps: the squares that were searched, and each person's alignment
    points and circle, which determine the next squares."""
    out = rgb.copy()
    width = max(1, round(min(rgb.shape[:2]) / 320))
    for square in estimate.tracking.followed if estimate.tracking else ():
        _draw_square(out, square, width)
    for pose in estimate.poses:
        alignment = estimate_alignment(pose.keypoints, skeleton_named(estimate.skeleton))
        if alignment is None:
            continue
        centre, top = (_round_point(point) for point in (alignment.centre, alignment.top))
        cv2.circle(out, centre, round(alignment.radius), _CIRCLE, width, cv2.LINE_AA)
        cv2.line(out, centre, top, _POINTS, width, cv2.LINE_AA)
        for point in (centre, top):
            cv2.circle(out, point, 4 * width, _POINTS, -1, cv2.LINE_AA)
    return out


def _compute_person_probability(estimate: Estimate) -> Floats:
    """Return (H, W) the probability that a pixel is a person's."""
    return np.asarray(np.max(estimate.masks, axis=0), np.float32)


def _make_background(rgb: Picture, estimate: Estimate, view: BodyView, mirror: bool) -> Picture:
    """Make the view's background: the blurred picture without its people, the backdrop picture
    (mirrored in advance if the result will be mirrored), or one colour."""
    height, width = rgb.shape[:2]
    if view.background == BLUR:
        seen = (
            1 - _compute_person_probability(estimate)
            if estimate.masks
            else np.ones((height, width))
        )
        return _blur_background(rgb, seen)
    if view.background == PICTURE and view.behind is not None:
        filling = view.behind.fit(height, width)
        return np.ascontiguousarray(filling[:, ::-1]) if mirror else filling
    return np.full_like(rgb, view.colour)


def _blur_background(rgb: Picture, mask: NDArray[Any]) -> Picture:
    """Blur the picture, weighting pixels by the background mask, (H, W) 0..1, so that people don't
    bleed into the background."""
    height, width = rgb.shape[:2]
    size = (max(1, width // _SMALL), max(1, height // _SMALL))
    weights = np.asarray(mask, np.float32)[..., None]
    weighted = np.concatenate([rgb * weights, weights], axis=2)
    small = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA)
    mixed = cv2.GaussianBlur(small, (0, 0), max(1.0, _BLUR * max(size)))
    blurred = mixed[..., :3] / np.maximum(mixed[..., 3:], _MIN_BACKGROUND_WEIGHT)
    return np.asarray(cv2.resize(blurred, (width, height)).round(), np.uint8)


def _resize_to_cover(picture: Picture, height: int, width: int) -> Picture:
    """Resize a picture to cover this size, keeping its aspect, and crop its centre."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (
        max(width, round(picture.shape[1] * scale)),
        max(height, round(picture.shape[0] * scale)),
    )
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width], np.uint8)


def _draw_square(out: Picture, square: TurnedSquare, width: int) -> None:
    """Draw a rotated square's outline, with a dot in the middle of its upper side."""
    outline = np.round(square.corners).astype(np.int32)
    cv2.polylines(out, [outline], True, _SQUARE, width, cv2.LINE_AA)
    head = square.corners[:2].mean(axis=0)
    cv2.circle(out, _round_point(head), 3 * width, _SQUARE, -1, cv2.LINE_AA)


def _round_point(point: object) -> tuple[int, int]:
    x, y = np.round(np.asarray(point, float)).astype(int).tolist()
    return x, y
