"""The manifest and the rows of a project file, checked one by one as they are untrusted.

Names are checked as `safe_name` does; float32 blobs are base64, with NaN; times are ISO 8601.
"""

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
    model_validator,
)

from core.errors import ArchiveError, LabelError, MudraError, SkeletonError
from core.gestures.labels import safe_name
from core.media.json_objects import format_first_fault
from core.media.pictures import MAX_SHOWN_SIDE_PX, check_jpeg
from core.pose.skeletons.table import SKELETONS, skeleton_named
from core.store.rows import to_floats
from core.store.rules import MAX_COOLDOWN_S, MAX_HOLD_S, MAX_VALUE_CHARS, NewRule
from core.words import words

MAX_CROP_BYTES = 2**20  # of one JPEG
MAX_JOINTS = 200
MAX_FRAMES = 1000  # of one clip
RUN_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}"


def _check_name(text: str) -> str:
    """Return the safe name; raise ValueError if it is invalid for a project, gesture or person."""
    try:
        return safe_name(text)
    except LabelError as error:
        raise ValueError(str(error)) from error


def _check_skeleton(text: str) -> str:
    if text not in SKELETONS:
        raise ValueError(f"no skeleton “{text[:40]}”, there are {', '.join(SKELETONS)}")
    return text


def _check_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _check_text(text: str, allowed: str = "") -> str:
    """Return the text; raise ValueError for surrogates, and control characters not in `allowed`."""
    if any((char < " " or "\ud800" <= char <= "\udfff") and char not in allowed for char in text):
        raise ValueError("control characters in a text")
    return text


def _check_file_name(text: str) -> str:
    """Return the text; raise ValueError for NUL and surrogates, which can't be stored."""
    return _check_text(text, "".join(map(chr, range(1, 32))))


def _create_blob_validator(*counts: int) -> AfterValidator:
    """Create a validator for float32 blobs: one of these numbers of values per keypoint and frame,
    each NaN or finite and of limited size."""

    def check_blob(blob: bytes) -> bytes:
        """Return the blob; raise ValueError if it has a wrong length or infinite numbers."""
        max_bytes = 4 * max(counts) * MAX_JOINTS * MAX_FRAMES
        if all(len(blob) % (4 * count) for count in counts) or not 0 < len(blob) <= max_bytes:
            expected = " or ".join(map(str, counts))
            raise ValueError(f"{len(blob)} bytes are no {expected} float32 for each keypoint")
        if np.isinf(to_floats(blob)).any():
            raise ValueError("an infinite number")
        return blob

    return AfterValidator(check_blob)


