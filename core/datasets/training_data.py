"""What the training loop and its measurements ask of a set of pictures with keypoints, and the part
of it that is the same of every list of hands or bodies."""

from collections.abc import Iterator, Sequence
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


class HeldOut(Protocol):
    """A hand or body of a list."""

    @property
    def held_out(self) -> str:
        """Empty to learn from, else the name of the set that it measures."""


class Listed:
    """A list of hands or bodies, some of them held out; whoever inherits it says what a row shows.

    Args:
        items: one a row.
    """

    def __init__(self, items: Sequence[HeldOut]) -> None:
        self._held_out = np.array([item.held_out for item in items], str)

    @property
    def held_out_sets(self) -> list[str]:
        """Names of the sets that measure."""
        return sorted({*self._held_out.tolist()} - {""})

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """The rows of one held-out set; of "", those to learn from."""
        return np.flatnonzero(self._held_out == held_out)

    def augmented(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[NDArray[Any], Floats]:
        """What a row shows, changed by chance, and its keypoints."""
        raise NotImplementedError

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Augmented samples without end, every row once before any comes again."""
        rng = np.random.default_rng(seed)
        while True:
            for row in rng.permutation(rows):
                yield *self.augmented(int(row), input_hw, rng), 1.0
