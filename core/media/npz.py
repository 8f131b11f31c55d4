"""Untrusted .npz files by numpy's own reader, without pickles: an array's claimed size is checked
before memory is allocated for it."""

import math
import tokenize
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import MediaError
from core.media.archives import ZIP_ERRORS
from core.media.limits import NPZ

# what zipfile and numpy raise for damaged or hostile files; the last of an array's header
NPZ_ERRORS: tuple[type[Exception], ...] = (*ZIP_ERRORS, LookupError, TypeError, MemoryError)
NPZ_ERRORS += (OverflowError, SyntaxError, tokenize.TokenError)
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read an untrusted .npz as name → array, without pickles; raise MediaError if it is damaged,
    above the limits, or contains anything but arrays of numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) > NPZ.max_arrays or size > NPZ.max_bytes:
                raise MediaError(
                    f"{path.name} has {len(entries):,} arrays of {size:,} bytes; the limit is "
                    f"{NPZ.max_arrays:,} of {NPZ.max_bytes:,}"
                )
            return {e.filename.removesuffix(".npy"): _read_array(archive, e) for e in entries}
    except NPZ_ERRORS as error:
        reason = " ".join(str(error).split())[:160]
        raise MediaError(
            f"{path.name} isn't an .npz of numbers ({reason}): write it again by numpy.savez"
        ) from None


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Read an entry's array after checking its header; raise ValueError if it is invalid."""
    with archive.open(entry) as file:
        _check_header(file, entry)  # type: ignore[arg-type]
    with archive.open(entry) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _check_header(file: BinaryIO, entry: zipfile.ZipInfo) -> None:
    """Raise ValueError if an array isn't numeric, or claims more bytes than its entry has."""
    label = f"“{entry.filename[:60]}”"
    version = np.lib.format.read_magic(file)
    if version not in _HEADER_READERS:
        raise ValueError(f"{label} is in version {version} of the format")
    shape, _, dtype = _HEADER_READERS[version](file)
    if dtype.kind not in "fiub" or math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"{label} claims to be {dtype} {shape}")
