"""What a table of samples says of each: the columns, and what may stand in them.

Convention: `id`, `session_id` and `burst_id` hold only within one file. Coordinates stand in
`keypoints`, `scores` and `world`, blobs of little-endian float32 with NaN where missing. A row is a
frame: a clip's frames follow each other with one `id`, `frame` counting from 0.
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


class Taken(Strict):
    """All that is known of a sample but its numbers; defaults are for tables that don't say."""

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


def _kind(annotation: Any) -> type:
    """str, int, bool or float, whatever is said about it beside."""
    if annotation in (str, int, bool, float):
        return annotation
    first = get_args(annotation)[0]
    return type(first) if isinstance(first, str) else _kind(first)


COLUMNS = {name: _kind(field.annotation) for name, field in Taken.model_fields.items()}
AXES_OF = {"keypoints": ("x", "y", "z"), "scores": ("score",), "world": ("wx", "wy", "wz")}
RENAMED = {"hand_index": "instance"}  # as older tables call it
MARKS = ("gesture", "session_id", "burst_id", "mirrored_view", "taken_at", "x0")

Row = dict[str, Any]


def axes_of(axes: int) -> dict[str, tuple[str, ...]]:
    """AXES_OF of keypoints in the picture (2), or in space alone (3)."""
    return AXES_OF | {"keypoints": AXES_OF["keypoints"][:axes]}


def number_columns(joints: int, axes: int) -> list[str]:
    """x0, y0, …, then score0, …, then wx0, wy0, wz0, …"""
    return [
        f"{axis}{j}" for names in axes_of(axes).values() for j in range(joints) for axis in names
    ]


def about(row: Row) -> Row:
    """The COLUMNS of a row of `frame_rows`."""
    return {name: row[name] for name in COLUMNS}


def frame_rows(row: Row) -> Iterator[Row]:
    """A row a frame of one of `transfer.read_sample_rows`, its blobs those of the frame."""
    frames, joints = row["frames"], len(row["scores"]) // (4 * row["frames"])
    times = [row["time_s"]] if row["times"] is None else np.frombuffer(row["times"], "<f8").tolist()
    for frame in range(frames):
        parts = {name: _part(row[name], frame, frames) for name in AXES_OF}
        own = {"frame": frame, "joints": joints, "time_s": times[frame]}
        yield row | own | parts


def _part(blob: bytes | None, frame: int, frames: int) -> bytes | None:
    size = len(blob or b"") // frames
    return None if blob is None else blob[frame * size : (frame + 1) * size]


def clip_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """Checked rows of frames as rows of samples, the way back from `frame_rows`: those that follow
    a frame 0 with its id, and are counted on, are its clip's.

    Raises:
        StoreError: a clip whose frames don't go together.
    """
    clip: list[Row] = []
    for row in rows:
        if clip and (row["frame"] != len(clip) or row["id"] != clip[0]["id"]):
            yield _joined(clip)
            clip = []
        clip.append(row)
    if clip:
        yield _joined(clip)


def _joined(clip: list[Row]) -> Row:
    """The rows of a clip's frames as one.

    Raises:
        StoreError: one of them has other numbers than the first.
    """
    for row, name in product(clip[1:], AXES_OF):
        if len(row[name] or b"") != len(clip[0][name] or b""):
            raise StoreError(
                f"{row['place']}: {name} must be there in all frames of a clip, with as many "
                f"numbers, or in none; its first frame is {clip[0]['place']}"
            )
    first, several = clip[0], len(clip) > 1
    timed = several and all(row["time_s"] is not None for row in clip)
    times = np.array([row["time_s"] for row in clip], "<f8").tobytes() if timed else None
    parts = (
        {
            name: None if first[name] is None else b"".join(row[name] for row in clip)
            for name in AXES_OF
        }
        if several
        else {}
    )
    return first | parts | {"frames": len(clip), "times": times, "visibility": None}
