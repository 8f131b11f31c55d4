"""Bodies in pictures for training nets: which part a net is shown, and what is done to it.

Convention: a person's box is extended to the input's shape and by a quarter, as the published nets
were trained (Xiao et al. 2018); errors are in units of the torso, |left shoulder − right hip|, as
for LSP. Legend: N bodies, K keypoints, H W the net's input.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.datasets.appearance import degraded, hidden, pixels, recoloured
from core.datasets.training_data import Listed, Sample
from core.media.pictures import read_picture
from core.pose.boxes import Box
from core.pose.crops import PADDING, PersonView, person_box
from core.pose.metrics import torso_sizes
from core.pose.skeletons.table import Skeleton
from core.pose.types import Floats, Picture

# Xiao et al. 2018, 3: standard deviations, and what they are clipped to
_SCALE, _SCALES = 0.3, (0.7, 1.3)
_TURN_DEG, _MOST_DEG, _TURNED_SHARE = 40.0, 80.0, 0.6
# Of samples that are changed strongly:
_NOBODY_SHARE = 0.05
_HALF_SHARE, _UPPER_SHARE = 0.35, 0.75  # half a body, the upper one of these
_HIDDEN_SHARE = 0.3
_SHIFT = 0.05  # standard deviation, of the box's sides
_LEAST_OF_HALF = 4  # keypoints
_LEGS = ("knee", "ankle")
_CORNER = (0.15, 0.35)  # of the picture's shorter side, where nobody is


@dataclass(frozen=True, eq=False)
class Body:
    """One person to learn from.

    Attributes:
        picture: the file that shows it.
        keypoints: (K, 2) picture pixels, NaN where not labelled.
        box: round the person.
        held_out: "" to learn from, else the name of the set that it measures.
        image_id, area: of COCO's annotations: the picture, and the person's square pixels.
        unlabelled: boxes of those in the picture of whom no keypoint is labelled, and of crowds.
    """

    picture: Path
    keypoints: Floats
    box: Box
    held_out: str = ""
    image_id: int = 0
    area: float = float("nan")
    unlabelled: tuple[Box, ...] = ()


class Bodies(Listed):
    """Persons of one skeleton, read from their pictures as they are needed.

    Args:
        strong: samples are also shifted, recoloured, blurred and partly hidden, show half a body or
            nobody; else they are scaled, turned and mirrored alone, as by Xiao et al. 2018.
    """

    what = "bodies"

    def __init__(self, skeleton: Skeleton, bodies: Sequence[Body], *, strong: bool = False) -> None:
        for body in bodies[:1]:
            skeleton.check(len(body.keypoints), "the bodies")
        super().__init__(bodies)
        self.skeleton, self.bodies, self.strong = skeleton, list(bodies), strong
        self._together = defaultdict[Path, list[Body]](list)  # who is in one picture
        for body in bodies:
            self._together[body.picture].append(body)

    def augmented(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Picture, Floats]:
        """One person changed by chance."""
        if self.strong:
            return self._strongly(row, input_hw, rng)
        body = self.bodies[row]
        return self._turned(body, body.box, read_picture(body.picture), input_hw, rng)

    def _turned(
        self,
        body: Body,
        box: Box,
        rgb: Picture,
        input_hw: tuple[int, int],
        rng: np.random.Generator,
    ) -> tuple[Picture, Floats]:
        """What is in a box scaled, turned and mirrored by chance."""
        scale = float(np.clip(1 + _SCALE * rng.normal(), *_SCALES))
        turn = float(np.clip(_TURN_DEG * rng.normal(), -_MOST_DEG, _MOST_DEG))
        turn = turn if rng.random() < _TURNED_SHARE else 0.0
        view = PersonView.from_box(box, input_hw, padding=PADDING * scale, rotation_deg=turn)
        keypoints = body.keypoints
        if rng.random() < 0.5:
            view, keypoints = mirrored(view), keypoints[self.skeleton.mirrored]
        return view.cut(rgb), view.to_input(keypoints)

    def _strongly(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Picture, Floats]:
        body = self.bodies[row]
        rgb = read_picture(body.picture)
        if rng.random() < _NOBODY_SHARE:
            others = [one for one in self._together[body.picture] if one is not body]
            seen = nobody(rgb, body, others, input_hw, rng)
            keypoints = np.full_like(body.keypoints, np.nan)
        else:
            box = body.box
            if rng.random() < _HALF_SHARE:
                box = self.half_box(body, upper=rng.random() < _UPPER_SHARE)
            seen, keypoints = self._turned(body, shifted(box, rng), rgb, input_hw, rng)
        if rng.random() < _HIDDEN_SHARE:
            seen = hidden(seen, seen[::-1, ::-1], rng)
        return degraded(recoloured(seen, rng), rng), keypoints

    def half_box(self, body: Body, *, upper: bool) -> Box:
        """The box of a body down to the hips, or from the hips down; the person's own where too few
        keypoints of the half are there."""
        hips = {self.skeleton.index(f"{side}_hip") for side in ("left", "right")}
        legs = {i for i, name in enumerate(self.skeleton.joints) if name.endswith(_LEGS)}
        half = set(range(self.skeleton.size)) - legs if upper else hips | legs
        points = body.keypoints[sorted(half)]
        there = int(np.isfinite(points).all(axis=1).sum())
        return person_box(points) if there >= _LEAST_OF_HALF else body.box

    def upright(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """The person as it is measured: picture, keypoints in it, and the torso's length in it;
        NaN where the torso's ends are not labelled."""
        body = self.bodies[row]
        view = PersonView.from_box(body.box, input_hw)
        keypoints = view.to_input(body.keypoints)
        return view.cut(read_picture(body.picture)), keypoints, self.torso(keypoints)

    def torso(self, keypoints: Floats) -> float:
        """|left shoulder − right hip| of one person; NaN where one of them is missing."""
        ends = self.skeleton.index("left_shoulder"), self.skeleton.index("right_hip")
        return float(torso_sizes(keypoints[None], *ends)[0])


