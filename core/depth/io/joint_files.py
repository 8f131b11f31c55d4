"""Label and result files of hands in depth, and the tables beside a folder's pictures.

Convention: a label file has one frame a line, u v d of every keypoint, pixels and mm, separated by
blanks, tabs or commas; a frame's name before them (ICVL's labels: NAME.png) is skipped.
joints.csv has a row a picture: its name (picture; or name, of NAME_depth.png), columns JOINT_x,
JOINT_y, JOINT_z of each keypoint in mm, empty if unknown, and fx, fy, u0, v0, width and height
where each picture has its own camera. Keypoints are found by name, in any order; a finger's are
also numbered from the palm outwards, thumb1 to little4. times.csv has each picture's seconds.
All is untrusted; errors name the line, from 1. Legend: N frames, K keypoints.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.io.camera_files import INTRINSICS, parse_camera
from core.errors import MediaError, TableError
from core.files import wrap_os_errors, write_whole
from core.media.limits import DEPTH
from core.pose.skeletons.hands import FINGERS, HAND_21, ICVL_16, NYU_14
from core.words import words

_MAX_VALUE = 1e7  # px or mm
_EXPECTED = words("expected is one frame a line, u v d of every keypoint")


def read_joints(path: Path) -> Points:
    """Read each frame's keypoints u, v, d, one frame per line, as (N, K, 3); raise TableError with
    the line number for a damaged file."""
    rows: list[Points] = []
    for number, line in read_text_lines(path):
        if number != len(rows) + 1:
            raise TableError(
                words(
                    "{file}: line {line} is empty, but not the last one",
                    file=path.name,
                    line=len(rows) + 1,
                )
            )
        fields = line.replace(",", " ").split()
        fields = fields[1:] if fields and fields[0].endswith(".png") else fields
        row = parse_numbers(fields, _locate_line(path, number))
        if rows and len(row) != len(rows[0]):
            raise TableError(
                words(
                    "{file}: line {line} has {count} numbers, the first has {expected_count}: "
                    "{expected}",
                    file=path.name,
                    line=number,
                    count=len(row),
                    expected_count=len(rows[0]),
                    expected=_EXPECTED,
                )
            )
        rows.append(row)
    if not rows:
        raise TableError(words("{file} is empty: {expected}", file=path.name, expected=_EXPECTED))
    if len(rows[0]) % 3 or not 1 <= len(rows[0]) // 3 <= DEPTH.max_keypoints:
        raise TableError(
            words(
                "{file} has {count} numbers a line: expected are u v d of every keypoint, "
                "three for each of at most {limit}",
                file=path.name,
                count=len(rows[0]),
                limit=DEPTH.max_keypoints,
            )
        )
    return np.stack(rows).reshape(len(rows), -1, 3)


def write_joints(path: Path, uvd: Points) -> None:
    """Write (N, K, 3) keypoints u, v, d, one frame per line; raise TableError if that fails."""
    lines = (" ".join(f"{value:.3f}" for value in frame.ravel()) for frame in uvd)
    with wrap_os_errors(TableError, f"{path} can't be written"):
        write_whole(path, "".join(f"{line}\n" for line in lines).encode())


def read_text_lines(
    path: Path, max_bytes: int = DEPTH.max_table_bytes
) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text) for each non-blank line; raise TableError if the file is missing
    or too large, or a line is too long."""
    with wrap_os_errors(TableError, words("{file} can't be read", file=path.name)):
        if not path.is_file():
            raise TableError(words("{path} is missing: name an existing file", path=path))
        if path.stat().st_size > max_bytes:
            raise TableError(
                words("{file} has over {limit:,} bytes: split it", file=path.name, limit=max_bytes)
            )
        limit = DEPTH.max_line_chars
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(iter(lambda: file.readline(limit + 1), ""), 1):
                if len(line) > limit:
                    raise TableError(
                        words(
                            "{file}: line {line} has over {limit:,} characters",
                            file=path.name,
                            line=number,
                            limit=limit,
                        )
                    )
                if line.strip():
                    yield number, line


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
    for position, text in enumerate(fields):
        try:
            value = numbers[position] = float(text or "nan") if allow_empty else float(text)
        except ValueError:
            shown = "".join(c if c.isprintable() else "?" for c in text[:40])
            raise TableError(
                words("{location}: “{text}” is no number", location=location, text=shown)
            ) from None
        if not (abs(value) <= max_value or (allow_empty and np.isnan(value))):
            raise TableError(
                words(
                    "{location}: number {number} is {value:g}; expected are numbers up to "
                    "{limit:g}",
                    location=location,
                    number=position + 1,
                    value=value,
                    limit=max_value,
                )
            )
    return numbers


JOINTS_FILE = "joints.csv"
CAMERA_COLUMNS = (*INTRINSICS, "width", "height")
KNOWN_HANDS = (HAND_21, ICVL_16, NYU_14)  # the other skeletons of 21 differ in order alone
_NUMBERED = {
    f"{finger}{n}": HAND_21.joints[HAND_21.groups[finger][n - 1]]
    for finger in FINGERS
    for n in range(1, 5)
}
_MAX_IN_TABLE = 1e5  # mm, px or s


