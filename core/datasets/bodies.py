"""Bodies in pictures for training nets: the part of the picture a net sees, and its augmentation.

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

from core.datasets.appearance import degrade_quality, erase_rectangle, jitter_colours, to_picture
from core.datasets.training_data import Sample, TrainingData
from core.media.pictures import read_picture
from core.pose.boxes import Box, box_iou
from core.pose.crops import PADDING, PersonView, person_box
from core.pose.metrics import torso_lengths
from core.pose.skeletons.table import Skeleton
from core.pose.types import Floats, Picture


@dataclass(frozen=True)
class BodyAugmentation:
    """How samples are changed, as by Xiao et al. 2018, 3; from `background_rate` on: only where
    samples are changed strongly."""

    scale_std: float = 0.3
    scale_range: tuple[float, float] = (0.7, 1.3)
    turn_std_deg: float = 40.0
    max_turn_deg: float = 80.0
    turn_rate: float = 0.6
    background_rate: float = 0.05
    half_body_rate: float = 0.35
    upper_half_rate: float = 0.75  # of half bodies
    min_half_keypoints: int = 4
    erase_rate: float = 0.3
    box_shift_std: float = 0.05  # of the box's sides
    background_sides: tuple[float, float] = (0.15, 0.35)  # of the picture's shorter side


_AUGMENTATION = BodyAugmentation()
_LEG_JOINTS = ("knee", "ankle")


@dataclass(frozen=True, eq=False)
class Body:
    """One labelled person. `image_id` and `area`, square pixels, are of COCO's annotations."""

    picture: Path
    keypoints: Floats  # (K, 2) picture pixels, NaN where not labelled
    box: Box
    held_out: str = ""  # "" for training, else the name of its held-out set
    image_id: int = 0
    area: float = float("nan")
    unlabelled: tuple[Box, ...] = ()  # people without labelled keypoints, and crowds


