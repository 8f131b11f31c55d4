"""Rows as JSON lines, blobs as base64: the way rows travel in project files and wait on disk."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BINARY_COLUMNS = ("keypoints", "scores", "world", "times", "visibility")

Row = dict[str, Any]


def to_line(row: Row) -> bytes:
    """The row as one line."""
    text = json.dumps(row, default=_as_text, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def from_line(line: bytes) -> Row:
    """A row that `to_line` wrote, or that was checked: nothing is looked at twice here."""
    row: Row = json.loads(line)
    for blob in BINARY_COLUMNS:
        if row.get(blob) is not None:
            row[blob] = base64.b64decode(row[blob])
    return row


def read_lines(path: Path, limit: int) -> Iterator[bytes]:
    """A file's lines, none longer than `limit` bytes: longer ones come in pieces."""
    with path.open("rb") as file:
        while line := file.readline(limit):
            yield line


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value)} in a row")
