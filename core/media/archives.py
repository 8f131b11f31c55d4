"""Untrusted zips, checked by their directory before anything is unpacked; and .npz files, by
numpy's own reader without pickles: an array's claimed size is checked before memory is allocated
for it."""

import contextlib
import io
import lzma
import math
import re
import shutil
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import ArchiveError, MediaError
from core.files import temporary_folder
from core.media.limits import NPZ, ZIP
from core.words import words

# what zipfile raises for damaged or hostile files
ZIP_ERRORS: tuple[type[Exception], ...] = (OSError, EOFError, RuntimeError, ValueError)
ZIP_ERRORS += (zipfile.BadZipFile, struct.error, zlib.error, lzma.LZMAError)


class _BoundedReader(io.BufferedReader):
    """A zip file whose directory is not read where it is too large."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > ZIP.max_directory_bytes:
            raise ValueError(f"a directory of {size:,} bytes; limit {ZIP.max_directory_bytes:,}")
        return super().read(size)


@contextlib.contextmanager
def unpack_zip(
    source: Path, allowed: re.Pattern[str] | None = None, *, name: str = ""
) -> Iterator[Path]:
    """Unpack an untrusted zip into a temporary folder that exists during a `with` block.

    Args:
        allowed: what every member's name must match in full.
        name: what to call the zip in an error; "": as the file.

    Raises:
        ArchiveError: no zip, one above the limits, or with a name that is unsafe or not allowed.
    """
    name = name or source.name
    with _open_zip(source, name) as archive, temporary_folder() as folder:
        entries = archive.infolist()
        _check_sizes(entries, name)
        _check_names(entries, allowed, name)
        for entry in entries:
            _unpack_entry(archive, entry, folder, name)
        yield folder


@contextlib.contextmanager
def _open_zip(source: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip; raise ArchiveError if its directory is too large or can't be read."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(_BoundedReader(io.FileIO(source)))
            archive = stack.enter_context(zipfile.ZipFile(file))
        except ZIP_ERRORS as error:
            raise ArchiveError(
                words(
                    "{file} isn't a zip that can be read ({reason})", file=name, reason=str(error)
                )
            ) from error
        yield archive


def _check_sizes(entries: list[zipfile.ZipInfo], name: str) -> None:
    """Raise ArchiveError if a zip has too many, too large or too highly compressed entries."""
    if len(entries) > ZIP.max_entries:
        raise ArchiveError(
            words(
                "{file} has {n:,} entries; the limit is {limit:,}",
                file=name,
                n=len(entries),
                limit=ZIP.max_entries,
            )
        )
    total = sum(entry.file_size for entry in entries)
    if total > ZIP.max_total_bytes:
        raise ArchiveError(
            words(
                "{file} unpacks to {size:,} bytes; limit {limit:,}",
                file=name,
                size=total,
                limit=ZIP.max_total_bytes,
            )
        )
    for entry in entries:
        size = entry.file_size
        if size > ZIP.max_entry_bytes:
            raise ArchiveError(
                words(
                    "{file}: an entry has {size:,} bytes; limit {limit:,}",
                    file=name,
                    size=size,
                    limit=ZIP.max_entry_bytes,
                )
            )
        if size > max(ZIP.ratio_from_bytes, ZIP.max_ratio * entry.compress_size):
            raise ArchiveError(
                words(
                    "{file}: an entry is compressed more than {ratio}:1",
                    file=name,
                    ratio=ZIP.max_ratio,
                )
            )


def _check_names(
    entries: list[zipfile.ZipInfo], allowed: re.Pattern[str] | None, name: str
) -> None:
    """Raise ArchiveError if an entry is a link, or its name is unsafe, duplicate or not allowed."""
    seen: set[str] = set()
    for entry in entries:
        path = PurePosixPath(entry.filename)
        # orig_filename: zipfile itself cuts names at a NUL and changes backslashes on Windows
        raw = entry.orig_filename
        outside = path.is_absolute() or ".." in path.parts or not path.parts
        if outside or "\\" in raw or ":" in raw or "\0" in raw:
            raise ArchiveError(
                words(
                    "{file} contains the unsafe name {name}: create it again",
                    file=name,
                    name=repr(raw[:80]),
                )
            )
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError(
                words(
                    "{file}: {name} is a link or device, only files are read",
                    file=name,
                    name=repr(raw[:80]),
                )
            )
        key = str(path).casefold()
        if key in seen:
            raise ArchiveError(
                words(
                    "{file} contains {name} twice: create it again", file=name, name=repr(raw[:80])
                )
            )
        if allowed is not None and not allowed.fullmatch(entry.filename):
            raise ArchiveError(
                words(
                    "{file} contains unexpected member {name}",
                    file=name,
                    name=repr(entry.filename[:80]),
                )
            )
        seen.add(key)


def _unpack_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, name: str
) -> None:
    """Unpack a file or folder from a zip into `folder`; raise ArchiveError if it is damaged."""
    target = folder / entry.filename
    try:
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        # zipfile reads no more than the directory promised, and checks the CRC at the end
        with archive.open(entry) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out)
    except ZIP_ERRORS as error:
        raise ArchiveError(
            words(
                "{file}: {name} can't be unpacked ({reason})",
                file=name,
                name=repr(entry.filename[:80]),
                reason=str(error),
            )
        ) from error


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
                    words(
                        "{file} has {n:,} arrays of {size:,} bytes; the limit is {max_arrays:,} of "
                        "{max_bytes:,}",
                        file=path.name,
                        n=len(entries),
                        size=size,
                        max_arrays=NPZ.max_arrays,
                        max_bytes=NPZ.max_bytes,
                    )
                )
            return {e.filename.removesuffix(".npy"): _read_array(archive, e) for e in entries}
    except NPZ_ERRORS as error:
        reason = " ".join(str(error).split())[:160]
        raise MediaError(
            words(
                "{file} isn't an .npz of numbers ({reason}): write it again by numpy.savez",
                file=path.name,
                reason=reason,
            )
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
