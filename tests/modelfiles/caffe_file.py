"""Writes files in Caffe's layout, as small as a test wants them: a protobuf encoder of its own."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def blob(array: Any, *, shape: str = "list", values: str = "packed") -> bytes:
    """A BlobProto; shape is list, unpacked list, legacy or none; values are packed, single,
    double."""
    dims = np.shape(array)
    if shape == "list":
        out = message(7, message(1, b"".join(map(varint, dims))))
    elif shape == "unpacked list":
        out = message(7, b"".join(number(1, n) for n in dims))
    elif shape == "legacy":
        padded = (1,) * (4 - len(dims)) + tuple(dims)
        out = b"".join(number(i, n) for i, n in enumerate(padded, 1))
    else:
        out = b""
    if values == "single":
        flat = np.asarray(array, "<f4").ravel()
        return out + b"".join(varint(5 << 3 | 5) + value.tobytes() for value in flat)
    field, kind = (8, "<f8") if values == "double" else (5, "<f4")
    return out + message(field, np.asarray(array, kind).tobytes())


def layer(name: str, blobs: Iterable[bytes], *, old: bool = False) -> bytes:
    """A layer of a NetParameter, with what a real one has beside name and blobs."""
    name_field, blobs_field, net_field = (4, 6, 2) if old else (1, 7, 100)
    kind = number(5, 4) if old else message(2, b"Convolution")
    content = message(name_field, name.encode()) + kind
    return message(net_field, content + b"".join(message(blobs_field, b) for b in blobs))


def caffemodel(arrays: dict[str, Any]) -> bytes:
    """A whole net of `NAME.weight` and `NAME.bias` arrays."""
    names = dict.fromkeys(name.rsplit(".", 1)[0] for name in arrays)
    layers = (layer(n, [blob(arrays[f"{n}.weight"]), blob(arrays[f"{n}.bias"])]) for n in names)
    return message(1, b"a net") + layer("data", []) + b"".join(layers)
