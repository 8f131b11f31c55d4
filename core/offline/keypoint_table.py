"""Keypoints as a table: a row per hand or person, of any skeleton.

The columns: source, gesture, frame, time_s, hand and handedness or person, score, width, height,
estimator, skeleton; x0 y0 x1 … in picture pixels; of a body v0 v1 …, the visibility; wx0 wy0 wz0 …
in metres; of a body its joint angles in degrees. Unknown values are empty.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.pose.skeletons.angles import ANGLES, pose_angles
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import Estimate, Floats, Frame, Pose
from core.recording.imports.cells import quote_formula

Row = tuple[tuple[Any, ...], Floats]  # (text columns, number columns)
_FRAME_COLUMNS = ("source", "gesture", "frame", "time_s")
_DIGITS = {"keypoints": 3, "visibility": 4, "world": 6, "angles": 2}


def name_subject(skeleton: Skeleton) -> str:
    """Return what a row describes: “hand” or “person”."""
    return "hand" if skeleton.sides else "person"


def list_columns(skeleton: Skeleton) -> list[str]:
    """List all columns in order."""
    numbers = (name for names in _number_columns(skeleton).values() for name in names)
    return [*_text_columns(skeleton), *numbers]


def to_rows(
    frame: Frame,
    estimate: Estimate,
    *,
    source: str = "",
    gesture: str = "",
    numbers: Sequence[int] | None = None,
) -> list[Row]:
    """Convert a frame's poses to rows of the keypoint table.

    Args:
        source: if "", the frame's.
        numbers: of the poses; None: 0, 1 … in order.
    """
    skeleton = skeleton_named(estimate.skeleton)
    height, width = frame.size_hw
    rows = []
    for number, pose in zip(numbers or range(len(estimate.poses)), estimate.poses, strict=True):
        handedness = () if name_subject(skeleton) == "person" else (pose.handedness or "",)
        about = (
            *(source or frame.source, gesture, frame.index, round(frame.time_s, 4), number),
            *handedness,
            *(round(pose.score, 5), width, height, estimate.estimator, skeleton.name),
        )
        rows.append((about, _pose_numbers(pose, skeleton)))
    return rows


def to_table(rows: Sequence[Row], skeleton: Skeleton) -> pd.DataFrame:
    """Combine rows into a data frame with the table's columns."""
    about = pd.DataFrame([row[0] for row in rows], columns=_text_columns(skeleton))
    names = list_columns(skeleton)[len(about.columns) :]
    values = np.array([row[1] for row in rows], np.float32).reshape(len(rows), len(names))
    return pd.concat([about, pd.DataFrame(values, columns=names)], axis=1)


def to_csv(table: pd.DataFrame) -> bytes:
    """Convert a table to CSV, quoting text that a spreadsheet could interpret as a formula."""
    texts = {column: table[column].map(quote_formula) for column in ("source", "gesture")}
    return table.assign(**texts).to_csv(index=False).encode()


def to_json(table: pd.DataFrame, skeleton: Skeleton) -> bytes:
    """Convert a table to a JSON document: frames in order, each with its hands or people."""
    who = f"{name_subject(skeleton)}s"
    frames: dict[int, dict[str, Any]] = {}
    about = table[_text_columns(skeleton)].to_dict("records")
    for row, numbers in zip(about, _nested_numbers(table, skeleton), strict=True):
        _, _, frame, time_s, *_ = row.values()
        document = frames.setdefault(frame, {"frame": frame, "time_s": time_s, who: []})
        texts = {k: value for k, value in row.items() if k not in (*_FRAME_COLUMNS, "skeleton")}
        document[who].append(texts | numbers)
    return json.dumps(
        {
            "skeleton": skeleton.name,
            "joints": skeleton.joints,
            "units": {"keypoints": "pixels", "world": "metres", "angles": "degrees"},
            "frames": [*frames.values()],
        },
        allow_nan=False,
    ).encode()


def _nested_numbers(table: pd.DataFrame, skeleton: Skeleton) -> list[dict[str, Any]]:
    """Return each row's numbers by kind as nested JSON lists, None if unknown."""
    rows: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for kind, names in _number_columns(skeleton).items():
        block = table[names].to_numpy(np.float64).round(_DIGITS[kind])
        values: Any = np.where(np.isnan(block), None, block.astype(object))
        if kind in ("keypoints", "world"):
            values = values.reshape(len(table), skeleton.size, len(names) // skeleton.size)
        for row, numbers in zip(rows, values.tolist(), strict=True):
            named = kind == "angles"
            row[kind] = dict(zip(names, numbers, strict=True)) if named else numbers
    return rows


def _text_columns(skeleton: Skeleton) -> list[str]:
    subject = ["person"] if name_subject(skeleton) == "person" else ["hand", "handedness"]
    return [*_FRAME_COLUMNS, *subject, "score", "width", "height", "estimator", "skeleton"]


def _number_columns(skeleton: Skeleton) -> dict[str, list[str]]:
    """Return the numeric columns by kind: keypoints, visibility, world, angles."""
    joints = range(skeleton.size)
    pixels = [f"{axis}{j}" for j in joints for axis in "xy"]
    metres = [f"w{axis}{j}" for j in joints for axis in "xyz"]
    if not skeleton.is_body:
        return {"keypoints": pixels} | ({"world": metres} if skeleton.is_hand else {})
    visibility = [f"v{j}" for j in joints]
    return {"keypoints": pixels, "visibility": visibility, "world": metres, "angles": [*ANGLES]}


def _pose_numbers(pose: Pose, skeleton: Skeleton) -> Floats:
    """Return a pose's rounded numbers in the order of the numeric columns, NaN if unknown."""
    known: dict[str, Iterable[float] | None] = {
        "keypoints": pose.keypoints.ravel(),
        "visibility": pose.visibility,
        "world": None if pose.world is None else pose.world.ravel(),
    }
    blocks = []
    for kind, names in _number_columns(skeleton).items():
        values = pose_angles(pose, skeleton).values() if kind == "angles" else known[kind]
        block = np.full(len(names), np.nan) if values is None else np.array([*values], float)
        blocks.append(block.round(_DIGITS[kind]))
    return np.concatenate(blocks).astype(np.float32)
