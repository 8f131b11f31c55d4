"""Untrusted zips: judged by their directory before anything is unpacked."""

import contextlib
import io
import lzma
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from core.errors import ArchiveError
from core.files import temporary_folder

MAX_TOTAL = 500 * 2**20
MAX_ENTRIES = 50_000
MAX_ENTRY = 64 * 2**20
MAX_RATIO = 100
MAX_DIRECTORY = 16 * 2**20  # bytes of names, read before the entries can be counted
_RATIO_FROM = 2**20  # a small file of zeros is no bomb
_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class _Wary(io.BufferedReader):
    """A zip whose directory is not read at once when it is out of all proportion."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise ValueError(f"a directory of {size:,} bytes, at most {MAX_DIRECTORY:,} are read")
        return super().read(size)


@contextlib.contextmanager
def unpacked(
    source: Path, only: re.Pattern[str] | None = None, *, name: str = ""
) -> Iterator[Path]:
    """The zip's files in a temporary folder that goes away afterwards.

    Args:
        only: what every name must match in full.
        name: what to call the zip in an error; "": as the file.

    Raises:
        ArchiveError: no zip, too large in any respect (500 MB, 50,000 entries, 64 MB each, 100:1),
            or a name that leads outside, is a link, comes twice, or is none of `only`.
    """
    name = name or source.name
    with _opened(source, name) as archive, temporary_folder() as folder:
        entries = archive.infolist()
        _check_sizes(entries, name)
        _check_names(entries, name)
        for entry in entries:
            if only is not None and not only.fullmatch(entry.filename):
                raise ArchiveError(f"{name} holds {entry.filename[:80]!r}: not its place")
        for entry in entries:
            _unpack(archive, entry, folder, name)
        yield folder


@contextlib.contextmanager
def _opened(source: Path, name: str) -> Iterator[zipfile.ZipFile]:
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(_Wary(io.FileIO(source)))
            archive = stack.enter_context(zipfile.ZipFile(file))
        except _DAMAGE as error:
            raise ArchiveError(f"{name} is no zip that can be read ({error})") from error
        yield archive


def _check_sizes(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MAX_ENTRIES:
        raise ArchiveError(f"{name} has {len(entries):,} entries, at most {MAX_ENTRIES:,} are read")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL:
        raise ArchiveError(f"{name} unpacks to {total:,} bytes, at most {MAX_TOTAL:,} are read")
    for entry in entries:
        if entry.file_size > MAX_ENTRY:
            raise ArchiveError(
                f"{name}: one entry has {entry.file_size:,} bytes, over {MAX_ENTRY:,}"
            )
        if entry.file_size > max(_RATIO_FROM, MAX_RATIO * entry.compress_size):
            raise ArchiveError(f"{name}: an entry is packed more than {MAX_RATIO}:1, like a bomb")


def _check_names(entries: list[zipfile.ZipInfo], name: str) -> None:
    seen: set[str] = set()
    for entry in entries:
        path = PurePosixPath(entry.filename)
        # orig_filename: zipfile itself cuts names at a NUL and turns backslashes on Windows
        raw = entry.orig_filename
        outside = path.is_absolute() or ".." in path.parts or not path.parts
        if outside or "\\" in raw or ":" in raw or "\0" in raw:
            raise ArchiveError(f"{name} holds the unsafe name {raw[:80]!r}: pack it anew")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError(f"{name}: {raw[:80]!r} is a link or device, only files are read")
        key = str(path).casefold()
        if key in seen:
            raise ArchiveError(f"{name} holds {raw[:80]!r} twice: pack it anew")
        seen.add(key)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, name: str) -> None:
    target = folder / entry.filename
    try:
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        # zipfile reads no more than the directory promised, and checks the CRC at the end
        with archive.open(entry) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out, 1 << 20)
    except _DAMAGE as error:
        raise ArchiveError(
            f"{name}: {entry.filename[:80]!r} can't be unpacked ({error})"
        ) from error
