"""What a classifier learns from. N samples, K joints."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.labels import GestureLabel

CLASSIFIERS = ("mlp", "knn", "logreg", "forest")  # what learns from it; the last three: baselines


@dataclass(frozen=True, eq=False)
class GestureData:
    """Labelled keypoints with who recorded them and when.

    Attributes:
        keypoints: (N, K, 2) float32, pixels or any other unit with one scale for both axes.
        mirrored_view: (N,) bool, true where the viewer saw the picture mirrored.
        labels: (N,) int, index into `gestures`.
        gestures: the classes, C of them.
        persons, sessions, bursts: (N,) group names, each finer than the one before.
        estimator: which estimator found the keypoints.
        sample_ids: (N,) the store's ids; empty when the data does not come from a store.
    """

    keypoints: NDArray[np.float32]
    mirrored_view: NDArray[np.bool_]
    labels: NDArray[np.int64]
    gestures: tuple[GestureLabel, ...]
    persons: NDArray[Any]
    sessions: NDArray[Any]
    bursts: NDArray[Any]
    estimator: str = "mediapipe-hands"
    sample_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        n = len(self.labels)
        if self.keypoints.ndim != 3 or self.keypoints.shape[2] != 2 or len(self.keypoints) != n:
            raise ValueError(f"keypoints must be ({n}, K, 2), got {self.keypoints.shape}")
        for name in ("mirrored_view", "persons", "sessions", "bursts"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} must be ({n},), got {getattr(self, name).shape}")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[Any]) -> "GestureData":
        """The chosen rows (indices or mask), same classes."""
        return GestureData(
            self.keypoints[rows],
            self.mirrored_view[rows],
            self.labels[rows],
            self.gestures,
            self.persons[rows],
            self.sessions[rows],
            self.bursts[rows],
            self.estimator,
            self.sample_ids[rows] if len(self.sample_ids) else self.sample_ids,
        )
