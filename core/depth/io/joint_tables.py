"""The tables beside a folder's pictures: where the joints truly are, and when frames were taken.

Convention: joints.csv has a row a picture: its name (picture; or name, of NAME_depth.png), columns
JOINT_x, JOINT_y, JOINT_z of each joint in mm, empty where it isn't known, and fx, fy, u0, v0, width
and height where each picture has a camera of its own. Joints are read by name, in any order; a
finger's are also numbered from the palm outwards, thumb1 to little4. Untrusted: every row is looked
at.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.depth.cameras import Camera, Points
from core.depth.io.camera_files import camera_of
from core.depth.io.recorded import MOST_FRAMES
from core.errors import MediaError, TableError
from core.pose.skeletons.hands import FINGERS, HAND_21, ICVL_16, NYU_14

JOINTS_FILE = "joints.csv"
CAMERA_COLUMNS = ("fx", "fy", "u0", "v0", "width", "height")
HANDS = (HAND_21, ICVL_16, NYU_14)  # every set of names; others of 21 have another order alone
_NUMBERED = {
    f"{finger}{n}": HAND_21.joints[HAND_21.groups[finger][n - 1]]
    for finger in FINGERS
    for n in range(1, 5)
}
_MOST_BYTES = 500 * 2**20
_MOST_JOINTS = 100
_MOST_MM = 1e5


@dataclass(frozen=True)
class JointTable:
    """What joints.csv says, by picture.

    Attributes:
        joints: their names, as skeletons call them.
        cameras: where each picture has its own; else empty.
        truths: (K, 3) x, y, z in mm, NaN where a joint isn't known.
    """

    joints: tuple[str, ...] = ()
    cameras: dict[str, Camera] = field(default_factory=dict)
    truths: dict[str, Points] = field(default_factory=dict)

    def ordered(self) -> tuple["JointTable", str]:
        """With the joints of the first of `HANDS` that are all named, in its order, and its name;
        as it is and "" where there is none."""
        for skeleton in HANDS:
            if {*skeleton.joints} <= {*self.joints}:
                columns = [self.joints.index(joint) for joint in skeleton.joints]
                truths = {name: truth[columns] for name, truth in self.truths.items()}
                return JointTable(skeleton.joints, self.cameras, truths), skeleton.name
        return self, ""


def joint_columns(joints: Sequence[str]) -> list[str]:
    """The header of a camera's and its joints' columns."""
    return [*CAMERA_COLUMNS, *(f"{joint}_{axis}" for joint in joints for axis in "xyz")]


def joint_fields(camera: Camera, truth_mm: Points) -> list[str]:
    """A picture's fields under `joint_columns`."""
    numbers = [f"{getattr(camera, column):.9g}" for column in CAMERA_COLUMNS]
    return numbers + ["" if np.isnan(mm) else f"{mm:.3f}" for mm in truth_mm.ravel()]


def read_joint_table(path: Path) -> JointTable:
    """Read joints.csv; a last line that was cut short is left out.

    Raises:
        TableError: it is no such table; says which line.
    """
    rows = _rows(path)
    _, header = next(rows, (1, []))
    joints = [name.removesuffix("_x") for name in header if name.endswith("_x")]
    axes = [f"{joint}_{axis}" for joint in joints for axis in "xyz"]
    whole = sorted(axes) == sorted(name for name in header if name.endswith(("_x", "_y", "_z")))
    named = [_NUMBERED.get(joint, joint) for joint in joints]
    once = len({*named}) == len(named)
    if not {"picture", "name"} & {*header} or not whole or not once or len(named) > _MOST_JOINTS:
        raise TableError(
            f"{path.name} is no table of joints: expected are the columns picture and x, y, z of "
            f"each of at most {_MOST_JOINTS} joints (wrist_x, wrist_y, wrist_z, …), once each"
        )
    table, places = JointTable(tuple(named)), [header.index(axis) for axis in axes]
    short = ""
    for number, row in rows:
        where = f"{path.name}: line {number}"
        said = f"{where} has {len(row)} fields, the header has {len(header)}"
        if short or len(row) > len(header):
            raise TableError(short or said)
        if len(row) < len(header):
            short = said
            continue
        fields = dict(zip(header, row, strict=True))
        picture = fields["picture"] if "picture" in fields else f"{fields['name']}_depth.png"
        if axes:
            numbers = [_number(row[place], where) for place in places]
            table.truths[picture] = np.array(numbers).reshape(-1, 3)
        if set(CAMERA_COLUMNS) <= set(header):
            table.cameras[picture] = _camera(fields, where)
    return table


def read_times(path: Path) -> dict[str, float]:
    """When each picture was taken (s), by its name; a last line that was cut short is left out.

    Raises:
        TableError: it is no such table; says which line.
    """
    times: dict[str, float] = {}
    short = 0
    for number, row in _rows(path):
        if short:
            raise TableError(f"{path.name}: line {short} has not two fields, picture and time_s")
        if len(row) != 2 or not row[1]:
            short = number
        elif number > 1:
            where = f"{path.name}: line {number}"
            times[row[0]] = _number(row[1], where)
            if math.isnan(times[row[0]]):
                raise TableError(f"{where}: “{row[1][:40]}” is no time in s")
    return times


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise TableError(f"{path.name} has over {_MOST_BYTES:,} bytes: split it")
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if number > MOST_FRAMES + 1:  # the header too
                    raise TableError(f"{path.name} has over {MOST_FRAMES:,} rows: split it")
                yield number, row
    except OSError as error:
        raise TableError(f"{path.name} can't be read: {error.strerror}") from error
    except csv.Error as error:
        raise TableError(f"{path.name} is no table that can be read ({error})") from error


def _number(field: str, where: str) -> float:
    try:
        number = float(field or "nan")
    except ValueError:
        raise TableError(f"{where}: “{field[:40]}” is no number") from None
    if abs(number) > _MOST_MM:  # also infinite
        raise TableError(f"{where}: {number:g} is beyond {_MOST_MM:g}")
    return number


def _camera(named: dict[str, str], where: str) -> Camera:
    try:
        numbers = {name: _number(named[name], where) for name in CAMERA_COLUMNS}
        return camera_of(numbers, where)[0]
    except MediaError as error:
        raise TableError(str(error)) from error