Id = Annotated[int, Field(ge=0, lt=2**53)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Name = Annotated[str, Field(max_length=400), AfterValidator(_check_name)]
Time = Annotated[str, Field(max_length=40), AfterValidator(_check_time)]
Text = Annotated[str, Field(max_length=1000), AfterValidator(_check_file_name)]
Short = Annotated[str, Field(max_length=100), AfterValidator(_check_text)]
Emoji = Annotated[str, Field(max_length=16), AfterValidator(_check_text)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Side = Annotated[int, Field(ge=1, le=100_000)]
Points = Annotated[Base64Bytes, _create_blob_validator(2, 3)]
Scores = Annotated[Base64Bytes, _create_blob_validator(1)]
World = Annotated[Base64Bytes, _create_blob_validator(3)]
Times = Annotated[Base64Bytes, _create_blob_validator(2)]  # float64 has the size of two float32
SkeletonName = Annotated[str, AfterValidator(_check_skeleton)]
Kind = Literal["still", "moving"]
RunName = Annotated[str, Field(pattern=f"^{RUN_NAME}$")]


class Strict(BaseModel):
    """A model without unknown fields and without conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ProjectRow(Strict):
    """The columns of the project."""

    name: Name
    keypoints_only: bool
    created_at: Time
    active_model: RunName | None = None
    skeleton: SkeletonName = "hand_21"
    in_space: bool = False


class Numbered(Strict):
    """A row with an id."""

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
    """The place of a crop's JPEG: `bytes` bytes of a pack from `begin` on."""

    pack: Annotated[str, Field(pattern=r"^crops-\d{5}\.bin$")]
    begin: Count
    bytes: Annotated[int, Field(ge=1, le=MAX_CROP_BYTES)]
    frame: Count = 0


class SampleRow(Numbered):
    """A row of `samples` with the places of its crops. Files of version 1 have `hand_index` instead
    of `instance`, one frame and one `crop`."""

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
        """The places of its crops, of either version."""
        return [*self.crops, *([self.crop] if self.crop else [])]

    def find_fault(self, skeleton: str) -> str:
        """Return how arrays, crops and sizes contradict each other or the skeleton, or ""."""
        all_joints = len(self.scores) // 4
        joints, rest = divmod(all_joints, self.frames)
        sizes = (self.world, 12), (self.visibility, 4)
        fits = not rest and len(self.keypoints) in (8 * all_joints, 12 * all_joints)
        fits &= all(not blob or len(blob) == size * all_joints for blob, size in sizes)
        if not fits or (self.times and len(self.times) != 8 * self.frames):
            return "keypoints, scores and world have different numbers of joints"
        if any(place.frame >= self.frames for place in self.crop_places):
            return f"a crop of frame {self.frames} or later, there are {self.frames}"
        square = self.square_x, self.square_y, self.square_side
        if is_half_given(self.height, self.width) or is_half_given(*square):
            return "half a size or half a square"
        return find_misfit(joints, skeleton)


class RuleRow(Numbered):
    """A row of `rules`. Whether it was on is not in the file: it arrives switched off."""

    gesture: Name
    moment: Literal["begin", "end", "held"]
    seconds: Annotated[float, Field(ge=0.1, le=MAX_HOLD_S)]
    cooldown_s: Annotated[float, Field(ge=0, le=MAX_COOLDOWN_S)]
    effect: Annotated[str, Field(max_length=40)]
    value: Annotated[str, Field(max_length=MAX_VALUE_CHARS)]
    deleted_at: Time | None = None

    @model_validator(mode="after")
    def _check_effect(self) -> "RuleRow":
        """Return the row; raise ValueError for an unknown effect, or a value that is invalid for it
        or no small picture."""
        try:
            rule = NewRule(self.gesture, self.effect, self.value)
            if rule.picture:
                check_jpeg(rule.picture, MAX_SHOWN_SIDE_PX, "an action's picture", "WEBP")
        except MudraError as error:
            raise ValueError(str(error)) from error
        return self


def find_misfit(joints: int, skeleton: str) -> str:
    """Return why poses with this number of keypoints don't fit the skeleton; "" if they fit."""
    try:
        skeleton_named(skeleton).check(joints, "poses")
    except SkeletonError as error:
        return str(error)
    return ""


def is_half_given(*values: float | None) -> bool:
    """Whether some of the values are missing, but not all."""
    return len({value is None for value in values}) > 1


ROWS: dict[str, type[Numbered]] = {
    "gestures": GestureRow,
    "persons": PersonRow,
    "sessions": SessionRow,
    "bursts": BurstRow,
    "samples": SampleRow,
    "rules": RuleRow,
}


class Member(Strict):
    """A file in the zip, with its size and hash."""

    name: Annotated[str, Field(max_length=200)]
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Strict):
    """The content of `manifest.json`: version, project, counts, and all other members."""

    format: Literal["mudra-project"]
    version: Literal[1, 2, 3]  # 3: with rules
    made_by: Short
    made_at: Time
    project: ProjectRow
    with_bin: bool
    with_pictures: bool
    counts: dict[str, Count]
    members: list[Member]


def parse_manifest(content: bytes, name: str) -> Manifest:
    """Parse and validate manifest.json; raise ArchiveError that names the project file."""
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ArchiveError(
            words(
                "{file}: manifest.json can't be used: {fault}",
                file=name,
                fault=format_first_fault(error),
            )
        ) from error


def parse_row(part: str, line: bytes, where: str, skeleton: str) -> Numbered:
    """Parse a JSON line as a row of a table in ROWS; raise ArchiveError with its location."""
    try:
        row = ROWS[part].model_validate_json(line)
    except ValidationError as error:
        raise ArchiveError(f"{where}: {format_first_fault(error)}") from error
    if isinstance(row, SampleRow) and (fault := row.find_fault(skeleton)):
        raise ArchiveError(f"{where}: {fault}")
    return row


def read_mudra_version() -> str:
    """Return the version of the installed Mudra package; "0.1.0" if it is not installed."""
    with suppress(PackageNotFoundError):
        return version("mudra")
    return "0.1.0"
