"""What the store takes and gives: plain records, and their way to and from table rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.pose.boxes import Square
from core.pose.types import Floats


def now() -> str:
    """The time as the store writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Project:
    """A project; `active_model` names the run whose model it uses, if any; `created_at` is ISO
    8601, UTC."""

    id: int
    name: str
    keypoints_only: bool
    active_model: str | None = None
    created_at: str = ""


@dataclass(frozen=True)
class Gesture:
    """A gesture of a project."""

    id: int
    name: str
    emoji: str
    position: int
    enabled: bool

    @property
    def label(self) -> GestureLabel:
        """Name and emoji."""
        return GestureLabel(self.name, self.emoji)


@dataclass(frozen=True)
class Person:
    """Somebody who recorded."""

    id: int
    name: str


@dataclass(frozen=True)
class GestureOverview:
    """How much there is of a gesture."""

    gesture: Gesture
    samples: int
    persons: int
    sessions: int


@dataclass(frozen=True, eq=False)
class NewSample:
    """A sample to be stored.

    Attributes:
        keypoints: (K, 2) picture pixels (`space` "picture"), or a table's own unit ("relative").
        scores: (K,).
        world: (K, 3) or None.
        size_hw: the picture's (H, W); None for tables.
        square: the crop's (x0, y0, side) in picture pixels.
        crop_jpeg: the crop's JPEG; None in keypoints-only projects and for tables.
        file_hash: sha256 of the file it came from; None for a camera.
    """

    keypoints: Floats
    scores: Floats
    source: str
    mirrored_view: bool
    estimator: str
    estimator_version: str = ""
    world: Floats | None = None
    handedness: str | None = None
    hand_index: int = 0
    size_hw: tuple[int, int] | None = None
    square: Square | None = None
    crop_jpeg: bytes | None = None
    space: str = "picture"
    file_hash: str | None = None
    taken_at: str = field(default_factory=now)


@dataclass(frozen=True, eq=False)
class Sample(NewSample):
    """A stored sample."""

    id: int = 0
    gesture_id: int = 0
    burst_id: int = 0


def to_project(row: Any) -> Project:
    """A row of `projects`."""
    return Project(row.id, row.name, row.keypoints_only, row.active_model, row.created_at)


def to_gesture(row: Any) -> Gesture:
    """A row of `gestures`."""
    return Gesture(row.id, row.name, row.emoji, row.position, row.enabled)


def to_row(sample: NewSample) -> dict[str, Any]:
    """Columns of `samples` that the sample itself decides."""
    height, width = sample.size_hw or (None, None)
    x, y, side = sample.square or (None, None, None)
    return {
        "keypoints": _blob(sample.keypoints),
        "scores": _blob(sample.scores),
        "world": None if sample.world is None else _blob(sample.world),
        "handedness": sample.handedness,
        "hand_index": sample.hand_index,
        "height": height,
        "width": width,
        "square_x": x,
        "square_y": y,
        "square_side": side,
        "source": sample.source,
        "mirrored_view": sample.mirrored_view,
        "space": sample.space,
        "estimator": sample.estimator,
        "estimator_version": sample.estimator_version,
        "file_hash": sample.file_hash,
        "taken_at": sample.taken_at,
    }


def to_sample(row: Any) -> Sample:
    """A row of `samples` with its crop as `jpeg`."""
    return Sample(
        id=row.id,
        gesture_id=row.gesture_id,
        burst_id=row.burst_id,
        keypoints=array(row.keypoints).reshape(-1, 2),
        scores=array(row.scores),
        world=None if row.world is None else array(row.world).reshape(-1, 3),
        handedness=row.handedness,
        hand_index=row.hand_index,
        size_hw=None if row.height is None else (row.height, row.width),
        square=None if row.square_x is None else (row.square_x, row.square_y, row.square_side),
        crop_jpeg=row.jpeg,
        source=row.source,
        mirrored_view=row.mirrored_view,
        space=row.space,
        estimator=row.estimator,
        estimator_version=row.estimator_version,
        file_hash=row.file_hash,
        taken_at=row.taken_at,
    )


def to_training_data(
    rows: Sequence[Any], gestures: Sequence[Gesture], estimator: str
) -> GestureData:
    """Rows of id, gesture_id, keypoints, mirrored_view, person, session_id and burst_id, at least
    one, as what a classifier learns from."""
    ids, gesture, blobs, mirrored, person, sessions, bursts = zip(*rows, strict=True)
    index = {gesture.id: i for i, gesture in enumerate(gestures)}
    return GestureData(
        array(b"".join(blobs)).reshape(len(rows), -1, 2),
        np.array(mirrored, bool),
        np.array([index[g] for g in gesture], np.int64),
        tuple(g.label for g in gestures),
        np.array(person),
        np.array(sessions),
        np.array(bursts),
        estimator,
        np.array(ids, np.int64),
    )


def array(blob: bytes) -> Floats:
    """The float32 numbers of a blob."""
    return np.frombuffer(blob, "<f4").astype(np.float32)


def _blob(values: Floats) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()
