"""What a project file may hold: the manifest and the rows of its tables, checked one by one.

Convention: names are checked as `safe_name` does; float32 blobs travel as base64, NaN and all;
times are ISO 8601.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    AliasChoices,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from core.errors import ArchiveError, LabelError, SkeletonError
from core.gestures.labels import safe_name
from core.media.json_objects import first_fault
from core.pose.skeletons.table import SKELETONS, skeleton_named
from core.store.rows import to_floats

MAX_CROP = 2**20  # bytes of one crop's JPEG
MAX_JOINTS = 200
MAX_FRAMES = 1000  # of one clip
RUN_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}"


def _name(text: str) -> str:
    try:
        return safe_name(text)
    except LabelError as error:
        raise ValueError(str(error)) from error


def _skeleton(text: str) -> str:
    if text not in SKELETONS:
        raise ValueError(f"no skeleton “{text[:40]}”, there are {', '.join(SKELETONS)}")
    return text


def _time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _plain(text: str) -> str:
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in text):
        raise ValueError("control characters in a text")
    return text


def _storable(text: str) -> str:
    if any(char == "\0" or 0xD800 <= ord(char) < 0xE000 for char in text):
        raise ValueError("a text that can't be stored")
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("no finite number")
    return value


def _numbers(*counts: int) -> Callable[[bytes], bytes]:
    """A blob of so many float32 a keypoint and frame: finite, or NaN where missing."""

    def check(blob: bytes) -> bytes:
        most = 4 * max(counts) * MAX_JOINTS * MAX_FRAMES
        if all(len(blob) % (4 * count) for count in counts) or not 0 < len(blob) <= most:
            told = " or ".join(map(str, counts))
            raise ValueError(f"{len(blob)} bytes are no {told} float32 for each keypoint")
        if np.isinf(to_floats(blob)).any():
            raise ValueError("an infinite number")
        return blob

    return check


Id = Annotated[int, Field(ge=0, lt=2**53)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Name = Annotated[str, Field(max_length=400), AfterValidator(_name)]
Time = Annotated[str, Field(max_length=40), AfterValidator(_time)]
Text = Annotated[str, Field(max_length=1000), AfterValidator(_storable)]  # file names, too
Short = Annotated[str, Field(max_length=100), AfterValidator(_plain)]
Emoji = Annotated[str, Field(max_length=16), AfterValidator(_plain)]
Number = Annotated[float, AfterValidator(_finite)]
Side = Annotated[int, Field(ge=1, le=100_000)]
Points = Annotated[Base64Bytes, AfterValidator(_numbers(2, 3))]
Scores = Annotated[Base64Bytes, AfterValidator(_numbers(1))]
World = Annotated[Base64Bytes, AfterValidator(_numbers(3))]
Times = Annotated[Base64Bytes, AfterValidator(_numbers(2))]  # float64, each two times float32 long
SkeletonName = Annotated[str, AfterValidator(_skeleton)]
Kind = Literal["still", "moving"]
RunName = Annotated[str, Field(pattern=f"^{RUN_NAME}$")]


class Strict(BaseModel):
    """No other fields, no values turned from one type into another."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ProjectRow(Strict):
    """The project itself."""

    name: Name
    keypoints_only: bool
    created_at: Time
    active_model: RunName | None = None
    skeleton: SkeletonName = "hand_21"
    in_space: bool = False


class Numbered(Strict):
    """A row with its id."""

    id: Id


class GestureRow(Numbered):
    """A row of `gestures`."""

    name: Name
    emoji: Emoji
    position: Count
    enabled: bool
    deleted_at: Time | None = None
    kind: Kind = "still"


class PersonRow(Numbered):
    """A row of `persons`."""

    name: Name
    deleted_at: Time | None = None


class SessionRow(Numbered):
    """A row of `sessions`."""

    person_id: Id
    source: Text
    started_at: Time
    name: Name | None = None


class BurstRow(Numbered):
    """A row of `bursts`."""

    session_id: Id
    gesture_id: Id
    started_at: Time


class CropPlace(Strict):
    """Where a sample's crop lies in the file: JPEG bytes `begin` to `begin + bytes` of a pack."""

    pack: Annotated[str, Field(pattern=r"^crops-\d{5}\.bin$")]
    begin: Count
    bytes: Annotated[int, Field(ge=1, le=MAX_CROP)]
    frame: Count = 0


