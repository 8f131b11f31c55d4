"""What a table of samples says of each: the columns, and what may stand in them.

Convention: `id`, `session_id` and `burst_id` hold only within one file. Coordinates stand in
`keypoints`, `scores` and `world`, blobs of little-endian float32 with NaN where missing.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from core.exchange.manifest import (
    MAX_JOINTS,
    Count,
    Emoji,
    Id,
    Name,
    Number,
    Short,
    Side,
    Strict,
    Text,
    Time,
)


class Taken(Strict):
    """All that is known of a sample but its numbers; defaults are for tables that don't say."""

    id: Id = 0
    gesture: Name
    gesture_emoji: Emoji = ""
    gesture_position: Count = 0
    gesture_enabled: bool = True
    person: Name
    session_id: Id = 0
    session_name: Text | None = None
    session_source: Text = ""
    session_started_at: Time
    burst_id: Id = 0
    burst_started_at: Time
    source: Text = ""
    taken_at: Time
    mirrored_view: bool = False
    space: Literal["picture", "relative"]
    estimator: Short
    estimator_version: Short = ""
    handedness: Short | None = None
    hand_index: Count = 0
    joints: Annotated[int, Field(ge=1, le=MAX_JOINTS)]
    width: Side | None = None
    height: Side | None = None
    square_x: Number | None = None
    square_y: Number | None = None
    square_side: Number | None = None
    file_hash: Short | None = None


def _kind(annotation: Any) -> type:
    """str, int, bool or float, whatever is said about it beside."""
    if annotation in (str, int, bool, float):
        return annotation
    first = get_args(annotation)[0]
    return type(first) if isinstance(first, str) else _kind(first)


COLUMNS = {name: _kind(field.annotation) for name, field in Taken.model_fields.items()}
BLOBS = {"keypoints": ("x", "y"), "scores": ("score",), "world": ("wx", "wy", "wz")}
MARKS = ("gesture", "session_id", "burst_id", "mirrored_view", "taken_at", "x0")

Row = dict[str, Any]


def number_columns(joints: int) -> list[str]:
    """x0, y0, …, then score0, …, then wx0, wy0, wz0, …"""
    return [f"{axis}{j}" for axes in BLOBS.values() for j in range(joints) for axis in axes]


def about(row: Row) -> Row:
    """The COLUMNS of a row of `moving.sample_rows`."""
    joints = len(row["scores"]) // 4
    return {name: joints if name == "joints" else row[name] for name in COLUMNS}
