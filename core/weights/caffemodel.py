"""Reads a `.caffemodel`: a protobuf NetParameter, walked field by field, arrays and nothing else.

Field numbers are those of Caffe's caffe.proto: layers of today (`layer`, 100) and of old (`layers`,
2); a blob's shape as a list or as the legacy num, channels, height, width; data as float or double.
"""

import math
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

_LAYERS = {100: (1, 7), 2: (4, 6)}  # field of the net -> fields of a layer's name and blobs
_LEGACY_SHAPE = (1, 2, 3, 4)
_DATA, _SHAPE, _DOUBLES = 5, 7, 8
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_MOST_BYTES = 2**30
_MOST_DIMENSIONS = 8


def read_caffemodel(path: Path) -> dict[str, list[NDArray[Any]]]:
    """Layer name → its blobs, as stored: kernels OIHW, biases (O,) or (1, 1, 1, O).

    Never holds more than the file's own bytes and the arrays in it.

    Raises:
        WeightsError: the file is cut off, too large, or no caffemodel.
    """
    size = path.stat().st_size if path.is_file() else 0
    if not 0 < size <= _MOST_BYTES:
        raise WeightsError(
            f"{path} has {size} bytes, expected a .caffemodel of 1 to {_MOST_BYTES}: get it again"
        )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        try:
            with memoryview(mapped) as whole:
                return _layers(whole)
        except (_MalformedError, UnicodeDecodeError) as error:
            detail = f"{path.name} is cut off or no .caffemodel ({error}): get the file again"
        # outside the handler, whose traceback would keep views of the mapping alive
        raise WeightsError(detail)


class _MalformedError(Exception):
    """Bytes that are no protobuf message, or none of Caffe's."""


def _layers(net: memoryview) -> dict[str, list[NDArray[Any]]]:
    found: dict[str, list[NDArray[Any]]] = {}
    for number, wire, value in _fields(net):
        if number in _LAYERS and wire == _BYTES:
            name, blobs = _layer(value, *_LAYERS[number])
            if blobs and name in found:
                raise _MalformedError(f"two layers are named “{name}”")
            if blobs:
                found[name] = blobs
    if not found:
        raise _MalformedError("no layer in it has weights")
    return found


def _layer(layer: memoryview, name_field: int, blobs_field: int) -> tuple[str, list[NDArray[Any]]]:
    name, blobs = "", []
    for number, wire, value in _fields(layer):
        if (number, wire) == (name_field, _BYTES):
            name = bytes(value).decode()
        elif (number, wire) == (blobs_field, _BYTES):
            blobs.append(_blob(value))
    return name, blobs


def _blob(blob: memoryview) -> NDArray[Any]:
    legacy: dict[int, int] = {}
    shape: list[int] | None = None
    content = {_DATA: bytearray(), _DOUBLES: bytearray()}
    for number, wire, value in _fields(blob):
        if number in _LEGACY_SHAPE and wire == _VARINT:
            legacy[number] = value
        elif (number, wire) == (_SHAPE, _BYTES):
            shape = _dimensions(value)
        elif number in content and wire in (_BYTES, _FIXED_32, _FIXED_64):
            content[number] += value  # packed or one by one: the same bytes in the same order
    kind, field = ("<f8", _DOUBLES) if content[_DOUBLES] else ("<f4", _DATA)
    raw = content[field]
    if shape is None and legacy:
        shape = [legacy.get(number, 1) for number in _LEGACY_SHAPE]
    count, rest = divmod(len(raw), np.dtype(kind).itemsize)
    shape = [count] if shape is None else shape
    if rest or math.prod(shape) != count:
        raise _MalformedError(f"a blob of shape {shape[:_MOST_DIMENSIONS]} has {count} values")
    return np.frombuffer(raw, kind).reshape(shape)


def _dimensions(message: memoryview) -> list[int]:
    shape: list[int] = []
    for number, wire, value in _fields(message):
        if number == 1 and wire == _VARINT:
            shape.append(value)
        elif number == 1 and wire == _BYTES:
            at = 0
            while at < len(value) and len(shape) <= _MOST_DIMENSIONS:
                dimension, at = _varint(value, at)
                shape.append(dimension)
        if len(shape) > _MOST_DIMENSIONS:
            raise _MalformedError(f"a blob has more than {_MOST_DIMENSIONS} dimensions")
    return shape


def _fields(message: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value (an int, or a view of its bytes) of every field."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, wire, value
            continue
        if wire == _BYTES:
            size, at = _varint(message, at)
        elif wire in (_FIXED_32, _FIXED_64):
            size = 4 if wire == _FIXED_32 else 8
        else:
            raise _MalformedError(f"field {key >> 3} has the unknown wire type {wire}")
        if size > len(message) - at:
            raise _MalformedError(
                f"field {key >> 3} wants {size} bytes, {len(message) - at} are left"
            )
        yield key >> 3, wire, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(message[at : at + 10]):
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, at + i + 1
    raise _MalformedError(f"a number at byte {at} of its message does not end")
