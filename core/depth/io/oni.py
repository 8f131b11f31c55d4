"""OpenNI's recordings (.oni) as a source, read without its library or a driver.

The format, as the published source of OpenNI 2 defines it (Source/Drivers/OniFile, Apache 2.0),
little-endian: NI10, a version, then records: NIR and a 0, type, node, size of header and fields,
size of the data after them, and 32 bits (before version 1.0.1) or 64 that are not used here. Type
13 (2 and 12 in older files) defines a node: name, kind (2 is depth), codec. 3 and 6 are its
properties: name, size, value. 10 is a frame: µs, number, then its picture.

Pictures are packed as 16zP, by differences from pixel to pixel, or as 16zT, whose pixels are
indices into a table at the beginning:

    2 bytes        the first pixel
    0xab, a < 14   the next pixel is the last one + 6 − a, the one after it + 6 − b; if b is 13
                   there is no second one, if b is 15 it follows in full
    0xEn           2 n pixels equal to the last one
    0xFF           the next pixel follows in full
    in full        1 byte from 128 on: the last one + 192 − it; else 2 bytes, the high one first

Values wrap at 16 bits.

Convention: the field of view in the file is that of the whole width, u0 = width / 2, as OpenNI
itself computes; mirrored recordings (xnMirror) are flipped back. No colours are read: nothing in
the file says that they are registered. Untrusted: sizes are checked before anything is read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.cubes import Depth
from core.depth.frames import DepthFrame, DepthRecording, check_frame_size
from core.depth.io.camera_files import choose_camera, read_camera_file
from core.errors import MediaError
from core.files import wrap_os_errors
from core.media.limits import DEPTH
from core.words import words

_MAX_PIXELS = 1600 * 1200  # as OpenNI's own player
_MAX_TABLE_BYTES = 2 * 65_536 + 4
_MAX_FIELD_BYTES = 2**20  # of a record without its picture
_MAX_RECORDS = 4 * DEPTH.max_frames
_FILE_HEADER = struct.Struct("<4sBBHIQI")
_OLD_HEADER, _NEW_HEADER = struct.Struct("<4s5I"), struct.Struct("<4s4IQ")
_NODE_TYPES, _PROPERTY_TYPES, _FRAME_TYPE = (2, 12, 13), (3, 6), 10
_DEPTH_KIND = 2
_FULL, _RUN, _NO_SECOND = 0xFF, 0xE0, 0x0D  # codes of 16zP
_UNITS_MM = {100: 1.0, 101: 0.1}  # by oniPixelFormat; the other formats are no distances
_MODE, _FOV, _CROPPING = struct.Struct("<2I"), struct.Struct("<2d"), struct.Struct("<I")


@dataclass
class _Stream:
    """A node of the file with its properties and the places of its frames."""

    kind: int
    codec: bytes
    properties: dict[str, bytes] = field(default_factory=dict)
    frames: list[tuple[float, int, int]] = field(default_factory=list)  # s, offset, bytes

    def int_property(self, name: str) -> int:
        return int.from_bytes(self.properties.get(name, b"")[:8], "little")

    def unpack_property(self, name: str, layout: struct.Struct) -> tuple[float, ...]:
        value = self.properties.get(name, b"")
        return layout.unpack_from(value) if len(value) >= layout.size else ()


class OniRecording(DepthRecording):
    """The depth stream of an .oni.

    Args:
        camera: overrides camera.json beside the file, which overrides its own field of view.
        unit_mm: of its numbers; None: from the file or camera.json, else 1.
    """

    def __init__(self, path: Path, camera: Camera | None, unit_mm: float | None) -> None:
        self._stream = _find_depth_stream(path)
        self._size_hw = _read_picture_size(self._stream, path.name)
        pixel_format = self._stream.int_property("oniPixelFormat")
        if pixel_format and pixel_format not in _UNITS_MM:
            raise MediaError(
                words(
                    "{file} has no distances, but form {pixel_format}: record DEPTH_1_MM",
                    file=path.name,
                    pixel_format=pixel_format,
                )
            )
        beside, beside_unit = read_camera_file(path.parent, self._size_hw)
        own = _build_stream_camera(self._stream, self._size_hw)
        camera = choose_camera(path.name, self._size_hw, camera, beside, own)
        super().__init__(path.name, camera, len(self._stream.frames))
        check_frame_size(self._size_hw, camera, path.name)
        self._unit_mm = unit_mm or _UNITS_MM.get(pixel_format) or beside_unit or 1.0
        self._file = self.resources.enter_context(path.open("rb"))

    def _read_frame(self, index: int) -> DepthFrame:
        """Read and decode a frame's depth in mm, without colours."""
        time_s, offset, size = self._stream.frames[index]
        height, width = self._size_hw
        if size > 3 * height * width + _MAX_TABLE_BYTES:
            raise MediaError(
                words(
                    "{name}: frame {index} has {size:,} bytes for {width} x {height} pixels",
                    name=self.name,
                    index=index,
                    size=size,
                    width=width,
                    height=height,
                )
            )
        content = _read_bytes(self._file, offset, size, self.name)
        depth_mm = self._decode_picture(
            content, words("{name}: frame {index}", name=self.name, index=index)
        )
        return DepthFrame(depth_mm, self.camera, time_s - self._stream.frames[0][0], index)

    def _decode_picture(self, content: bytes, name: str) -> Depth:
        """Decode a frame by the stream's codec to (H, W) mm, unmirrored."""
        count, codec = self._size_hw[0] * self._size_hw[1], self._stream.codec
        if codec == b"16zT":
            numbers = decode_16zt(content, count, name)
        elif codec == b"16zP":
            numbers = decode_16zp(content, count, name)
        elif codec == b"NONE" and len(content) == 2 * count:
            numbers = np.frombuffer(content, "<u2")
        else:
            raise MediaError(
                words(
                    "{name}: {size} bytes by codec {codec} can't be read",
                    name=name,
                    size=len(content),
                    codec=repr(codec),
                )
            )
        picture = numbers.reshape(self._size_hw)
        picture = picture[:, ::-1] if self._stream.int_property("xnMirror") else picture
        return picture.astype(np.float32) * np.float32(self._unit_mm)


