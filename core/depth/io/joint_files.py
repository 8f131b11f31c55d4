"""Reads the text files in which truth and results of hands in depth are published, and writes them:
one frame a line, u v d of every keypoint.

Convention: u, v in pixels, d in mm; numbers are separated by blanks, tabs or commas; a frame's name
before them (ICVL's labels have it: NAME.png) is left out. The files are untrusted: every line is
looked at, and a wrong one named by its number, from 1. Legend: N frames, K keypoints.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.depth.cameras import Points
from core.errors import TableError
from core.files import write_whole

_MOST_BYTES = 500 * 2**20
_MOST_LINE = 10_000  # characters
_MOST_JOINTS = 100
_NAMED = ".png"
_MOST = 1e7  # px or mm; beyond it no number is a place in a depth picture


def read_joints(path: Path) -> Points:
    """u, v, d of every keypoint of every frame, (N, K, 3).

    Raises:
        TableError: it is no such file; says what is wrong, and in which line.
    """
    rows: list[Points] = []
    for number, line in _lines(path):
        row = _numbers(line, f"{path.name}: line {number}")
        if rows and len(row) != len(rows[0]):
            raise TableError(
                f"{path.name}: line {number} has {len(row)} numbers, the first has {len(rows[0])}: "
                "expected is one frame a line, u v d of every keypoint"
            )
        rows.append(row)
    if not rows:
        raise TableError(
            f"{path.name} is empty: expected is one frame a line, u v d of every keypoint"
        )
    if len(rows[0]) % 3 or not 1 <= len(rows[0]) // 3 <= _MOST_JOINTS:
        raise TableError(
            f"{path.name} has {len(rows[0])} numbers a line: expected are u v d of every keypoint, "
            f"three for each of at most {_MOST_JOINTS}"
        )
    return np.stack(rows).reshape(len(rows), -1, 3)


def write_joints(path: Path, uvd: Points) -> None:
    """Write such a file: (N, K, 3) u, v, d, to a thousandth.

    Raises:
        TableError: it can't be written.
    """
    lines = (" ".join(f"{value:.3f}" for value in frame.ravel()) for frame in uvd)
    try:
        write_whole(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise TableError(f"{path} can't be written: {error.strerror}") from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line until the last one that is not blank."""
    blank = 0
    try:
        if not path.is_file():
            raise TableError(f"{path} is missing: name a file that is there")
        if path.stat().st_size > _MOST_BYTES:
            raise TableError(f"{path.name} has over {_MOST_BYTES:,} bytes: split it")
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MOST_LINE + 1), ""), 1):
                if len(line) > _MOST_LINE:
                    raise TableError(
                        f"{path.name}: line {number} has over {_MOST_LINE:,} characters: expected "
                        "is one frame a line, u v d of every keypoint"
                    )
                if not line.strip():
                    blank = blank or number
                elif blank:
                    raise TableError(f"{path.name}: line {blank} is empty, and more come after it")
                else:
                    yield number, line
    except OSError as error:
        raise TableError(f"{path.name} can't be read: {error.strerror}") from error


def _numbers(line: str, where: str) -> Points:
    fields = line.replace(",", " ").split()
    fields = fields[1:] if fields and fields[0].endswith(_NAMED) else fields
    row = np.array([_number(field, where) for field in fields])
    wrong = ~(np.abs(row) <= _MOST)  # NaN compares as False
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise TableError(
            f"{where}: number {first + 1} is {row[first]:g}; expected is one of at most {_MOST:g}"
        )
    return row


def _number(field: str, where: str) -> float:
    try:
        return float(field)
    except ValueError:
        shown = "".join(c if c.isprintable() else "?" for c in field[:40])
        raise TableError(f"{where}: “{shown}” is no number; expected are u v d") from None
