"""What a project file may hold: the manifest and the rows of its tables, checked one by one.

Convention: names are checked as `safe_name` does; float32 blobs travel as base64, NaN and all;
times are ISO 8601.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from core.errors import ArchiveError, LabelError, SkeletonError
from core.gestures.labels import safe_name
from core.pose.skeletons import HAND_21, Skeleton
from core.store.rows import array

MAX_CROP = 2**20  # bytes of one crop's JPEG
MAX_JOINTS = 200
RUN_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}"


def _name(text: str) -> str:
    try:
        return safe_name(text)
    except LabelError as error:
        raise ValueError(str(error)) from error


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


def _numbers(count: int) -> Callable[[bytes], bytes]:
    """A blob of so many float32 a joint: finite, or NaN where missing."""

    def check(blob: bytes) -> bytes:
        if len(blob) % (4 * count) or not 0 < len(blob) <= 4 * count * MAX_JOINTS:
            raise ValueError(f"{len(blob)} bytes are no {count} float32 for each joint")
        if np.isinf(array(blob)).any():
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
Points = Annotated[Base64Bytes, AfterValidator(_numbers(2))]
Scores = Annotated[Base64Bytes, AfterValidator(_numbers(1))]
World = Annotated[Base64Bytes, AfterValidator(_numbers(3))]
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


class GestureRow(Strict):
    """A row of `gestures`."""

    id: Id
    name: Name
    emoji: Emoji
    position: Count
    enabled: bool
    deleted_at: Time | None = None


class PersonRow(Strict):
    """A row of `persons`."""

    id: Id
    name: Name
    deleted_at: Time | None = None


class SessionRow(Strict):
    """A row of `sessions`."""

    id: Id
    person_id: Id
    source: Text
    started_at: Time
    name: Name | None = None


class BurstRow(Strict):
    """A row of `bursts`."""

    id: Id
    session_id: Id
    gesture_id: Id
    started_at: Time


class CropPlace(Strict):
    """Where a sample's crop lies in the file: JPEG bytes `begin` to `begin + bytes` of a pack."""

    pack: Annotated[str, Field(pattern=r"^crops-\d{5}\.bin$")]
    begin: Count
    bytes: Annotated[int, Field(ge=1, le=MAX_CROP)]


class SampleRow(Strict):
    """A row of `samples`, and where its crop is."""

    id: Id
    gesture_id: Id
    burst_id: Id
    keypoints: Points
    scores: Scores
    world: World | None = None
    handedness: Short | None = None
    hand_index: Count
    height: Side | None = None
    width: Side | None = None
    square_x: Number | None = None
    square_y: Number | None = None
    square_side: Number | None = None
    source: Text
    mirrored_view: bool
    space: Literal["picture", "relative"]
    estimator: Short
    estimator_version: Short
    file_hash: Short | None = None
    taken_at: Time
    deleted_at: Time | None = None
    crop: CropPlace | None = None

    def fault(self) -> str:
        """What does not fit together; "" where all does."""
        joints = len(self.scores) // 4
        if len(self.keypoints) != 8 * joints or len(self.world or b"") not in (0, 12 * joints):
            return "keypoints, scores and world have different numbers of joints"
        odd = halved(self.height, self.width)
        odd |= halved(self.square_x, self.square_y, self.square_side)
        return "half a size or half a square" if odd else misfit(joints)


def misfit(joints: int, skeleton: Skeleton = HAND_21) -> str:
    """Why a pose of so many joints can't go into a project of this skeleton; "" where it can."""
    try:
        skeleton.check(joints, "poses")
    except SkeletonError as error:
        return str(error)
    return ""


def halved(*values: float | None) -> bool:
    """Whether some are missing, but not all."""
    return len({value is None for value in values}) > 1


ROWS: dict[str, type[Strict]] = {
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
    version: Literal[1]
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


def read_row(part: str, line: bytes, where: str) -> dict[str, Any]:
    """A row of one of ROWS from its line.

    Raises:
        ArchiveError: it is none; `where` says in whose words.
    """
    try:
        row = ROWS[part].model_validate_json(line)
    except ValidationError as error:
        raise ArchiveError(f"{where}: {first_fault(error)}") from error
    if isinstance(row, SampleRow) and (fault := row.fault()):
        raise ArchiveError(f"{where}: {fault}")
    return dict(row)


def first_fault(error: ValidationError) -> str:
    """The first of pydantic's complaints, in one short line."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"][:4])
    return f"{place}: {first['msg']}"[:200] if place else first["msg"][:200]


def mudra_version() -> str:
    """This Mudra's, for who reads a file that it wrote."""
    with suppress(PackageNotFoundError):
        return version("mudra")
    return "0.1.0"