def _find_depth_stream(path: Path) -> _Stream:
    """Find the first depth stream that has frames, ignoring a truncated last record."""
    streams: dict[int, _Stream] = {}  # by node
    with (
        wrap_os_errors(MediaError, words("{file} can't be read", file=path.name)),
        path.open("rb") as file,
    ):
        for kind, node, fields, *place in _read_records(file, path.name):
            name, rest = _split_name(fields)
            if kind in _NODE_TYPES and len(rest) >= 8:
                streams[node] = _Stream(int.from_bytes(rest[:4], "little"), rest[4:8])
            elif node in streams and kind in _PROPERTY_TYPES:
                streams[node].properties[name] = rest[4:]
            elif node in streams and kind == _FRAME_TYPE and len(fields) >= 8:
                time_s = int.from_bytes(fields[:8], "little") / 1e6
                streams[node].frames.append((time_s, place[0], place[1]))
    for stream in streams.values():
        if stream.kind == _DEPTH_KIND and stream.frames:
            return stream
    raise MediaError(words("{file} has no depth: record it with the depth stream", file=path.name))


def _read_picture_size(stream: _Stream, name: str) -> tuple[int, int]:
    """Return a stream's (height, width); raise MediaError if pictures are cropped or too large."""
    width, height = (int(n) for n in stream.unpack_property("xnMapOutputMode", _MODE) or (0, 0))
    if not 0 < width * height <= _MAX_PIXELS:
        raise MediaError(
            words(
                "{name} has pictures of {width} x {height} pixels",
                name=name,
                width=width,
                height=height,
            )
        )
    if any(stream.unpack_property("xnCropping", _CROPPING)):
        raise MediaError(
            words("{name} has cropped pictures: record it without cropping", name=name)
        )
    return height, width