class Bodies(TrainingData):
    """Persons of one skeleton, whose pictures are read when needed. Samples are scaled, rotated and
    mirrored, as by Xiao et al. 2018; strongly also shifted, recoloured, blurred, partly hidden, cut
    in half, or only background."""

    item_name = "bodies"

    def __init__(self, skeleton: Skeleton, bodies: Sequence[Body], *, strong: bool = False) -> None:
        for body in bodies[:1]:
            skeleton.check(len(body.keypoints), "the bodies")
        super().__init__([body.held_out for body in bodies])
        self.skeleton, self.bodies, self.strong = skeleton, list(bodies), strong
        self._by_picture = defaultdict[Path, list[Body]](list)
        for body in bodies:
            self._by_picture[body.picture].append(body)

    def augment(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Picture, Floats]:
        """Return a person's randomly augmented input, and its keypoints in input pixels."""
        body = self.bodies[row]
        rgb = read_picture(body.picture)
        if self.strong:
            return self._augment_strongly(body, rgb, input_hw, rng)
        return self._augment_view(body, body.box, rgb, input_hw, rng)

    def _augment_view(
        self,
        body: Body,
        box: Box,
        rgb: Picture,
        input_hw: tuple[int, int],
        rng: np.random.Generator,
    ) -> tuple[Picture, Floats]:
        """Cut out a box, randomly scaled, rotated and mirrored; return it with its keypoints."""
        options = _AUGMENTATION
        scale = float(np.clip(1 + options.scale_std * rng.normal(), *options.scale_range))
        limit = options.max_turn_deg
        turn = float(np.clip(options.turn_std_deg * rng.normal(), -limit, limit))
        turn = turn if rng.random() < options.turn_rate else 0.0
        view = PersonView.from_box(box, input_hw, padding=PADDING * scale, rotation_deg=turn)
        keypoints = body.keypoints
        if rng.random() < 0.5:
            view, keypoints = mirror_view(view), keypoints[self.skeleton.mirror_order]
        return view.cut(rgb), view.to_input(keypoints)

    def _augment_strongly(
        self, body: Body, rgb: Picture, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Picture, Floats]:
        """Cut out a person, half of one or background; hide a part, change its appearance."""
        options = _AUGMENTATION
        if rng.random() < options.background_rate:
            others = [one for one in self._by_picture[body.picture] if one is not body]
            picture = cut_background(rgb, body, others, input_hw, rng)
            keypoints = np.full_like(body.keypoints, np.nan)
        else:
            box = body.box
            if rng.random() < options.half_body_rate:
                box = self.select_half_body(body, upper=rng.random() < options.upper_half_rate)
            box = jitter_box(box, rng)
            picture, keypoints = self._augment_view(body, box, rgb, input_hw, rng)
        if rng.random() < options.erase_rate:
            picture = erase_rectangle(picture, picture[::-1, ::-1], rng)
        return degrade_quality(jitter_colours(picture, rng), rng), keypoints

    def select_half_body(self, body: Body, *, upper: bool) -> Box:
        """Return the upper or lower body's box; the person's if too few keypoints are labelled."""
        hips = {self.skeleton.index(f"{side}_hip") for side in ("left", "right")}
        legs = {i for i, name in enumerate(self.skeleton.joints) if name.endswith(_LEG_JOINTS)}
        half = set(range(self.skeleton.size)) - legs if upper else hips | legs
        points = body.keypoints[sorted(half)]
        count = int(np.isfinite(points).all(axis=1).sum())
        return person_box(points) if count >= _AUGMENTATION.min_half_keypoints else body.box

    def load_evaluation_sample(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """Return input, keypoints in input pixels, and torso length in px (NaN if unknown)."""
        body = self.bodies[row]
        view = PersonView.from_box(body.box, input_hw)
        keypoints = view.to_input(body.keypoints)
        return view.cut(read_picture(body.picture)), keypoints, self.measure_torso(keypoints)

    def measure_torso(self, keypoints: Floats) -> float:
        """Return |left shoulder − right hip| of one person, NaN if one of them is missing."""
        ends = self.skeleton.index("left_shoulder"), self.skeleton.index("right_hip")
        return float(torso_lengths(keypoints[None], *ends)[0])


def jitter_box(box: Box, rng: np.random.Generator) -> Box:
    """Shift a box by a small random fraction of its sides, to imitate a detector's error."""
    dx, dy = rng.normal(0, _AUGMENTATION.box_shift_std, 2)
    x, y = float(dx) * box.width, float(dy) * box.height
    return Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y)


def cut_background(
    rgb: Picture,
    body: Body,
    others: Sequence[Body],
    input_hw: tuple[int, int],
    rng: np.random.Generator,
) -> Picture:
    """Return a corner of the picture without people, resized to the input, or one random colour if
    there is none. It may overlap the body's box, but no keypoints and no other box."""
    height, width = rgb.shape[:2]
    side = max(1, int(min(height, width) * rng.uniform(*_AUGMENTATION.background_sides)))
    boxes = [*body.unlabelled, *(other.box for other in others)]
    keypoints = np.concatenate([one.keypoints for one in (body, *others)])
    for corner in rng.permutation(4):
        y, x = (height - side) * (corner // 2), (width - side) * (corner % 2)
        inside = ((keypoints >= (x, y)) & (keypoints <= (x + side, y + side))).all(axis=1)
        square = Box.from_xywh(x, y, side, side)
        if not inside.any() and not any(box_iou(box, square) > 0 for box in boxes):
            return to_picture(cv2.resize(rgb[y : y + side, x : x + side], input_hw[::-1]))
    return np.full((*input_hw, 3), rng.integers(0, 256, 3), np.uint8)


def mirror_view(view: PersonView) -> PersonView:
    """Return the view with its input mirrored horizontally."""
    matrix = view.matrix.copy()
    matrix[:, 2] += matrix[:, 0] * view.input_hw[1]
    matrix[:, 0] *= -1
    return PersonView(matrix, view.input_hw)
