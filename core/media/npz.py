"""Reads arrays from a .npz file by numpy's own reader, without its pickles; what every array claims
to hold is looked at before room is made for it."""

import lzma
import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import MediaError

_MOST_BYTES = 2**30
_MOST_ARRAYS = 10_000
DAMAGE = (  # what numpy and zipfile raise of files that aren't whole, or hostile
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    LookupError,
    TypeError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    SyntaxError,
    tokenize.TokenError,  # of an array's header
)
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Name → array.

    Raises:
        MediaError: the file is damaged, too large, or holds anything but arrays of numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if problem := _too_large(entries):
                raise MediaError(f"{path.name} {problem}")
            return {
                entry.filename.removesuffix(".npy"): _array(archive, entry) for entry in entries
            }
    except DAMAGE as why:
        detail = " ".join(str(why).split())[:160]
        raise MediaError(
            f"{path.name} is no whole .npz of numbers ({detail}): write it anew by numpy.savez"
        ) from None


def _too_large(entries: list[zipfile.ZipInfo]) -> str:
    size = sum(entry.file_size for entry in entries)
    if len(entries) <= _MOST_ARRAYS and size <= _MOST_BYTES:
        return ""
    return (
        f"holds {len(entries):,} arrays of {size:,} bytes, at most {_MOST_ARRAYS:,} of "
        f"{_MOST_BYTES:,} are read"
    )


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(entry) as file:
        _check_header(file, entry)  # type: ignore[arg-type]
    with archive.open(entry) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _check_header(file: BinaryIO, entry: zipfile.ZipInfo) -> None:
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"“{entry.filename[:60]}” is written in version {version} of the format")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.kind not in "fiub" or math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"“{entry.filename[:60]}” claims {dtype} {shape}, which it can't hold")
