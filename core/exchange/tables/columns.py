"""The columns of an exact table of samples, and what they may contain.

Each row is one frame: the frames of a clip follow each other with one `id`, `frame` counting from
0. `id`, `session_id` and `burst_id` are only valid within one file. `keypoints`, `scores` and
`world` are blobs of little-endian float32, NaN where missing.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import Field

from core.errors import StoreError
from core.exchange.project.manifest import (
    MAX_JOINTS,
    Count,
    Emoji,
    Id,
    Kind,
    Name,
    Number,
    Short,
    Side,
    SkeletonName,
    Strict,
    Text,
    Time,
)
from core.store.rows import to_times


class SampleColumns(Strict):
    """The columns of a sample except its numbers; defaults are for tables that lack a column."""

    id: Id = 0
    gesture: Name
    gesture_emoji: Emoji = ""
    gesture_position: Count = 0
    gesture_enabled: bool = True
    gesture_kind: Kind = "still"
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
    space: Literal["picture", "relative", "metres", "millimetres"]
    estimator: Short
    estimator_version: Short = ""
    handedness: Short | None = None
    instance: Count = 0
    skeleton: SkeletonName = "hand_21"
    frame: Count = 0
    time_s: Number | None = None
    joints: Annotated[int, Field(ge=1, le=MAX_JOINTS)]
    width: Side | None = None
    height: Side | None = None
    square_x: Number | None = None
    square_y: Number | None = None
    square_side: Number | None = None
    file_hash: Short | None = None


def _find_column_type(annotation: Any) -> type:
    """Return str, int, bool or float for an annotation; unwrap Annotated, Optional and Literal."""
    if annotation in (str, int, bool, float):
        return annotation
    first = get_args(annotation)[0]
    return type(first) if isinstance(first, str) else _find_column_type(first)


COLUMNS = {
    name: _find_column_type(field.annotation) for name, field in SampleColumns.model_fields.items()
}
ARRAYS = ("keypoints", "scores", "world")
OLD_NAMES = {"hand_index": "instance"}  # in older tables
MARKS = ("gesture", "session_id", "burst_id", "mirrored_view", "taken_at", "x0")

Row = dict[str, Any]


def list_array_axes(axes: int) -> dict[str, tuple[str, ...]]:
    """Return the names of the axes of each of ARRAYS, for keypoints of 2 or 3 axes."""
    return {"keypoints": ("x", "y", "z")[:axes], "scores": ("score",), "world": ("wx", "wy", "wz")}


def list_number_columns(joints: int, axes: int) -> list[str]:
    """Return the names of the number columns: x0, y0, …, score0, …, wx0, wy0, wz0, …"""
    names = list_array_axes(axes).values()
    return [f"{axis}{joint}" for part in names for joint in range(joints) for axis in part]


def split_clip(row: Row) -> Iterator[Row]:
    """Split a sample's row into one row per frame, each with frame number, time and arrays."""
    frames = row["frames"]
    times = to_times(row["times"])
    times_s = [row["time_s"]] if times is None else times.tolist()
    own = {"joints": len(row["scores"]) // (4 * frames)}
    for frame in range(frames):
        parts = {name: _slice_frame_bytes(row[name], frame, frames) for name in ARRAYS}
        yield row | own | parts | {"frame": frame, "time_s": times_s[frame]}


def _slice_frame_bytes(blob: bytes | None, frame: int, frames: int) -> bytes | None:
    """Return the bytes of one frame of a blob; None if there is no blob."""
    if blob is None:
        return None
    size = len(blob) // frames
    return blob[frame * size : (frame + 1) * size]


def join_clips(rows: Iterable[Row]) -> Iterator[Row]:
    """Join consecutive frame rows to one row per sample, as the inverse of `split_clip`; raise
    StoreError if the frames of a clip don't fit together."""
    clip: list[Row] = []
    for row in rows:
        if clip and (row["id"], row["frame"]) != (clip[0]["id"], clip[-1]["frame"] + 1):
            yield _join_frames(clip)
            clip = []
        clip.append(row)
    if clip:
        yield _join_frames(clip)


def _join_frames(clip: list[Row]) -> Row:
    """Join a clip's frame rows to one row of a sample; raise StoreError if a frame's arrays have
    other lengths than the first frame's."""
    first = clip[0]
    for row, name in product(clip[1:], ARRAYS):
        if len(row[name] or b"") != len(first[name] or b""):
            raise StoreError(
                f"{row['place']}: {name} must be there in all frames of a clip, with as many "
                f"numbers, or in none; its first frame is {first['place']}"
            )
    times = None
    if len(clip) > 1 and all(row["time_s"] is not None for row in clip):
        times = np.array([row["time_s"] for row in clip], "<f8").tobytes()
    parts = {
        name: None if first[name] is None else b"".join(row[name] for row in clip)
        for name in ARRAYS
    }
    return first | parts | {"frames": len(clip), "times": times, "visibility": None}
