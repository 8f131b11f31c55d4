"""What nets see of a picture: the square round a hand, or one person's box in the input's shape.

Convention: a view is the affine map from input pixels to picture pixels. H W picture, N points.
"""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.boxes import Box, Square, bounding_box
from core.pose.types import Floats, Picture

BoxEnds = Literal["edges", "centres"]

PADDING = 1.25  # of a person's box, as the published nets were trained
# How far a person reaches beyond the keypoints, to the sides and above and below, in units of the
# keypoints' longer side: the medians of 394 people of COCO 2017 seen from head to foot.
_MARGIN_X, _MARGIN_Y = 0.06, 0.10


def cut_square(rgb: Picture, square: Square, size: int) -> Picture:
    """Crop a square and resample it to (size, size, 3), repeating the picture's edge outside it."""
    step = square.side / size
    # A whole number of samples a pixel, averaged: warping alone would skip pixels when shrinking.
    samples = max(1, round(step))
    step /= samples
    to_picture = np.array(
        [[step, 0, square.x0 + (step - 1) / 2], [0, step, square.y0 + (step - 1) / 2]], np.float32
    )
    crop = cv2.warpAffine(
        rgb,
        to_picture,
        (size * samples, size * samples),
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if samples > 1:
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
    return crop.astype(np.uint8, copy=False)


@dataclass(frozen=True, eq=False)
class PersonView:
    """A rotated and scaled part of a picture."""

    matrix: NDArray[np.float64]  # (2, 3), input pixel → picture pixel
    input_hw: tuple[int, int]  # (H, W) of the input

    @classmethod
    def from_box(
        cls,
        box: Box,
        input_hw: tuple[int, int],
        *,
        padding: float = PADDING,
        rotation_deg: float = 0.0,
        ends: BoxEnds = "edges",
    ) -> "PersonView":
        """Build the view of a person's box: expand it to the input's aspect ratio, pad it, and
        optionally rotate it.

        Args:
            rotation_deg: of the picture, clockwise as seen.
            ends: where the box's ends lie on the input. "edges": at 0 and W, so that its centre is
                at W/2 (Xiao et al. 2018); "centres": on the first and the last pixel, 0 and W − 1
                (Huang et al. 2020, "The devil is in the details").
        """
        rows, columns = input_hw
        aspect = columns / rows
        width = max(box.width, box.height * aspect) * padding
        height = max(box.height, box.width / aspect) * padding
        last = 1 if ends == "centres" else 0
        spans = (columns - last, rows - last)
        cos, sin = math.cos(math.radians(rotation_deg)), math.sin(math.radians(rotation_deg))
        # the picture rotates against the view
        linear = np.array([[cos, sin], [-sin, cos]]) * (width / spans[0], height / spans[1])
        centre = np.array([box.x0 + box.width / 2, box.y0 + box.height / 2])
        return cls(np.column_stack([linear, centre - linear @ (np.array(spans) / 2)]), input_hw)

    def to_picture(self, points: Floats) -> Floats:
        """Convert (..., 2) input pixels to picture pixels."""
        return (points @ self.matrix[:, :2].T + self.matrix[:, 2]).astype(np.float32)

    def to_input(self, points: Floats) -> Floats:
        """Convert (..., 2) picture pixels to input pixels."""
        inverse = cv2.invertAffineTransform(self.matrix)
        return (points @ inverse[:, :2].T + inverse[:, 2]).astype(np.float32)

    def cut(self, rgb: Picture) -> Picture:
        """Crop the view at the input's size, black outside the picture as in the nets' training."""
        height, width = self.input_hw
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        return np.asarray(cv2.warpAffine(rgb, self.matrix, (width, height), flags=flags), np.uint8)


def person_box(keypoints: Floats) -> Box:
    """Estimate the box that an annotator would draw around a person: the keypoints' bounding box
    plus margins in proportion to its longer side. Raise ValueError if all are missing."""
    box = bounding_box(keypoints)
    x, y = _MARGIN_X * box.longer_side, _MARGIN_Y * box.longer_side
    return Box(box.x0 - x, box.y0 - y, box.x1 + x, box.y1 + y)
