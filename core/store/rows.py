"""The store's records, and their conversion to and from table rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.files import printable
from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.motion.windows import clip_to_window, measure_window_s
from core.pose.boxes import Square
from core.pose.finders import keypoints_of_all
from core.pose.skeletons.table import HAND_21, skeleton_named
from core.pose.types import Floats
from core.words import words

Record = TypeVar("Record", "Project", "Gesture", "Person")

_AXES = ((2,), (3,))  # of a keypoint: x, y or x, y, z
_MAX_IDS = 500  # in one statement; SQLite limits the number of parameters


def now() -> str:
    """Return the current time as the store writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def split_ids(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the ids, without duplicates, in chunks short enough for one SQL statement."""
    wanted = [int(i) for i in dict.fromkeys(ids)]
    for start in range(0, len(wanted), _MAX_IDS):
        yield wanted[start : start + _MAX_IDS]


@dataclass(frozen=True)
class Project:
    """A project."""

    id: int
    name: str
    keypoints_only: bool
    active_model: str | None = None  # name of the run with its model; None: the newest run
    created_at: str = ""  # ISO 8601, UTC
    skeleton: str = HAND_21.name  # of all its samples
    in_space: bool = False  # whether it trains on keypoints x, y, z instead of picture pixels


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
        """Its name and emoji."""
        return GestureLabel(self.name, self.emoji)

    @property
    def moves(self) -> bool:
        """Whether its samples are clips."""
        return self.kind == MOVING


@dataclass(frozen=True)
class Person:
    """A person who recorded samples."""

    id: int
    name: str


@dataclass(frozen=True)
class GestureOverview:
    """A gesture with its numbers of samples, persons and sessions."""

    gesture: Gesture
    samples: int
    persons: int
    sessions: int


@dataclass(frozen=True, eq=False)
class NewSample:
    """A sample to store: a clip of T frames; T = 1 for a still gesture. Raises ValueError: shapes
    that don't fit together."""

    # (T, K, D), or (K, D) for a single frame: picture pixels x, y (`space` "picture"), a table's
    # own unit ("relative"), or x, y, z in "metres" or "millimetres"
    keypoints: Floats
    scores: Floats  # (T, K), or (K,) for a single frame
    source: str
    mirrored_view: bool
    estimator: str
    estimator_version: str = ""
    world: Floats | None = None  # (T, K, 3), (K, 3) for a single frame, or None
    handedness: str | None = None
    instance: int = 0  # index of the hand or person in the frame
    size_hw: tuple[int, int] | None = None  # the picture's (H, W); None for tables
    region: Square | None = None  # the crop's square in picture pixels
    # the middle frame's crop; None in keypoints-only projects and for tables
    crop_jpeg: bytes | None = None
    space: str = "picture"
    file_hash: str | None = None  # sha256 of the source file; None for a camera
    taken_at: str = field(default_factory=now)
    skeleton: str = HAND_21.name
    # the first frame's time, in seconds from the start of the file or on the camera stream's clock;
    # None when unknown
    time_s: float | None = None
    times_s: NDArray[np.float64] | None = None  # (T,) times of all frames, if there are several
    visibility: Floats | None = None  # (T, K) in 0..1, if the estimator provides it
    # JPEGs of other frames' crops by frame number
    other_crops: Mapping[int, bytes] = field(default_factory=dict)
    # the longer clip that this one was cut from while recording; it has no crop and is read only by
    # `trimming.find_whole_clip`
    whole: "NewSample | None" = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", printable(self.source))
        for name, axes in (("keypoints", 3), ("scores", 2), ("world", 3), ("visibility", 2)):
            values = getattr(self, name)
            if values is not None and values.ndim == axes - 1:  # a single frame
                object.__setattr__(self, name, values[None])
        frames, size = self.scores.shape
        wanted = {"world": (frames, size, 3), "visibility": (frames, size), "times_s": (frames,)}
        given = {name: getattr(self, name) for name in wanted}
        wrong = {n: v.shape for n, v in given.items() if v is not None and v.shape != wanted[n]}
        if self.keypoints.shape[:2] != (frames, size) or self.keypoints.shape[2:] not in _AXES:
            wrong["keypoints"] = self.keypoints.shape
        if wrong or frames == 0:
            raise ValueError(f"scores are (T, K) = {self.scores.shape}, but {wrong or 'no frame'}")
        skeleton_named(self.skeleton).check(size, words("the sample"))

    @property
    def frames(self) -> int:
        """The number of frames T."""
        return len(self.keypoints)

    @property
    def pose(self) -> Floats:
        """(K, D) keypoints of the middle frame."""
        return self.keypoints[self.frames // 2]


@dataclass(frozen=True, eq=False)
class Sample(NewSample):
    """A stored sample."""

    id: int = 0
    gesture_id: int = 0
    burst_id: int = 0


def to_record(kind: type[Record], row: Any) -> Record:
    """Return a row of `projects`, `gestures` or `persons` as a Project, Gesture or Person."""
    return kind(**{column.name: getattr(row, column.name) for column in fields(kind)})


def to_row(sample: NewSample) -> dict[str, Any]:
    """Convert a sample to columns of `samples`, without ids; arrays become blobs."""
    height, width = sample.size_hw or (None, None)
    x, y, side = sample.region or (None, None, None)
    blobs = {
        name: None if values is None else np.ascontiguousarray(values, "<f4").tobytes()
        for name in ("keypoints", "scores", "world", "visibility")
        for values in [getattr(sample, name)]
    }
    own = {
        "frames": sample.frames,
        "times": None if sample.times_s is None else sample.times_s.astype("<f8").tobytes(),
        "height": height,
        "width": width,
        "square_x": x,
        "square_y": y,
        "square_side": side,
    }
    return {name: getattr(sample, name) for name in _SAME_NAMES} | blobs | own


def to_crop_rows(sample_id: int, sample: NewSample) -> list[dict[str, Any]]:
    """Convert a sample's JPEG crops to rows of `crops`, ordered by frame; its main crop is the
    middle frame's."""
    jpegs = dict(sample.other_crops)
    if sample.crop_jpeg is not None:
        jpegs[sample.frames // 2] = sample.crop_jpeg
    return [{"sample_id": sample_id, "frame": f, "jpeg": j} for f, j in sorted(jpegs.items())]


def to_sample(row: Any) -> Sample:
    """Convert a row of `samples`, with its crop and the project's skeleton, to a Sample."""
    return Sample(
        id=row.id,
        gesture_id=row.gesture_id,
        burst_id=row.burst_id,
        crop_jpeg=row.jpeg,
        **_sample_arguments(row._mapping, row.skeleton),
    )


def to_new_sample(row: Mapping[str, Any], skeleton: str) -> NewSample:
    """Convert an imported row with columns of `samples` to a NewSample without crops; raise
    ValueError or SkeletonError if its arrays don't fit together or to the skeleton."""
    return NewSample(**_sample_arguments(row, skeleton))


def _sample_arguments(row: Mapping[str, Any], skeleton: str) -> dict[str, Any]:
    """Convert columns of `samples` to keyword arguments of NewSample; blobs become arrays."""
    frames = row["frames"]
    size = len(row["scores"]) // (4 * frames)
    shapes = {"keypoints": (-1,), "scores": (), "world": (3,), "visibility": ()}
    arrays: dict[str, Any] = {
        name: None if row[name] is None else to_floats(row[name]).reshape(frames, size, *axes)
        for name, axes in shapes.items()
    }
    square = Square(row["square_x"], row["square_y"], row["square_side"])
    return arrays | {
        "size_hw": None if row["height"] is None else (row["height"], row["width"]),
        "region": None if row["square_x"] is None else square,
        "times_s": to_times(row["times"]),
        "skeleton": skeleton,
        **{name: row[name] for name in _SAME_NAMES},
    }


_SAME_NAMES = (  # columns that are attributes of NewSample
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
    rows: Sequence[Any], gestures: Sequence[Gesture], skeleton: str
) -> GestureData:
    """Convert rows of `learned.build_training_query` to training data; clips become windows. The
    rows must not be empty, and be all clips or all single frames."""
    ids, gesture, blobs, mirrored, person, sessions, recordings, frames, times, names = zip(
        *rows, strict=True
    )
    estimator, *also = keypoints_of_all(names)
    keypoints = to_floats(b"".join(blobs)).reshape(sum(frames), skeleton_named(skeleton).size, -1)
    seconds = np.empty(0)
    if max(frames) > 1:
        parts = np.split(keypoints, np.cumsum(frames)[:-1])
        clips = [*zip(parts, map(to_times, times), strict=True)]
        keypoints = np.stack([clip_to_window(*clip) for clip in clips])
        seconds = np.array([measure_window_s(*clip) for clip in clips])
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


def to_times(blob: bytes | None) -> NDArray[np.float64] | None:
    """Convert a blob to float64 times; None stays None."""
    return None if blob is None else np.frombuffer(blob, "<f8").astype(np.float64)


def to_floats(blob: bytes) -> Floats:
    """Convert a blob to a flat float32 array."""
    return np.frombuffer(blob, "<f4").astype(np.float32)