@dataclass(frozen=True)
class JointTable:
    """The content of joints.csv, by picture."""

    joints: tuple[str, ...] = ()  # the keypoints' names, as skeletons have them
    # where each picture has its own; else empty
    cameras: dict[str, Camera] = field(default_factory=dict)
    # (K, 3) x, y, z in mm, NaN where a keypoint is unknown
    truths: dict[str, Points] = field(default_factory=dict)
    # the name of the skeleton that the keypoints are in the order of, "" for none
    skeleton: str = ""

    def to_known_order(self) -> "JointTable":
        """Return the table with its keypoints in the order of the first of `KNOWN_HANDS` that it
        has all keypoints of; unchanged if there is none."""
        for skeleton in KNOWN_HANDS:
            if {*skeleton.joints} <= {*self.joints}:
                columns = [self.joints.index(joint) for joint in skeleton.joints]
                truths = {name: truth[columns] for name, truth in self.truths.items()}
                return JointTable(skeleton.joints, self.cameras, truths, skeleton.name)
        return self


def joint_columns(joints: Sequence[str]) -> list[str]:
    """Return the header of the columns of a camera and its keypoints."""
    return [*CAMERA_COLUMNS, *(f"{joint}_{axis}" for joint in joints for axis in "xyz")]


def joint_fields(camera: Camera, truth_mm: Points) -> list[str]:
    """Return a picture's fields under `joint_columns`."""
    numbers = [f"{getattr(camera, column):.9g}" for column in CAMERA_COLUMNS]
    return numbers + ["" if np.isnan(mm) else f"{mm:.3f}" for mm in truth_mm.ravel()]


def read_joint_table(path: Path) -> JointTable:
    """Read joints.csv: each picture's true keypoints and, if the table has its columns, the camera;
    raise TableError with the line number for a damaged table."""
    rows = _read_whole_rows(path)
    _, header = next(rows, (1, []))
    joints = [name.removesuffix("_x") for name in header if name.endswith("_x")]
    axes = [f"{joint}_{axis}" for joint in joints for axis in "xyz"]
    is_complete = sorted(axes) == sorted(n for n in header if n.endswith(("_x", "_y", "_z")))
    names = [_NUMBERED.get(joint, joint) for joint in joints]
    is_unique = len({*names}) == len(names) <= DEPTH.max_keypoints
    if not {"picture", "name"} & {*header} or not is_complete or not is_unique:
        raise TableError(
            words(
                "{file} is no table of joints: expected are the columns picture and x, y, z "
                "of each of at most {limit} joints (wrist_x, wrist_y, wrist_z, …) once each",
                file=path.name,
                limit=DEPTH.max_keypoints,
            )
        )
    table = JointTable(tuple(names))
    for number, row in rows:
        location, fields = _locate_line(path, number), dict(zip(header, row, strict=True))
        picture = fields["picture"] if "picture" in fields else f"{fields['name']}_depth.png"
        if axes:
            texts = [fields[axis] for axis in axes]
            numbers = parse_numbers(texts, location, max_value=_MAX_IN_TABLE, allow_empty=True)
            table.truths[picture] = numbers.reshape(-1, 3)
        if set(CAMERA_COLUMNS) <= set(header):
            table.cameras[picture] = _parse_row_camera(fields, location)
    return table


def _parse_row_camera(fields: dict[str, str], location: str) -> Camera:
    """Parse the camera from a row's fields; raise TableError if it is invalid."""
    values = parse_numbers([fields[c] for c in CAMERA_COLUMNS], location, max_value=_MAX_IN_TABLE)
    try:
        return parse_camera(dict(zip(CAMERA_COLUMNS, values.tolist(), strict=True)), location)[0]
    except MediaError as error:
        raise TableError(error.text) from error


def _locate_line(path: Path, number: int) -> str:
    """Return where a line is, for an error."""
    return words("{file}: line {line}", file=path.name, line=number)


def read_times(path: Path) -> dict[str, float]:
    """Read times.csv as picture name → seconds; raise TableError for a damaged table."""
    times_s: dict[str, float] = {}
    rows, fault = _read_whole_rows(path), ""
    if len(next(rows, (1, ["picture", "time_s"]))[1]) != 2:
        raise TableError(words("{file} has other columns than picture and time_s", file=path.name))
    for number, (picture, time) in rows:
        if fault:
            raise TableError(fault)
        location = _locate_line(path, number)
        if time:
            times_s[picture] = float(parse_numbers([time], location, max_value=_MAX_IN_TABLE)[0])
        else:  # an error but in the last line, which a crash may have cut short
            fault = words("{location} has no time", location=location)
    return times_s


def _read_whole_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of the header and each row; skip a truncated last row, raise
    TableError for any other row of another length than the header."""
    fault, width = "", 0
    for number, line in read_text_lines(path):
        if number > DEPTH.max_frames + 1:  # the header too
            raise TableError(
                words(
                    "{file} has over {limit:,} rows: split it",
                    file=path.name,
                    limit=DEPTH.max_frames,
                )
            )
        row = next(csv.reader([line]))
        width = width or len(row)
        if not fault and len(row) != width:
            fault = words(
                "{location} has {count} fields, the header has {expected}",
                location=_locate_line(path, number),
                count=len(row),
                expected=width,
            )
            if len(row) < width:
                continue
        if fault:
            raise TableError(fault)
        yield number, row
