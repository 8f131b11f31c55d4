"""Which part of a picture a top-down net sees: the box of one person, in the shape of its input.

Convention: a view is the way from input pixels to picture pixels, turned and scaled; a box is
(x, y, width, height), as detections files have it. H W picture, N points.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.boxes import bounding_box
from core.pose.types import Floats, Picture

PersonBox = tuple[float, float, float, float]
Ends = Literal["edges", "centres"]

PADDING = 1.25  # of a person's box, as the published nets were trained
# What of a person lies beyond the keypoints, at each side and at head and feet, in units of the
# keypoints' longer side: the medians of 394 persons of COCO 2017 seen from head to foot.
_BESIDE, _ABOVE = 0.06, 0.10


@dataclass(frozen=True, eq=False)
class PersonView:
    """A view of a picture.

    Attributes:
        matrix: (2, 3), input pixel → picture pixel.
        input_hw: (H, W) of the input.
    """

    matrix: NDArray[np.float64]
    input_hw: tuple[int, int]

    def to_picture(self, points: Floats) -> Floats:
        """Input pixels (..., 2) → picture pixels."""
        return (points @ self.matrix[:, :2].T + self.matrix[:, 2]).astype(np.float32)

    def to_input(self, points: Floats) -> Floats:
        """Picture pixels (..., 2) → input pixels."""
        back = self._to_input
        return (points @ back[:, :2].T + back[:, 2]).astype(np.float32)

    def cut(self, rgb: Picture) -> Picture:
        """What the net sees; black beyond the picture, as the published nets were trained."""
        height, width = self.input_hw
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        return np.asarray(cv2.warpAffine(rgb, self.matrix, (width, height), flags=flags), np.uint8)

    @cached_property
    def _to_input(self) -> NDArray[np.float64]:
        return np.asarray(cv2.invertAffineTransform(self.matrix), np.float64)


def person_view(
    box: PersonBox,
    input_hw: tuple[int, int],
    *,
    padding: float = PADDING,
    turn_deg: float = 0.0,
    ends: Ends = "edges",
) -> PersonView:
    """The view of a person: the box's middle in the middle, the box extended to the input's shape.

    Args:
        box: x, y, width, height in picture pixels.
        padding: sides of what is seen in units of the extended box.
        turn_deg: by how much the picture is turned, clockwise as one sees it.
        ends: what the box's ends are laid on. "edges": input positions 0 and W, so that its middle
            is at W/2 (Xiao et al. 2018); "centres": the first and the last pixel, 0 and W − 1
            (Huang et al. 2020, "The devil is in the details").
    """
    x, y, width, height = box
    rows, columns = input_hw
    aspect = columns / rows
    width, height = max(width, height * aspect) * padding, max(height, width / aspect) * padding
    last = 1 if ends == "centres" else 0
    spans = (columns - last, rows - last)
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    # the picture turns one way when the view turns the other
    linear = np.array([[cos, sin], [-sin, cos]]) * (width / spans[0], height / spans[1])
    middle = np.array([x, y]) + np.array(box[2:]) / 2
    origin = middle - linear @ (np.array(spans) / 2)
    return PersonView(np.column_stack([linear, origin]), input_hw)


def clip_box(box: PersonBox, size_hw: tuple[int, int]) -> PersonBox | None:
    """Clip a box to the picture, from its first to its last pixel (Xiao et al. 2018); None where
    nothing of it is inside.

    Args:
        size_hw: (0, 0) where it is not known: only what is left of it or above it is cut.
    """
    x, y, width, height = box
    right, bottom = (size_hw[1], size_hw[0]) if all(size_hw) else (math.inf, math.inf)
    x0, y0 = max(0.0, x), max(0.0, y)
    x1, y1 = min(right - 1, x + max(0.0, width - 1)), min(bottom - 1, y + max(0.0, height - 1))
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def box_of_body(keypoints: Floats) -> PersonBox:
    """About the box that an annotator draws round a person with these keypoints.

    Args:
        keypoints: (K, 2) picture pixels, NaN where missing; at least one is there.
    """
    x0, y0, x1, y1 = bounding_box(keypoints)
    longer = max(x1 - x0, y1 - y0, 1.0)
    beside, above = _BESIDE * longer, _ABOVE * longer
    return x0 - beside, y0 - above, x1 - x0 + 2 * beside, y1 - y0 + 2 * above
