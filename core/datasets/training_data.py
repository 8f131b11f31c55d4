"""The base of data sets that nets are trained and evaluated on: rows, some of them held out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.pose.types import Floats

# a net's input, its keypoints, and their weight (training) or error unit (evaluation)
Sample = tuple[NDArray[Any], Floats, float]


class TrainingData(ABC):
    """Rows of pictures with keypoints; `held_out` names each row's set, "" for training."""

    item_name: ClassVar[str]  # what a row shows, in plural: "hands"

    def __init__(self, held_out: Sequence[str]) -> None:
        self._held_out = np.array(held_out, str)

    @property
    def held_out_sets(self) -> list[str]:
        """Names of the held-out sets."""
        return sorted({*self._held_out.tolist()} - {""})

    def rows(self, held_out: str) -> NDArray[np.int64]:
        """Return the rows of a held-out set; of "", those for training."""
        return np.flatnonzero(self._held_out == held_out)

    def samples(
        self, rows: NDArray[np.int64], input_hw: tuple[int, int], seed: int
    ) -> Iterator[Sample]:
        """Yield augmented samples endlessly, every row once per pass: (H, W, 3) uint8, (K, 2) input
        pixels with NaN for missing keypoints, weight. Depth: (H, W, 1) float32 and (K, 5)."""
        rng = np.random.default_rng(seed)
        while True:
            for row in rng.permutation(rows):
                yield *self.augment(int(row), input_hw, rng), 1.0

    def augment(
        self, row: int, input_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[NDArray[Any], Floats]:
        """Return a row's randomly augmented picture and keypoints (input pixels)."""
        raise NotImplementedError

    @abstractmethod
    def load_evaluation_sample(self, row: int, input_hw: tuple[int, int]) -> Sample:
        """Return a row without augmentation: picture, keypoints, and the unit of errors in pixels
        or NaN."""
