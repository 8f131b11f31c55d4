"""Reads published weights that exist only as a pickle: dicts, names and numpy arrays, nothing else.

Nothing that the file names is imported or called: numpy's constructors have substitutes here, which
build plain numbers from bytes; any other name is an error. Python's unpickler is used, because the
one in C allocates as much memory as a file asks for."""

import io
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

_DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
_NDARRAY = "numpy.ndarray"  # a marker that `_build_empty` compares with
_MODULES = ("numpy.core", "numpy._core")  # before and since numpy 2


def read_numpy_pickle(path: Path) -> dict[str, NDArray[Any]]:
    """Read an untrusted pickle of a dict of numpy arrays as name → array, from Python 2 (latin-1)
    or 3, without running its code. Raises WeightsError: the file is truncated, or has other
    content."""
    try:
        found = _ArrayUnpickler(path.read_bytes()).load()
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from None
    except Exception as error:  # a broken pickle can fail in any way
        detail = f"{type(error).__name__}: {error}"
        raise WeightsError(
            f"{path.name} is not a complete pickle ({detail}): get the file again"
        ) from None
    if not isinstance(found, dict):
        raise WeightsError(f"{path.name} is a {type(found).__name__}, expected a dict of arrays")
    return {str(name): _require_array(path.name, name, value) for name, value in found.items()}


def _require_array(file: str, name: Any, value: Any) -> NDArray[Any]:
    """Return an unpickled value's array; raise WeightsError if it isn't a named array."""
    if isinstance(name, str) and isinstance(value, _Array) and value.array is not None:
        return value.array
    kind = "array" if isinstance(value, _Array) else type(value).__name__
    raise WeightsError(f"{file}: “{str(name)[:60]}” is a {kind}, expected an array of numbers")


class _DType:
    """Substitute for numpy.dtype: number types only, with their byte order."""

    def __init__(self, code: Any, *_: Any) -> None:
        if code not in _DTYPES:
            raise WeightsError(
                f"arrays of type “{str(code)[:20]}” are not supported, only plain numbers"
            )
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


class _Array:
    """Substitute for numpy.ndarray, which gets its shape, numbers and order by `__setstate__`."""

    def __init__(self, unpickler: "_ArrayUnpickler") -> None:
        self._unpickler = unpickler
        self.array: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        *_, shape, kind, is_fortran, raw = state
        self.array = self._unpickler.build_array(raw, kind, shape, "F" if is_fortran else "C")


class _ArrayUnpickler(pickle._Unpickler):
    """An unpickler that resolves only the names of array constructors."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._bytes_left = len(content)  # all arrays together can't exceed the file

    def find_class(self, module: str, name: str) -> Any:
        """Return our substitute for an array constructor; raise WeightsError for other classes."""
        known = {
            ("numpy", "ndarray"): _NDARRAY,
            ("numpy", "dtype"): _DType,
            ("_codecs", "encode"): self._encode_latin1,
            ("__builtin__", "bytes"): lambda: b"",  # old protocols spell these as bytes()
        }
        for base in _MODULES:
            known[f"{base}.multiarray", "_reconstruct"] = self._build_empty
            known[f"{base}.multiarray", "scalar"] = self._build_scalar
            known[f"{base}.numeric", "_frombuffer"] = self._build_from_buffer
        if (module, name) not in known:
            raise WeightsError(
                f"it refers to “{module}.{name}”, which weights never need: no code in it was run, "
                "don't trust this file"
            )
        return known[module, name]

    def build_array(self, raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
        """Build an array from its bytes; raise WeightsError if shape and bytes don't match."""
        raw = raw.encode("latin1") if isinstance(raw, str) else raw  # a Python 2 str
        if not isinstance(kind, _DType) or not isinstance(raw, bytes | bytearray):
            raise WeightsError("an array of objects: only arrays of plain numbers are supported")
        shape = tuple(int(n) for n in shape)
        if min(shape, default=0) < 0 or math.prod(shape) * kind.dtype.itemsize != len(raw):
            raise WeightsError(f"an array of shape {shape[:8]} has {len(raw)} bytes")
        self._bytes_left -= len(raw)
        if self._bytes_left < 0:
            raise WeightsError("its arrays are larger than the file: don't trust it")
        return np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if order == "F" else "C")

    def _build_empty(self, kind: Any, *_: Any) -> _Array:
        if kind != _NDARRAY:
            raise WeightsError("it builds something other than a plain array")
        return _Array(self)

    def _build_from_buffer(self, raw: Any, kind: Any, shape: Any, order: Any, *_: Any) -> _Array:
        array = _Array(self)
        array.array = self.build_array(raw, kind, shape, order)
        return array

    def _build_scalar(self, kind: Any, raw: Any = None) -> _Array:
        return self._build_from_buffer(raw, kind, (), "C")

    def _encode_latin1(self, text: Any, encoding: Any = "") -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise WeightsError(f"text in the encoding “{str(encoding)[:20]}”, expected latin1")
        return text.encode("latin1")
