"""What every reader of keypoint tables returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.pose.skeletons.table import HAND_21, Skeleton, convert_keypoints, skeleton_named

_ROW_FIELDS = ("gestures", "known", "persons", "mirrored")


@dataclass(frozen=True, eq=False)
class KeypointTable:
    """A table of labelled keypoints: N rows of K keypoints.

    Attributes:
        keypoints: (N, K, 2) float32, or (N, K, 3) if the table has z0, z1 …; NaN where missing.
            Clips are (N, T, K, 2).
        gestures: (N,) names; `read_table` replaces labels of built-in gestures by their names.
        persons: (N,) who recorded, "" if unknown.
        estimator: what detected the keypoints.
        skeleton: its name.
        known: (N,) whether the gesture is built-in or mapped; filled by `read_table`.
        mirrored: (N,) whether the viewer saw the picture mirrored; filled by `read_table`.
        sha256: of the file; filled by `read_table`.
        remark: a remark for the user, a sentence without its subject, or "".
        world: (N, K, 3) metres, of a table that has wx0, wy0, wz0 … beside picture coordinates; NaN
            in rows without them, None if all lack them.
        recordings: of clips, (N,) the recording, unique per person.
        times_s: of clips, (T,) of their frames.
        label_names: names of numeric labels.
    """

    keypoints: NDArray[np.float32]
    gestures: NDArray[np.str_]
    persons: NDArray[np.str_]
    estimator: str = "mediapipe-hands"
    skeleton: str = HAND_21.name
    known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    mirrored: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    sha256: str = ""
    remark: str = ""
    world: NDArray[np.float32] | None = None
    recordings: NDArray[np.str_] | None = None
    times_s: NDArray[np.float64] | None = None
    label_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def moving(self) -> bool:
        """Whether the rows are clips."""
        return self.keypoints.ndim == 4

    @property
    def stored_skeleton(self) -> str:
        """The skeleton for a new project: tables of hands, in any keypoint order, get hand_21."""
        skeleton = skeleton_named(self.skeleton)
        is_hand = skeleton.is_hand and skeleton.size == HAND_21.size
        return HAND_21.name if is_hand else skeleton.name

    def __len__(self) -> int:
        return len(self.gestures)

    def to_3d(self) -> "KeypointTable":
        """Return the rows with 3-D coordinates, as keypoints; this table if `world` is None."""
        if self.world is None:
            return self
        there = np.isfinite(self.world).all(axis=(1, 2))
        rows = {name: getattr(self, name)[there] for name in _ROW_FIELDS}
        return replace(self, keypoints=self.world[there], world=None, **rows)

    def to_skeleton(self, skeleton: Skeleton) -> "KeypointTable":
        """Convert the keypoints to another skeleton; raise SkeletonError if that isn't possible."""
        own = skeleton_named(self.skeleton)
        world = None if self.world is None else convert_keypoints(self.world, own, skeleton)
        keypoints = convert_keypoints(self.keypoints, own, skeleton)
        return replace(self, keypoints=keypoints, world=world, skeleton=skeleton.name)
