"""Writes small .oni files of 8 x 6 pixels, in both versions of the format."""

import math
import struct

FOV = struct.pack("<2d", math.pi / 2, 2 * math.atan(3 / 4))  # f = 4 px
MODE = struct.pack("<3I", 8, 6, 30)


def pack_record(
    kind: int, node: int, fields: bytes, content: bytes = b"", *, old: bool = False
) -> bytes:
    size = (24 if old else 28) + len(fields)
    layout = "<4s5I" if old else "<4s4IQ"
    return struct.pack(layout, b"NIR\0", kind, node, size, len(content), 0) + fields + content


def pack_property(name: str, value: bytes, *, old: bool = False) -> bytes:
    fields = pack_name(name) + struct.pack("<I", len(value)) + value
    return pack_record(6, 2, fields, old=old)


def pack_name(name: str) -> bytes:
    return struct.pack("<I", len(name) + 1) + name.encode() + b"\0"


def pack_header(*, old: bool = False) -> bytes:
    return struct.pack("<4sBBHIQI", b"NI10", 1, 0, 0 if old else 1, 6 if old else 0, 0, 2)


def pack_flat_picture(value: int) -> bytes:
    """48 pixels of one value, packed as 16zP: 1 + 30 + 16 + 1."""
    return struct.pack("<H", value) + b"\xef\xe8\x6d"


def make_oni(
    *,
    old: bool = False,
    codec: bytes = b"16zP",
    contents: list[bytes] | None = None,
    mode: bytes = MODE,
    fov: bytes = FOV,
    properties: bytes = b"",
) -> bytes:
    """A file with a colour node and a depth node of these pictures, 40 ms apart."""
    contents = [pack_flat_picture(v) for v in (700, 800)] if contents is None else contents
    parts = [pack_header(old=old)]
    for number, (kind, packing) in enumerate([(1, b"NONE"), (2, codec)], 1):
        fields = pack_name("Some") + struct.pack("<I", kind) + packing + bytes(28)
        parts.append(pack_record(13, number, fields, old=old))
    parts.append(pack_property("xnMapOutputMode", mode, old=old))
    parts += [pack_property("xnFOV", fov, old=old), properties]
    for number, picture in enumerate(contents):
        fields = struct.pack("<QI", 1_000_000 + 40_000 * number, 1)
        parts.append(pack_record(10, 2, fields, picture, old=old))
    return b"".join([*parts, pack_record(11, 0xFFFFFFFF, b"", old=old)])
