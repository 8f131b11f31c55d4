"""The one atomic write: a file is there whole, or as it was before. Names from files of others, and
temporary folders, which a process that was killed leaves behind.

Convention: what is only there while a file is written is hidden, `.NAME.…`.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

from filelock import FileLock, Timeout

_PATIENCE_S = 10  # a change takes milliseconds
_FOLDER_LOCK = re.compile(r"mudra-([a-z]+-)?[0-9a-f]{8}\.lock")


def leads_out(name: str) -> bool:
    """Whether a file's name as a file of others has it could lie outside the folder it is for."""
    return PurePath(name).is_absolute() or ".." in PurePath(name).parts


def printable(name: str) -> str:
    """A file's name as text that can be stored: bytes that are not UTF-8 become “?”."""
    return name.encode("utf-8", "replace").decode()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A draft beside `path` to write into; it takes the file's place when all went well."""
    part = path.with_name(f".{path.name}.part-{secrets.token_hex(4)}")
    try:
        yield part
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file's whole content."""
    with written_whole(path) as part:
        part.write_bytes(content)


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file of any size, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def change_json(path: Path, change: Mapping[str, Any]) -> None:
    """Put values into the JSON object in a file; one after the other, whichever process asks.

    Raises:
        OSError: it can't be read or written, or another process holds it for seconds.
        ValueError: no JSON.
    """
    path.stat()  # beside a file that is not there no lock is left, either
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=_PATIENCE_S):
        changed = json.loads(path.read_text(encoding="utf-8")) | dict(change)
        write_whole(path, json.dumps(changed, ensure_ascii=False, indent=1).encode())


def make_temporary_folder(kind: str = "") -> tuple[Path, FileLock]:
    """Make a folder of this process in the temporary directory.

    Args:
        kind: stands in its name, e.g. "files-".

    Returns:
        The folder, and the lock that tells others that its process lives, for
        `remove_temporary_folder`.
    """
    folder = Path(tempfile.gettempdir()) / f"mudra-{kind}{secrets.token_hex(4)}"
    lock = FileLock(f"{folder}.lock", timeout=_PATIENCE_S, thread_local=False)
    lock.acquire()
    folder.mkdir(mode=0o700)
    return folder, lock


def remove_temporary_folder(folder: Path, lock: FileLock) -> None:
    """Remove what `make_temporary_folder` made."""
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def temporary_folder(kind: str = "") -> Iterator[Path]:
    """A folder in the temporary directory that goes away afterwards."""
    folder, lock = make_temporary_folder(kind)
    try:
        yield folder
    finally:
        remove_temporary_folder(folder, lock)


def sweep_temporary_folders() -> list[Path]:
    """Remove this user's temporary folders whose process is no more; those removed."""
    removed = []
    for path in Path(tempfile.gettempdir()).glob("mudra-*.lock"):
        folder, lock = path.with_suffix(""), FileLock(path, timeout=0)
        with suppress(OSError, Timeout):
            about = path.lstat()
            is_own = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if not is_own or not stat.S_ISREG(about.st_mode):
                continue
            if not _FOLDER_LOCK.fullmatch(path.name) or folder.is_symlink():
                continue
            lock.acquire()
            remove_temporary_folder(folder, lock)
            removed.append(folder)
    return sorted(removed)
