"""What the training loop and its measurements ask of a set of pictures with keypoints."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.pose.types import Floats

# what a net is shown, its keypoints, and their weight or size
Sample = tuple[NDArray[Any], Floats, float]


class TrainingData(Protocol):
    """Rows of pictures with keypoints, some of them held out."""

    @property
    def what(self) -> str:
        """What a row shows, "hands"."""

    @property
    def held_out_sets(self) -> list[str]:
        """Names of the sets that measure."""

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """The rows of one held-out set; of "", those to learn from."""

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Augmented samples without end: (H, W, 3) uint8, (K, 2) input pixels with NaN where a
        keypoint is missing, weight. Of depth: (H, W, 1) float32 and (K, 5)."""

    def upright(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """What a net is shown when it is measured: the picture, its keypoints, and the length in
        input pixels that errors are measured in; NaN where that isn't known."""
