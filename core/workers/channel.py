"""Messages between a process and its worker: a JSON header and arrays. Nothing is unpickled."""

import json
import math
import mmap
import os
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

_MAX_HEADER = 2**16  # bytes
_MAX_ARRAY = 2**28
_SHARED_BYTES, _ALIGNED = 2**24, 64  # a picture of 2,000 x 2,000 pixels
_DTYPES = ("float32", "uint8", "bool", "int64", "float64")
_LENGTH = struct.Struct("<I")

AnyArray = np.ndarray[Any, Any]
Arrays = list[AnyArray]


class Channel:
    """Messages to and from another process. Arrays go through a shared file of _SHARED_BYTES, which
    copies a video frame only once; pipes carry headers and arrays that don't fit."""

    def __init__(self, reader: Any, writer: Any, shared: BinaryIO) -> None:
        self._reader, self._writer = reader, writer
        self._shared = np.frombuffer(mmap.mmap(shared.fileno(), _SHARED_BYTES), np.uint8)

    def close(self) -> None:
        """Close the pipes, which makes the other process exit."""
        self._reader.close()
        self._writer.close()

    def send(self, header: Mapping[str, Any], arrays: Sequence[AnyArray] = ()) -> None:
        """Send a header of at most 64 kB and arrays, using shared memory as far as they fit."""
        described, piped, start = [], [], _MAX_HEADER
        for array in (np.asarray(one, order="C") for one in arrays):
            end = start + array.nbytes
            described.append([array.dtype.name, array.shape, start if end <= _SHARED_BYTES else -1])
            if end <= _SHARED_BYTES:
                self._shared[start:end] = array.reshape(-1).view(np.uint8)
                start = -(-end // _ALIGNED) * _ALIGNED
            else:
                piped.append(array)
        text = json.dumps([header, described]).encode()
        if len(text) > _MAX_HEADER:
            raise ValueError(f"a header of {len(text)} bytes")
        self._shared[: len(text)] = np.frombuffer(text, np.uint8)
        self._write(memoryview(_LENGTH.pack(len(text))))
        for array in piped:
            self._write(_view_bytes(array))

    def receive(self) -> tuple[dict[str, Any], Arrays]:
        """Wait for the next message; return its header and arrays, which are valid until the next
        `send`. Raise EOFError if the other side has ended, ValueError if the message is invalid."""
        (length,) = _LENGTH.unpack(self._read_into(bytearray(_LENGTH.size)))
        header, described = json.loads(self._shared[: min(length, _MAX_HEADER)].tobytes())
        return dict(header), [self._read_array(*one) for one in described]

    def _read_array(self, name: str, shape: list[int], start: int) -> AnyArray:
        """Return an array of a message, as a view of shared memory or read from the pipe; raise
        ValueError if its type or size isn't allowed."""
        size = math.prod(shape) * np.dtype(name).itemsize
        if name not in _DTYPES or min(shape, default=0) < 0 or size > _MAX_ARRAY:
            raise ValueError(f"an array {name} {shape}")
        if start >= 0:
            return self._shared[start : start + size].view(name).reshape(shape)
        array = np.empty(shape, name)
        self._read_into(_view_bytes(array))
        return array

    def _write(self, data: memoryview) -> None:
        while data:
            data = data[self._writer.write(data) :]

    def _read_into(self, buffer: Any) -> Any:
        """Fill a buffer from the pipe and return it; raise EOFError if the pipe ends early."""
        rest = memoryview(buffer)
        while rest:
            count = self._reader.readinto(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return buffer


def _view_bytes(array: AnyArray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8).data)


class SharedFile:
    """A file for a channel's shared memory: anonymous on Linux, temporary elsewhere.

    Attributes:
        file: open for reading and writing.
        path: where the worker opens it; the worker must inherit `descriptors` (Linux).
    """

    def __init__(self) -> None:
        self.descriptors: tuple[int, ...] = ()
        if (
            sys.platform == "linux"
        ):  # not in /dev/shm, which may be small: writing there would crash
            descriptor = os.memfd_create("mudra")
            self.path, self.descriptors = f"/proc/self/fd/{descriptor}", (descriptor,)
        else:
            descriptor, self.path = tempfile.mkstemp(prefix="mudra-")
        self.file = os.fdopen(descriptor, "r+b")
        self.file.truncate(_SHARED_BYTES)

    def close(self) -> None:
        """Close the file, and delete it if it is temporary."""
        self.file.close()
        if not self.descriptors:
            with suppress(OSError):
                Path(self.path).unlink()