def shifted(box: Box, rng: np.random.Generator) -> Box:
    """A box as a detector may give it, a little beside the person."""
    across, down = rng.normal(0, _SHIFT, 2)
    x, y = float(across) * box.width, float(down) * box.height
    return Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y)


def nobody(
    rgb: Picture,
    body: Body,
    others: Sequence[Body],
    input_hw: tuple[int, int],
    rng: np.random.Generator,
) -> Picture:
    """An enlarged corner of the picture where nobody is, or a plain shade where each has somebody.

    Args:
        body: whose keypoints are in no such corner.
        others: in the picture, neither they nor their boxes are.
    """
    height, width = rgb.shape[:2]
    side = max(1, int(min(height, width) * rng.uniform(*_CORNER)))
    boxes = [*body.unlabelled, *(other.box for other in others)]
    keypoints = np.concatenate([one.keypoints for one in (body, *others)])
    for corner in rng.permutation(4):
        y, x = (height - side) * (corner // 2), (width - side) * (corner % 2)
        inside = ((keypoints >= (x, y)) & (keypoints <= (x + side, y + side))).all(axis=1)
        if not inside.any() and not any(
            _overlap(box, Box.from_xywh(x, y, side, side)) for box in boxes
        ):
            return pixels(cv2.resize(rgb[y : y + side, x : x + side], input_hw[::-1]))
    return np.full((*input_hw, 3), rng.integers(0, 256, 3), np.uint8)


def _overlap(one: Box, other: Box) -> bool:
    x = one.x0 < other.x1 and other.x0 < one.x1
    return x and one.y0 < other.y1 and other.y0 < one.y1


def mirrored(view: PersonView) -> PersonView:
    """The view in a mirror: what was x from the left edge is x from the right edge."""
    matrix = view.matrix.copy()
    matrix[:, 2] += matrix[:, 0] * view.input_hw[1]
    matrix[:, 0] *= -1
    return PersonView(matrix, view.input_hw)
