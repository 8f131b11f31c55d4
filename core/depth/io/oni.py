"""OpenNI's recordings (.oni) as a source, read without its library or a driver.

The format, as the published source of OpenNI 2 defines it (Source/Drivers/OniFile, Apache 2.0),
little-endian: NI10, a version, then records: NIR and a 0, type, node, size of its fields with this
header, size of what follows, 32 bits (before version 1.0.1) or 64 of no interest here. Type 13 (2
and 12 in older files) begins a node: name, kind (2 is depth), codec. 3 and 6 are its properties:
name, size, value. 10 is a frame: µs, number, then its picture.

Pictures are packed as 16zP, by differences from pixel to pixel, or as 16zT, where the pixels are
numbers in a table that comes first:

    2 bytes        the first pixel
    0xab, a < 14   the next pixel is the last one + 6 − a, the one after it + 6 − b; where b is 13
                   there is no second one, where b is 15 it follows in full
    0xEn           2 n pixels as the last one
    0xFF           the next pixel follows in full
    in full        1 byte from 128 on: the last one + 192 − it; else 2 bytes, the high one first

Values wrap at 16 bits.

Convention: the field of view, which the file tells, is that of the whole width, u0 = width / 2, as
OpenNI itself computes; what was recorded mirrored (xnMirror) is turned back. No colours are given:
whether they are in the same view isn't said, and in the recording that this was tried on they
aren't. Untrusted: sizes are looked at before anything is read.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, check_size
from core.depth.io.camera_files import read_camera_beside, unknown_camera
from core.depth.io.recorded import MOST_FRAMES, Recorded
from core.errors import MediaError

_MOST_PIXELS = 1600 * 1200  # as OpenNI's own player
_TABLE_BYTES = 2 * 65_536 + 4
_MOST_FIELDS = 2**20  # bytes of a record but for its picture
_MOST_RECORDS = 4 * MOST_FRAMES
_FILE, _OLD, _NEW = struct.Struct("<4sBBHIQI"), struct.Struct("<4s5I"), struct.Struct("<4s4IQ")
_NODE, _NUMBER, _GENERAL, _FRAME = (2, 12, 13), 3, 6, 10
_DEPTH = 2
_FULL, _RUN, _NO_SECOND = 0xFF, 0xE0, 0x0D  # codes of 16zP
_UNITS_MM = {100: 1.0, 101: 0.1}  # of oniPixelFormat; the others are no distances
_MODE, _FOV, _CROPPING = struct.Struct("<2I"), struct.Struct("<2d"), struct.Struct("<I")


@dataclass
class _Node:
    """A stream of the file: its kind, its codec, what is said of it, and where its frames lie."""

    kind: int
    codec: bytes
    said: dict[str, bytes] = field(default_factory=dict)
    frames: list[tuple[float, int, int]] = field(default_factory=list)  # s, place, bytes

    def number(self, name: str) -> int:
        return int.from_bytes(self.said.get(name, b"")[:8], "little")

    def values(self, name: str, layout: struct.Struct) -> tuple[float, ...]:
        value = self.said.get(name, b"")
        return layout.unpack_from(value) if len(value) >= layout.size else ()


def open_oni(
    path: Path, *, camera: Camera | None = None, unit_mm: float | None = None
) -> "OniRecording":
    """The depth stream of an .oni.

    Args:
        camera: it was taken by; None: as camera.json beside it tells, else by the field of view
            that the file tells.
        unit_mm: of its numbers; None: as the file or camera.json tells, else 1.

    Raises:
        MediaError: no such file, none with depth, or one that is damaged or too large.
    """
    nodes = _nodes(path)
    depth = next((one for one in nodes if one.kind == _DEPTH and one.frames), None)
    if depth is None:
        raise MediaError(f"{path.name} has no depth: record it with the depth stream")
    width, height = (int(size) for size in depth.values("xnMapOutputMode", _MODE) or (0, 0))
    if not 0 < width * height <= _MOST_PIXELS:
        raise MediaError(f"{path.name} has pictures of {width} x {height} pixels")
    if any(depth.values("xnCropping", _CROPPING)):
        raise MediaError(f"{path.name} has cropped pictures: record it without cropping")
    form = depth.number("oniPixelFormat")
    if form and form not in _UNITS_MM:
        raise MediaError(f"{path.name} has no distances, but form {form}: record DEPTH_1_MM")
    beside, beside_unit = read_camera_beside(path.parent, (height, width))
    found = camera or beside or _seen_by(depth, width, height)
    if found is None:
        raise unknown_camera(path.name, (height, width))
    unit = unit_mm or _UNITS_MM.get(form) or beside_unit or 1.0
    return OniRecording(path, found, unit, depth, (height, width))


def _seen_by(depth: _Node, width: int, height: int) -> Camera | None:
    angles = depth.values("xnFOV", _FOV)
    if len(angles) != 2 or not all(0.01 < angle < 3.1 for angle in angles):
        return None
    fx, fy = width / 2 / math.tan(angles[0] / 2), height / 2 / math.tan(angles[1] / 2)
    return Camera("openni", fx, fy, width / 2, height / 2, width, height)


class OniRecording(Recorded):
    """See `open_oni`."""

    def __init__(
        self,
        path: Path,
        camera: Camera,
        unit_mm: float,
        depth: _Node,
        size_hw: tuple[int, int],
    ) -> None:
        super().__init__(path.name, camera, len(depth.frames))
        check_size(size_hw, camera, path.name)
        self._unit_mm, self._depth, self._size_hw = unit_mm, depth, size_hw
        self._file = self.resources.enter_context(path.open("rb"))

    def _frame(self, index: int) -> DepthFrame:
        time_s, place, size = self._depth.frames[index]
        height, width = self._size_hw
        if size > 3 * height * width + _TABLE_BYTES:
            raise MediaError(
                f"{self.name}: frame {index} has {size:,} bytes for {width} x {height} pixels"
            )
        content = _read(self._file, place, size, self.name)
        depth_mm = self._decoded(content, f"{self.name}: frame {index}")
        since_s = time_s - self._depth.frames[0][0]
        return DepthFrame(depth_mm, self.camera, since_s, index)

    def _decoded(self, content: bytes, name: str) -> Depth:
        count, codec = self._size_hw[0] * self._size_hw[1], self._depth.codec
        if codec == b"16zT":
            numbers = unpack_by_table(content, count, name)
        elif codec == b"16zP":
            numbers = unpack(content, count, name)
        elif codec == b"NONE" and len(content) == 2 * count:
            numbers = np.frombuffer(content, "<u2")
        else:
            raise MediaError(f"{name}: {len(content)} bytes by codec {codec!r} can't be read")
        picture = numbers.reshape(self._size_hw)
        picture = picture[:, ::-1] if self._depth.number("xnMirror") else picture
        return picture.astype(np.float32) * np.float32(self._unit_mm)


def unpack(content: bytes, count: int, name: str) -> NDArray[np.uint16]:
    """So many pixels of 16zP.

    Raises:
        MediaError: it unpacks to another number of them.
    """
    try:
        pixels = _unpack_codes(content, count)
    except IndexError:
        pixels = []
    if len(pixels) != count:
        raise MediaError(f"{name} is damaged: it unpacks to other than {count:,} pixels")
    return np.array(pixels, np.uint16)


def _unpack_codes(codes: bytes, most: int) -> list[int]:
    """The pixels of 16zP, or somewhat more than the most where there are more."""
    value = codes[0] + 256 * codes[1]
    pixels, at = [value], 2
    while at < len(codes) and len(pixels) <= most:
        code = codes[at]
        at += 1
        if _RUN <= code < _FULL:
            pixels += [value] * (2 * (code - _RUN))
            continue
        if code < _RUN:
            value = (value + 6 - (code >> 4)) & 0xFFFF
            pixels.append(value)
        second = code & 15
        if second == _NO_SECOND:
            continue
        if second < 15:
            value = (value + 6 - second) & 0xFFFF
        elif codes[at] >= 128:
            value = (value + 192 - codes[at]) & 0xFFFF
            at += 1
        else:
            value = 256 * codes[at] + codes[at + 1]
            at += 2
        pixels.append(value)
    return pixels


def unpack_by_table(content: bytes, count: int, name: str) -> NDArray[np.uint16]:
    """So many pixels of 16zT.

    Raises:
        MediaError: it unpacks to another number of them, or a pixel isn't in its table.
    """
    size = int.from_bytes(content[:2], "little")
    table = np.frombuffer(content[2 : 2 + 2 * size], np.uint8)
    numbers = unpack(content[2 + 2 * size :], count, name)
    if len(table) < 2 * size or numbers.max() >= size:
        raise MediaError(f"{name} is damaged: it names a value that isn't in its table of {size}")
    return table.view("<u2")[numbers].astype(np.uint16)


def _nodes(path: Path) -> list[_Node]:
    """Every stream of the file; what was cut off at its end is left out."""
    try:
        with path.open("rb") as file:
            found: dict[int, _Node] = {}
            for kind, node, fields, place, size in _records(file, path.name):
                _take(found, kind, node, fields, place, size)
            return list(found.values())
    except OSError as error:
        raise MediaError(f"{path.name} can't be read: {error.strerror}") from error


def _take(
    found: dict[int, _Node], kind: int, node: int, fields: bytes, place: int, size: int
) -> None:
    """What one record says."""
    if kind in _NODE:
        _, rest = _named(fields)
        if len(rest) >= 8:
            found[node] = _Node(int.from_bytes(rest[:4], "little"), rest[4:8])
    elif node in found and kind in (_NUMBER, _GENERAL):
        name, rest = _named(fields)
        found[node].said[name] = rest[4:]
    elif node in found and kind == _FRAME and len(fields) >= 8:
        time_s = int.from_bytes(fields[:8], "little") / 1e6
        found[node].frames.append((time_s, place, size))


def _records(file: BinaryIO, name: str) -> Iterator[tuple[int, int, bytes, int, int]]:
    """Kind, node, fields, and place and size of what follows, of each record that is whole."""
    whole = file.seek(0, 2)
    file.seek(0)
    head = file.read(_FILE.size)
    if len(head) < _FILE.size or head[:4] != b"NI10":
        raise MediaError(f"{name} is no recording of OpenNI: it doesn't begin with NI10")
    _, *version = _FILE.unpack(head)[:4]
    header = _NEW if version >= [1, 0, 1] else _OLD
    at = _FILE.size
    for _ in range(_MOST_RECORDS):
        file.seek(at)
        content = file.read(header.size)
        if len(content) < header.size:
            return
        magic, kind, node, fields, size, _ = header.unpack(content)
        if magic != b"NIR\0" or not header.size <= fields <= _MOST_FIELDS:
            raise MediaError(f"{name} is damaged at byte {at:,}: no record begins there")
        if at + fields + size > whole:
            return
        yield kind, node, file.read(fields - header.size), at + fields, size
        at += fields + size
    raise MediaError(f"{name} has over {_MOST_RECORDS:,} records")


def _named(fields: bytes) -> tuple[str, bytes]:
    """The name with which fields begin, and the others."""
    length = int.from_bytes(fields[:4], "little")
    name = fields[4 : 4 + length].rstrip(b"\0").decode("utf-8", errors="replace")
    return name, fields[4 + length :]


def _read(file: BinaryIO, place: int, size: int, name: str) -> bytes:
    try:
        file.seek(place)
        content = file.read(size)
    except (OSError, ValueError) as error:  # also of a closed file
        raise MediaError(f"{name} can't be read: {error}") from error
    if len(content) < size:
        raise MediaError(f"{name} is shorter than when it was opened")
    return content
