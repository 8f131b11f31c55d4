"""Keypoints as a table: a row a hand or person, of any skeleton.

The columns: source, gesture, frame, time_s, hand and handedness or person, score, width, height,
estimator; x0 y0 x1 … in picture pixels; of a body v0 v1 …, how surely each is seen; wx0 wy0 wz0 …
in metres; of a body its joint angles in degrees. What is unknown is empty.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.pose.angles import ANGLES, angles_of
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import Estimate, Floats, Frame, Pose
from core.recording.imports.cells import quoted

Row = tuple[tuple[Any, ...], Floats]  # what is known of the pose, and its numbers
_DIGITS = {"x": 3, "v": 4, "w": 6, "a": 2}
_TITLES = {"x": "keypoints", "v": "visibility", "w": "world", "a": "angles"}
_OF_FRAME = ("source", "gesture", "frame", "time_s")


def of_whom(skeleton: Skeleton) -> str:
    """“hand” or “person”: what a row is of."""
    return "hand" if skeleton.sides else "person"


def columns_of(skeleton: Skeleton) -> list[str]:
    """All of them, in order."""
    return [*_about(skeleton), *(name for _, names in _numbers(skeleton) for name in names)]


def rows_of(
    frame: Frame,
    estimate: Estimate,
    *,
    source: str = "",
    gesture: str = "",
    numbers: Sequence[int] | None = None,
) -> list[Row]:
    """A frame's.

    Args:
        source: the frame's, where it is "".
        numbers: of the poses; None: 0, 1 … as the estimate has them.
    """
    skeleton = skeleton_named(estimate.skeleton)
    height, width = frame.size_hw
    rows = []
    for number, pose in zip(numbers or range(len(estimate.poses)), estimate.poses, strict=True):
        handedness = () if of_whom(skeleton) == "person" else (pose.handedness or "",)
        about = (
            *(source or frame.source, gesture, frame.index, round(frame.time_s, 4), number),
            *handedness,
            *(round(pose.score, 5), width, height, estimate.estimator),
        )
        rows.append((about, _values(pose, skeleton)))
    return rows


def table_of(rows: Sequence[Row], skeleton: Skeleton) -> pd.DataFrame:
    """The rows as a table."""
    about = pd.DataFrame([row[0] for row in rows], columns=_about(skeleton))
    names = columns_of(skeleton)[len(about.columns) :]
    values = np.array([row[1] for row in rows], np.float32).reshape(len(rows), len(names))
    return pd.concat([about, pd.DataFrame(values, columns=names)], axis=1)


def csv_of(table: pd.DataFrame) -> bytes:
    """As a CSV file; text that a spreadsheet could take for a formula is quoted."""
    texts = {column: table[column].map(quoted) for column in ("source", "gesture")}
    return table.assign(**texts).to_csv(index=False).encode()


def parquet_of(table: pd.DataFrame) -> bytes:
    """As a Parquet file."""
    return table.to_parquet(index=False)


def json_of(table: pd.DataFrame, skeleton: Skeleton) -> bytes:
    """The same as one document: a list of frames, each with its hands or persons."""
    who = f"{of_whom(skeleton)}s"
    frames: dict[int, dict[str, Any]] = {}
    about = table[_about(skeleton)].to_dict("records")
    for row, numbers in zip(about, _numbers_of(table, skeleton), strict=True):
        _, _, frame, time_s, *_ = row.values()
        one = frames.setdefault(frame, {"frame": frame, "time_s": time_s, who: []})
        known = {name: value for name, value in row.items() if name not in _OF_FRAME}
        one[who].append(known | numbers)
    document = {
        "skeleton": skeleton.name,
        "joints": skeleton.joints,
        "units": {"keypoints": "pixels", "world": "metres", "angles": "degrees"},
        "frames": [*frames.values()],
    }
    return json.dumps(document, allow_nan=False).encode()


def _numbers_of(table: pd.DataFrame, skeleton: Skeleton) -> list[dict[str, Any]]:
    """Each row's numbers by what they are, None where unknown."""
    found: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for kind, names in _numbers(skeleton):
        block = table[names].to_numpy(np.float64).round(_DIGITS[kind])
        values: Any = np.where(np.isnan(block), None, block.astype(object))
        if kind in "xw":
            values = values.reshape(len(table), skeleton.size, len(names) // skeleton.size)
        for one, row in zip(found, values.tolist(), strict=True):
            one[_TITLES[kind]] = dict(zip(names, row, strict=True)) if kind == "a" else row
    return found


def _about(skeleton: Skeleton) -> list[str]:
    whose = ["person"] if of_whom(skeleton) == "person" else ["hand", "handedness"]
    pose = [*whose, "score", "width", "height", "estimator"]
    return [*_OF_FRAME, *pose]


def _numbers(skeleton: Skeleton) -> list[tuple[str, list[str]]]:
    """The blocks of numbers: kind and names."""
    joints = range(skeleton.size)
    pixels = [f"{axis}{j}" for j in joints for axis in "xy"]
    metres = [f"w{axis}{j}" for j in joints for axis in "xyz"]
    if not skeleton.is_body:
        return [("x", pixels), *([("w", metres)] if skeleton.is_hand else [])]
    return [("x", pixels), ("v", [f"v{j}" for j in joints]), ("w", metres), ("a", [*ANGLES])]


def _values(pose: Pose, skeleton: Skeleton) -> Floats:
    """The numbers of a pose, NaN where it does not know them."""
    known: dict[str, Iterable[float] | None] = {
        "x": pose.keypoints.ravel(),
        "v": pose.visibility,
        "w": None if pose.world is None else pose.world.ravel(),
    }
    blocks = []
    for kind, names in _numbers(skeleton):
        found = angles_of(pose, skeleton).values() if kind == "a" else known[kind]
        block = np.full(len(names), np.nan) if found is None else np.array([*found], float)
        blocks.append(block.round(_DIGITS[kind]))
    return np.concatenate(blocks).astype(np.float32)
