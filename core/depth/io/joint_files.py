"""Label and result files of hands in depth: one frame a line, u v d of every keypoint.

Convention: u, v in pixels, d in mm; numbers are separated by blanks, tabs or commas; a frame's name
before them (ICVL's labels: NAME.png) is skipped. The files are untrusted; errors name the line,
from 1. Legend: N frames, K keypoints.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from core.depth.cameras import Points
from core.errors import TableError
from core.files import write_whole
from core.media.limits import DEPTH

_MAX_VALUE = 1e7  # px or mm
_EXPECTED = "expected is one frame a line, u v d of every keypoint"


def read_joints(path: Path) -> Points:
    """Read each frame's keypoints u, v, d, one frame per line, as (N, K, 3); raise TableError with
    the line number for a damaged file."""
    rows: list[Points] = []
    for number, line in read_text_lines(path):
        if number != len(rows) + 1:
            raise TableError(f"{path.name}: line {len(rows) + 1} is empty, but not the last one")
        fields = line.replace(",", " ").split()
        fields = fields[1:] if fields and fields[0].endswith(".png") else fields
        row = parse_numbers(fields, f"{path.name}: line {number}")
        if rows and len(row) != len(rows[0]):
            raise TableError(
                f"{path.name}: line {number} has {len(row)} numbers, the first has {len(rows[0])}: "
                f"{_EXPECTED}"
            )
        rows.append(row)
    if not rows:
        raise TableError(f"{path.name} is empty: {_EXPECTED}")
    if len(rows[0]) % 3 or not 1 <= len(rows[0]) // 3 <= DEPTH.max_keypoints:
        raise TableError(
            f"{path.name} has {len(rows[0])} numbers a line: expected are u v d of every keypoint, "
            f"three for each of at most {DEPTH.max_keypoints}"
        )
    return np.stack(rows).reshape(len(rows), -1, 3)


def write_joints(path: Path, uvd: Points) -> None:
    """Write (N, K, 3) keypoints u, v, d, one frame per line; raise TableError if that fails."""
    lines = (" ".join(f"{value:.3f}" for value in frame.ravel()) for frame in uvd)
    try:
        write_whole(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise TableError(f"{path} can't be written: {error.strerror}") from error


def read_text_lines(
    path: Path, max_bytes: int = DEPTH.max_table_bytes
) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text) of lines that aren't blank; raise TableError above limits."""
    try:
        if not path.is_file():
            raise TableError(f"{path} is missing: name an existing file")
        if path.stat().st_size > max_bytes:
            raise TableError(f"{path.name} has over {max_bytes:,} bytes: split it")
        limit = DEPTH.max_line_chars
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(iter(lambda: file.readline(limit + 1), ""), 1):
                if len(line) > limit:
                    raise TableError(f"{path.name}: line {number} has over {limit:,} characters")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise TableError(f"{path.name} can't be read: {error.strerror}") from error


def parse_numbers(
    fields: Sequence[str],
    location: str,
    *,
    max_value: float = _MAX_VALUE,
    allow_empty: bool = False,
) -> Points:
    """Parse text fields as numbers; raise TableError for other text and for absolute values above
    `max_value`. Empty or nan fields become NaN with `allow_empty`, else raise too."""
    numbers = np.empty(len(fields))
    for position, field in enumerate(fields):
        try:
            value = numbers[position] = float(field or "nan") if allow_empty else float(field)
        except ValueError:
            shown = "".join(c if c.isprintable() else "?" for c in field[:40])
            raise TableError(f"{location}: “{shown}” is no number") from None
        if not (abs(value) <= max_value or (allow_empty and np.isnan(value))):
            raise TableError(
                f"{location}: number {position + 1} is {value:g}; expected are numbers up to "
                f"{max_value:g}"
            )
    return numbers
