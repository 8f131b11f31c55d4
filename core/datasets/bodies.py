"""Bodies in pictures for training nets: which part a net is shown, and what is done to it.

Convention: a person's box is extended to the input's shape and by a quarter, as the published nets
were trained (Xiao et al. 2018); errors are in units of the torso, |left shoulder − right hip|, as
for LSP. Legend: N bodies, K keypoints, H W the net's input.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.training_data import Sample
from core.media.pictures import read_picture
from core.pose.metrics import torso_sizes
from core.pose.person_view import PADDING, PersonBox, PersonView, person_view
from core.pose.skeletons import Skeleton
from core.pose.types import Floats, Picture

# Xiao et al. 2018, 3: standard deviations, and what they are clipped to
_SCALE, _SCALES = 0.3, (0.7, 1.3)
_TURN_DEG, _MOST_DEG, _TURNED_SHARE = 40.0, 80.0, 0.6


@dataclass(frozen=True, eq=False)
class Body:
    """One person to learn from.

    Attributes:
        picture: the file that shows it.
        keypoints: (K, 2) picture pixels, NaN where not labelled.
        box: x, y, width, height round the person.
        held_out: "" to learn from, else the name of the set that it measures.
        image_id, area: of COCO's annotations: the picture, and the person's square pixels.
    """

    picture: Path
    keypoints: Floats
    box: PersonBox
    held_out: str = ""
    image_id: int = 0
    area: float = float("nan")


class Bodies:
    """Persons of one skeleton, read from their pictures as they are needed."""

    what = "bodies"

    def __init__(self, skeleton: Skeleton, bodies: Sequence[Body]) -> None:
        for body in bodies[:1]:
            skeleton.check(len(body.keypoints), "the bodies")
        self.skeleton, self.bodies = skeleton, list(bodies)

    @property
    def held_out_sets(self) -> list[str]:
        """Names of the sets that measure."""
        return sorted({body.held_out for body in self.bodies} - {""})

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """The rows of one held-out set; of "", those to learn from."""
        return np.flatnonzero([body.held_out == held_out for body in self.bodies])

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Augmented samples without end, every row once before any comes again."""
        rng = np.random.default_rng(seed)
        while True:
            for row in rng.permutation(rows):
                yield *self.augmented(int(row), input_hw, rng), 1.0

    def augmented(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Picture, Floats]:
        """One person scaled, turned and mirrored by chance."""
        body = self.bodies[row]
        scale = float(np.clip(1 + _SCALE * rng.normal(), *_SCALES))
        turn = float(np.clip(_TURN_DEG * rng.normal(), -_MOST_DEG, _MOST_DEG))
        turn = turn if rng.random() < _TURNED_SHARE else 0.0
        view = person_view(body.box, input_hw, padding=PADDING * scale, turn_deg=turn)
        keypoints = body.keypoints
        if rng.random() < 0.5:
            view, keypoints = mirrored(view), keypoints[self.skeleton.mirrored]
        return view.cut(read_picture(body.picture)), view.to_input(keypoints)

    def upright(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """The person as it is measured: picture, keypoints in it, and the torso's length in it;
        NaN where the torso's ends are not labelled."""
        body = self.bodies[row]
        view = person_view(body.box, input_hw)
        keypoints = view.to_input(body.keypoints)
        return view.cut(read_picture(body.picture)), keypoints, self.torso(keypoints)

    def torso(self, keypoints: Floats) -> float:
        """|left shoulder − right hip| of one person; NaN where one of them is missing."""
        ends = self.skeleton.index("left_shoulder"), self.skeleton.index("right_hip")
        return float(torso_sizes(keypoints[None], *ends)[0])


def mirrored(view: PersonView) -> PersonView:
    """The view in a mirror: what was x from the left edge is x from the right edge."""
    matrix = view.matrix.copy()
    matrix[:, 2] += matrix[:, 0] * view.input_hw[1]
    matrix[:, 0] *= -1
    return PersonView(matrix, view.input_hw)