class SampleRow(Numbered):
    """A row of `samples`, and where its crops are. Files of version 1 say `hand_index` instead of
    `instance`, and have one frame and one `crop`."""

    gesture_id: Id
    burst_id: Id
    keypoints: Points
    scores: Scores
    world: World | None = None
    handedness: Short | None = None
    instance: Annotated[Count, Field(validation_alias=AliasChoices("instance", "hand_index"))]
    height: Side | None = None
    width: Side | None = None
    square_x: Number | None = None
    square_y: Number | None = None
    square_side: Number | None = None
    source: Text
    mirrored_view: bool
    space: Literal["picture", "relative", "metres", "millimetres"]
    estimator: Short
    estimator_version: Short
    file_hash: Short | None = None
    taken_at: Time
    deleted_at: Time | None = None
    crop: CropPlace | None = None
    frames: Annotated[int, Field(ge=1, le=MAX_FRAMES)] = 1
    time_s: Number | None = None
    times: Times | None = None
    visibility: Scores | None = None
    crops: Annotated[list[CropPlace], Field(max_length=MAX_FRAMES)] = []

    @property
    def crop_places(self) -> list[CropPlace]:
        """Where its crops are."""
        return [*self.crops, *([self.crop] if self.crop else [])]

    def fault(self, skeleton: str) -> str:
        """What does not fit together; "" where all does."""
        all_joints = len(self.scores) // 4
        joints, odd = divmod(all_joints, self.frames)
        several = (self.world, 12), (self.visibility, 4)
        odd += len(self.keypoints) not in (8 * all_joints, 12 * all_joints)
        odd += any(blob and len(blob) != size * all_joints for blob, size in several)
        if odd or (self.times and len(self.times) != 8 * self.frames):
            return "keypoints, scores and world have different numbers of joints"
        if any(place.frame >= self.frames for place in self.crop_places):
            return f"a crop of frame {self.frames} or later, there are {self.frames}"
        half = halved(self.height, self.width)
        half |= halved(self.square_x, self.square_y, self.square_side)
        return "half a size or half a square" if half else misfit(joints, skeleton)


def misfit(joints: int, skeleton: str) -> str:
    """Why a pose of so many joints can't go into a project of this skeleton; "" where it can."""
    try:
        skeleton_named(skeleton).check(joints, "poses")
    except SkeletonError as error:
        return str(error)
    return ""


def halved(*values: float | None) -> bool:
    """Whether some are missing, but not all."""
    return len({value is None for value in values}) > 1


ROWS: dict[str, type[Numbered]] = {
    "gestures": GestureRow,
    "persons": PersonRow,
    "sessions": SessionRow,
    "bursts": BurstRow,
    "samples": SampleRow,
}


class Member(Strict):
    """A file in the zip."""

    name: Annotated[str, Field(max_length=200)]
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Strict):
    """`manifest.json`: what the file is, the project, and every other member with its hash."""

    format: Literal["mudra-project"]
    version: Literal[1, 2]
    made_by: Short
    made_at: Time
    project: ProjectRow
    with_bin: bool
    with_pictures: bool
    counts: dict[str, Count]
    members: list[Member]


def read_manifest(content: bytes, name: str) -> Manifest:
    """The manifest of the file of that name.

    Raises:
        ArchiveError: it is none.
    """
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ArchiveError(f"{name}: manifest.json can't be used: {first_fault(error)}") from error


def read_row(part: str, line: bytes, where: str, skeleton: str) -> Numbered:
    """A row of one of ROWS from its line, of a project of this skeleton.

    Raises:
        ArchiveError: it is none; `where` says in whose words.
    """
    try:
        row = ROWS[part].model_validate_json(line)
    except ValidationError as error:
        raise ArchiveError(f"{where}: {first_fault(error)}") from error
    if isinstance(row, SampleRow) and (fault := row.fault(skeleton)):
        raise ArchiveError(f"{where}: {fault}")
    return row


def mudra_version() -> str:
    """This Mudra's, for who reads a file that it wrote."""
    with suppress(PackageNotFoundError):
        return version("mudra")
    return "0.1.0"
