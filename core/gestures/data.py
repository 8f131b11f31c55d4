"""Labelled samples that a classifier learns from. N samples, K keypoints."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.gestures.features import FeatureSet, get_feature_set
from core.gestures.labels import GestureLabel
from core.gestures.motion.motion_features import MotionFeatures, get_motion_features
from core.pose.skeletons.table import HAND_21, skeleton_named

UNKNOWN_PERSON = "unknown"  # the person of samples from files that name none
_UNKNOWN = (UNKNOWN_PERSON, "import")  # the latter in databases of before version 10
CLASSIFIERS = ("mlp", "knn", "logreg", "forest")  # the last three are baselines


@dataclass(frozen=True, eq=False)
class GestureData:
    """N labelled samples with who recorded them and when. Keypoints may have any unit with the same
    scale on all axes; `sample_ids` and, for windows, `seconds` are empty if unknown."""

    keypoints: NDArray[np.float32]  # (N, K, 2), in space (N, K, 3); windows (N, T, K, D)
    mirrored_view: NDArray[np.bool_]  # (N,) whether the viewer saw the picture mirrored
    labels: NDArray[np.int64]  # (N,) index into `gestures`
    gestures: tuple[GestureLabel, ...]  # the C classes
    persons: NDArray[Any]  # (N,) group names, each level finer than the one before
    sessions: NDArray[Any]
    recordings: NDArray[Any]
    estimator: str = "mediapipe-hands"  # that found the keypoints of most samples
    sample_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    skeleton: str = HAND_21.name
    also: tuple[str, ...] = ()  # other estimators whose 3-D keypoints are compatible
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        n, shape = len(self.labels), self.keypoints.shape
        if len(shape) not in (3, 4) or shape[-1] not in (2, 3) or shape[0] != n:
            raise ValueError(f"keypoints must be ({n}, K, D) or ({n}, T, K, D), got {shape}")
        skeleton_named(self.skeleton).check(shape[-2], "the samples")
        if len(self.seconds) not in (0, n):
            raise ValueError(f"seconds must be ({n},) or none, got {self.seconds.shape}")
        for name in ("mirrored_view", "persons", "sessions", "recordings"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} must be ({n},), got {getattr(self, name).shape}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def has_known_person(self) -> NDArray[np.bool_]:
        """(N,) whether the sample's person is known; an unknown person may be any of the others."""
        return ~np.isin(self.persons, _UNKNOWN)

    @property
    def known_persons(self) -> list[str]:
        """Names of the known people, sorted."""
        return sorted({str(person) for person in self.persons[self.has_known_person]})

    @property
    def estimators(self) -> tuple[str, ...]:
        """All estimators that found the keypoints."""
        return self.estimator, *self.also

    @property
    def is_moving(self) -> bool:
        """Whether these are windows of moving gestures."""
        return self.keypoints.ndim == 4

    @property
    def motion_features(self) -> MotionFeatures:
        """The features of these windows. Raise SkeletonError if the skeleton has none."""
        return get_motion_features(self.skeleton, self.keypoints.shape[-1])

    @property
    def feature_set(self) -> FeatureSet:
        """The features of these keypoints. Raise SkeletonError if the skeleton has none."""
        return get_feature_set(self.skeleton, self.keypoints.shape[-1])

    def features(self) -> NDArray[np.float32]:
        """Compute (N, F) features of all samples. Raise SkeletonError for windows."""
        return np.asarray(self.feature_set(self.keypoints, self.mirrored_view), np.float32)

    def take(self, rows: NDArray[Any] | slice) -> "GestureData":
        """Return the samples selected by indices, a mask or a slice; all gestures are kept."""
        return replace(
            self,
            keypoints=self.keypoints[rows],
            mirrored_view=self.mirrored_view[rows],
            labels=self.labels[rows],
            persons=self.persons[rows],
            sessions=self.sessions[rows],
            recordings=self.recordings[rows],
            sample_ids=self.sample_ids[rows] if len(self.sample_ids) else self.sample_ids,
            seconds=self.seconds[rows] if len(self.seconds) else self.seconds,
        )

    def batches(self, size: int) -> Iterator["GestureData"]:
        """Yield the samples in batches of at most this size, to limit memory."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))

    def drop_empty_gestures(self) -> "GestureData":
        """Remove the classes that have no samples, and renumber the labels."""
        present, labels = np.unique(self.labels, return_inverse=True)
        return replace(self, labels=labels, gestures=tuple(self.gestures[i] for i in present))
