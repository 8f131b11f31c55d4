"""Reads published weights that exist only as a pickle: dicts, names and numpy arrays, nothing else.

Nothing that the file names is imported or run. The few numpy constructors that an array's pickle
calls have stand-ins here, which build plain numbers from plain bytes; any other name is refused.
Python's own unpickler is used, not the faster one in C, which reserves memory on a file's word.
"""

import io
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

_KINDS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
_NDARRAY = "numpy.ndarray"  # a mark: only `_reconstruct` knows what to do with it
_MODULES = ("numpy.core", "numpy._core")  # before and since numpy 2


def read_numpy_pickle(path: Path) -> dict[str, NDArray[Any]]:
    """Name → array, from a pickled dict of numpy arrays of Python 2 (latin-1) or 3.

    Raises:
        WeightsError: the file is cut off, or holds anything but names and arrays.
    """
    try:
        found = _Fenced(path.read_bytes()).load()
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from None
    except Exception as error:  # a broken pickle can fail in any way
        detail = f"{type(error).__name__}: {error}"
        raise WeightsError(
            f"{path.name} is no whole pickle ({detail}): get the file again"
        ) from None
    if not isinstance(found, dict):
        raise WeightsError(f"{path.name} holds a {type(found).__name__}, expected a dict of arrays")
    return {str(name): _array_of(path.name, name, value) for name, value in found.items()}


def _array_of(file: str, name: Any, value: Any) -> NDArray[Any]:
    if isinstance(name, str) and isinstance(value, _Array) and value.array is not None:
        return value.array
    kind = "array" if isinstance(value, _Array) else type(value).__name__
    raise WeightsError(f"{file}: “{str(name)[:60]}” holds no numbers (a {kind}), expected an array")


class _DType:
    """What `numpy.dtype("f4", False, True)` and its state say: numbers of a size and byte order."""

    def __init__(self, code: Any, *_: Any) -> None:
        if code not in _KINDS:
            raise WeightsError(
                f"arrays of kind “{str(code)[:20]}” are not read, only plain numbers"
            )
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


class _Array:
    """An array in the making: its state brings shape, numbers and order."""

    def __init__(self, fence: "_Fenced") -> None:
        self._fence = fence
        self.array: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        *_, shape, kind, is_fortran, raw = state
        self.array = self._fence.numbers(raw, kind, shape, "F" if is_fortran else "C")


class _Fenced(pickle._Unpickler):
    """An unpickler to which the arrays' constructors are all the names there are."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._bytes_left = len(content)  # arrays can't hold more than the file that brings them

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("numpy", "ndarray"): _NDARRAY,
            ("numpy", "dtype"): self._dtype,
            ("_codecs", "encode"): self._encode,
            ("__builtin__", "bytes"): self._empty_bytes,
        }
        for base in _MODULES:
            known[f"{base}.multiarray", "_reconstruct"] = self._reconstruct
            known[f"{base}.multiarray", "scalar"] = self._scalar
            known[f"{base}.numeric", "_frombuffer"] = self._frombuffer
        if (module, name) not in known:
            raise WeightsError(
                f"it asks for “{module}.{name}”, which weights never need: nothing of it was run, "
                "don't trust this file"
            )
        return known[module, name]

    def numbers(self, raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
        """An array over the bytes, when they are as many as kind and shape say."""
        raw = raw.encode("latin1") if isinstance(raw, str) else raw  # a Python 2 str
        if not isinstance(kind, _DType) or not isinstance(raw, bytes | bytearray):
            raise WeightsError("an array of objects: only arrays of plain numbers are read")
        shape = tuple(int(n) for n in shape)
        if min(shape, default=0) < 0 or math.prod(shape) * kind.dtype.itemsize != len(raw):
            raise WeightsError(f"an array of shape {shape[:8]} comes with {len(raw)} bytes")
        self._bytes_left -= len(raw)
        if self._bytes_left < 0:
            raise WeightsError("its arrays are larger than the file: it is not what it seems")
        return np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if order == "F" else "C")

    def _reconstruct(self, kind: Any, *_: Any) -> _Array:
        if kind != _NDARRAY:
            raise WeightsError("it builds something that is no plain array")
        return _Array(self)

    def _frombuffer(self, raw: Any, kind: Any, shape: Any, order: Any, *_: Any) -> _Array:
        array = _Array(self)
        array.array = self.numbers(raw, kind, shape, order)
        return array

    def _scalar(self, kind: Any, raw: Any = None) -> _Array:
        return self._frombuffer(raw, kind, (), "C")

    def _dtype(self, code: Any, *_: Any) -> _DType:
        return _DType(code)

    def _encode(self, text: Any, encoding: Any = "") -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise WeightsError(f"text in the encoding “{str(encoding)[:20]}”, expected latin1")
        return text.encode("latin1")

    def _empty_bytes(self) -> bytes:
        return b""  # old protocols spell these as bytes()