def _build_stream_camera(stream: _Stream, size_hw: tuple[int, int]) -> Camera | None:
    """Build the camera from the stream's field of view; None if it is missing or invalid."""
    angles = stream.unpack_property("xnFOV", _FOV)
    if len(angles) != 2 or not all(0.01 < angle < 3.1 for angle in angles):
        return None
    return Camera.from_field_of_view("openni", angles[0], angles[1], size_hw)


def decode_16zp(content: bytes, count: int, name: str) -> NDArray[np.uint16]:
    """Decode a 16zP picture to (count,) uint16; raise MediaError for another pixel count."""
    try:
        pixels = _decode_differences(content, count)
    except IndexError:
        pixels = []
    if len(pixels) != count:
        raise MediaError(
            words(
                "{name} is damaged: it unpacks to other than {count:,} pixels",
                name=name,
                count=count,
            )
        )
    return np.array(pixels, np.uint16)


def _decode_differences(codes: bytes, max_pixels: int) -> list[int]:
    """Decode 16zP's differences and runs to pixel values; stop after `max_pixels`."""
    value = codes[0] + 256 * codes[1]
    pixels, at = [value], 2
    while at < len(codes) and len(pixels) <= max_pixels:
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


def decode_16zt(content: bytes, count: int, name: str) -> NDArray[np.uint16]:
    """Decode a 16zT picture, a table of depths and an index per pixel, to (count,) uint16. Raise
    MediaError for another number of pixels, or an index beyond the table."""
    size = int.from_bytes(content[:2], "little")
    table = np.frombuffer(content[2 : 2 + 2 * size], np.uint8)
    indices = decode_16zp(content[2 + 2 * size :], count, name)
    if len(table) < 2 * size or indices.max() >= size:
        raise MediaError(
            words(
                "{name} is damaged: it has an index beyond its table of {size}",
                name=name,
                size=size,
            )
        )
    return table.view("<u2")[indices].astype(np.uint16)


def _read_records(file: BinaryIO, name: str) -> Iterator[tuple[int, int, bytes, int, int]]:
    """Yield type, node, fields, data offset and data size of each complete record of an .oni file,
    not reading the data; raise MediaError if it is damaged."""
    file_size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_FILE_HEADER.size)
    if len(head) < _FILE_HEADER.size or head[:4] != b"NI10":
        raise MediaError(
            words("{name} is no recording of OpenNI: it doesn't start with NI10", name=name)
        )
    _, *version = _FILE_HEADER.unpack(head)[:4]
    header = _NEW_HEADER if version >= [1, 0, 1] else _OLD_HEADER
    at = _FILE_HEADER.size
    for _ in range(_MAX_RECORDS):
        file.seek(at)
        content = file.read(header.size)
        if len(content) < header.size:
            return
        magic, kind, node, size, data_size, _ = header.unpack(content)
        if magic != b"NIR\0" or not header.size <= size <= _MAX_FIELD_BYTES:
            raise MediaError(
                words(
                    "{name} is damaged at byte {position:,}: no record begins there",
                    name=name,
                    position=at,
                )
            )
        if at + size + data_size > file_size:
            return
        yield kind, node, file.read(size - header.size), at + size, data_size
        at += size + data_size
    raise MediaError(words("{name} has over {limit:,} records", name=name, limit=_MAX_RECORDS))


def _split_name(fields: bytes) -> tuple[str, bytes]:
    """Split a record's fields into the name at the start and the remaining bytes."""
    length = int.from_bytes(fields[:4], "little")
    name = fields[4 : 4 + length].rstrip(b"\0").decode("utf-8", errors="replace")
    return name, fields[4 + length :]


def _read_bytes(file: BinaryIO, offset: int, size: int, name: str) -> bytes:
    """Read exactly `size` bytes at an offset; raise MediaError if that fails."""
    try:
        file.seek(offset)
        content = file.read(size)
    except (OSError, ValueError) as error:  # ValueError: the file is closed
        raise MediaError(
            words("{name} can't be read: {error}", name=name, error=str(error))
        ) from error
    if len(content) < size:
        raise MediaError(words("{name} is shorter than when it was opened", name=name))
    return content
