"""What the store takes and gives: plain records, and their way to and from table rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import printable
from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.motion.windows import lasts_s, window
from core.pose.boxes import Square
from core.pose.finders import keypoints_of_all
from core.pose.skeletons.table import HAND_21, skeleton_named
from core.pose.types import Floats

_AXES = ((2,), (3,))  # of a keypoint: x, y or x, y, z
_CHUNK = 500  # ids a statement; SQLite bounds the number of its parameters


def now() -> str:
    """The time as the store writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids, each once, few enough for a statement at a time."""
    wanted = [int(i) for i in dict.fromkeys(ids)]
    for begin in range(0, len(wanted), _CHUNK):
        yield wanted[begin : begin + _CHUNK]


@dataclass(frozen=True)
class Project:
    """A project; `active_model` names the run whose model it uses, if any; `created_at` is ISO
    8601, UTC; `skeleton` names the keypoints that all its samples have; `in_space`: it learns from
    their x, y and z, not from where they are in the picture."""

    id: int
    name: str
    keypoints_only: bool
    active_model: str | None = None
    created_at: str = ""
    skeleton: str = HAND_21.name
    in_space: bool = False


STILL, MOVING = "still", "moving"  # kinds of gestures


@dataclass(frozen=True)
class Gesture:
    """A gesture of a project; `kind` is STILL or MOVING."""

    id: int
    name: str
    emoji: str
    position: int
    enabled: bool
    kind: str = STILL

    @property
    def label(self) -> GestureLabel:
        """Name and emoji."""
        return GestureLabel(self.name, self.emoji)

    @property
    def moves(self) -> bool:
        """Whether it is MOVING: its samples are clips."""
        return self.kind == MOVING


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
    """A sample to be stored: a clip of T frames, of one frame for a still gesture.

    Attributes:
        keypoints: (T, K, D), or (K, D) for a single frame: picture pixels x, y (`space`
            "picture"), a table's own unit ("relative"), or x, y, z in "metres" or "millimetres".
        scores: (T, K), or (K,) for a single frame.
        world: (T, K, 3), (K, 3) for a single frame, or None.
        instance: which of several hands or persons in the frame.
        size_hw: the picture's (H, W); None for tables.
        region: the crop's square in picture pixels.
        crop_jpeg: the JPEG of the middle frame's crop; None in keypoints-only projects and for
            tables.
        file_hash: sha256 of the file it came from; None for a camera.
        skeleton: whose K keypoints they are.
        time_s: the first frame's time in its source, seconds: of a file from its start, of a
            camera on its stream's clock, so that differences alone count; None when unknown.
        times_s: (T,) of all frames, where there are several.
        visibility: (T, K) in 0..1, where the estimator gives one.
        other_crops: JPEGs of other frames' crops by the frame's number.
        whole: of a clip that is to be stored, what it was cut from, taken at the same time; it has
            no crop of its own, and is read by `trimming.whole_of` alone.

    Raises:
        ValueError: shapes that do not fit together.
    """

    keypoints: Floats
    scores: Floats
    source: str
    mirrored_view: bool
    estimator: str
    estimator_version: str = ""
    world: Floats | None = None
    handedness: str | None = None
    instance: int = 0
    size_hw: tuple[int, int] | None = None
    region: Square | None = None
    crop_jpeg: bytes | None = None
    space: str = "picture"
    file_hash: str | None = None
    taken_at: str = field(default_factory=now)
    skeleton: str = HAND_21.name
    time_s: float | None = None
    times_s: NDArray[np.float64] | None = None
    visibility: Floats | None = None
    other_crops: Mapping[int, bytes] = field(default_factory=dict)
    whole: "NewSample | None" = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", printable(self.source))
        for name, axes in (("keypoints", 3), ("scores", 2), ("world", 3), ("visibility", 2)):
            values = getattr(self, name)
            if values is not None and values.ndim == axes - 1:  # a single frame
                object.__setattr__(self, name, values[None])
        frames, joints = self.scores.shape
        wanted = {"world": (frames, joints, 3), "visibility": (frames, joints)}
        wanted |= {"times_s": (frames,)}
        came = {name: getattr(self, name) for name in wanted}
        odd = {n: v.shape for n, v in came.items() if v is not None and v.shape != wanted[n]}
        if self.keypoints.shape[:2] != (frames, joints) or self.keypoints.shape[2:] not in _AXES:
            odd["keypoints"] = self.keypoints.shape
        if odd or frames == 0:
            raise ValueError(f"scores are (T, K) = {self.scores.shape}, but {odd or 'no frame'}")
        skeleton_named(self.skeleton).check(joints, "the sample")

    @property
    def frames(self) -> int:
        """How many frames T."""
        return len(self.keypoints)

    @property
    def pose(self) -> Floats:
        """(K, D) keypoints of the middle frame: the one that stands for the clip."""
        return self.keypoints[self.frames // 2]


@dataclass(frozen=True, eq=False)
class Sample(NewSample):
    """A stored sample."""

    id: int = 0
    gesture_id: int = 0
    burst_id: int = 0


def to_project(row: Any) -> Project:
    """A row of `projects`."""
    return Project(
        row.id,
        row.name,
        row.keypoints_only,
        row.active_model,
        row.created_at,
        row.skeleton,
        row.in_space,
    )


def to_gesture(row: Any) -> Gesture:
    """A row of `gestures`."""
    return Gesture(row.id, row.name, row.emoji, row.position, row.enabled, row.kind)


def to_row(sample: NewSample) -> dict[str, Any]:
    """Columns of `samples` that the sample itself decides."""
    height, width = sample.size_hw or (None, None)
    x, y, side = sample.region or (None, None, None)
    return {name: getattr(sample, name) for name in _SAME} | {
        "keypoints": _blob(sample.keypoints),
        "scores": _blob(sample.scores),
        "world": None if sample.world is None else _blob(sample.world),
        "frames": sample.frames,
        "times": None if sample.times_s is None else sample.times_s.astype("<f8").tobytes(),
        "visibility": None if sample.visibility is None else _blob(sample.visibility),
        "height": height,
        "width": width,
        "square_x": x,
        "square_y": y,
        "square_side": side,
    }


def crop_rows(sample_id: int, sample: NewSample) -> list[dict[str, Any]]:
    """A sample's crops as rows of `crops`."""
    jpegs = dict(sample.other_crops)
    if sample.crop_jpeg is not None:
        jpegs[sample.frames // 2] = sample.crop_jpeg
    return [{"sample_id": sample_id, "frame": f, "jpeg": j} for f, j in sorted(jpegs.items())]


def whole_rows(new: Sequence[NewSample], about: dict[str, Any]) -> list[dict[str, Any]]:
    """What samples were cut from, as rows of `samples` that were never outside the bin."""
    wholes = [sample.whole for sample in new if sample.whole is not None]
    return [to_row(one) | about | {"deleted_at": one.taken_at} for one in wholes]


def to_sample(row: Any) -> Sample:
    """A row of `samples` with its crop as `jpeg` and its project's `skeleton`."""
    about = _sample_fields(row._mapping, row.skeleton)
    return Sample(
        id=row.id, gesture_id=row.gesture_id, burst_id=row.burst_id, crop_jpeg=row.jpeg, **about
    )


def from_row(row: Mapping[str, Any], skeleton: str) -> NewSample:
    """A row of `samples` from elsewhere as a sample that can be stored; without its crops.

    Raises:
        ValueError: its numbers do not fit together.
        SkeletonError: they are no keypoints of this skeleton.
    """
    return NewSample(**_sample_fields(row, skeleton))


def _sample_fields(row: Mapping[str, Any], skeleton: str) -> dict[str, Any]:
    """What a row says of `NewSample`'s fields."""
    frames = row["frames"]
    joints = len(row["scores"]) // (4 * frames)
    shapes = {"keypoints": (-1,), "scores": (), "world": (3,), "visibility": ()}
    found: dict[str, Any] = {
        name: None if row[name] is None else array(row[name]).reshape(frames, joints, *axes)
        for name, axes in shapes.items()
    }
    square = Square(row["square_x"], row["square_y"], row["square_side"])
    return found | {
        "size_hw": None if row["height"] is None else (row["height"], row["width"]),
        "region": None if row["square_x"] is None else square,
        "times_s": _times(row["times"]),
        "skeleton": skeleton,
        **{name: row[name] for name in _SAME},
    }


_SAME = (  # columns that are fields under the same name
    "handedness",
    "instance",
    "source",
    "mirrored_view",
    "space",
    "estimator",
    "estimator_version",
    "file_hash",
    "taken_at",
    "time_s",
)


def to_training_data(
    rows: Sequence[Any],
    gestures: Sequence[Gesture],
    skeleton: str,
) -> GestureData:
    """Rows of id, gesture_id, keypoints, mirrored_view, person, session_id, burst_id, frames, times
    and estimator, at least one, all of clips or none and with as many axes, as what a classifier
    learns from; clips become windows."""
    ids, gesture, blobs, mirrored, person, sessions, recordings, frames, times, found_by = zip(
        *rows, strict=True
    )
    estimator, *also = keypoints_of_all(found_by)
    keypoints = array(b"".join(blobs)).reshape(sum(frames), skeleton_named(skeleton).size, -1)
    seconds = np.empty(0)
    if max(frames) > 1:
        parts = np.split(keypoints, np.cumsum(frames)[:-1])
        clips = [*zip(parts, map(_times, times), strict=True)]
        keypoints = np.stack([window(*clip) for clip in clips])
        seconds = np.array([lasts_s(*clip) for clip in clips])
    index = {gesture.id: i for i, gesture in enumerate(gestures)}
    return GestureData(
        keypoints,
        np.array(mirrored, bool),
        np.array([index[g] for g in gesture], np.int64),
        tuple(g.label for g in gestures),
        np.array(person),
        np.array(sessions),
        np.array(recordings),
        estimator,
        np.array(ids, np.int64),
        skeleton,
        tuple(also),
        seconds,
    )


def _times(blob: bytes | None) -> NDArray[np.float64] | None:
    return None if blob is None else np.frombuffer(blob, "<f8").astype(np.float64)


def array(blob: bytes) -> Floats:
    """The float32 numbers of a blob."""
    return np.frombuffer(blob, "<f4").astype(np.float32)


def _blob(values: Floats) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()
