"""Write files atomically, check names from untrusted files, and manage temporary folders.

Convention: a file that exists only while another is written is hidden, `.NAME.…`.
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

from core.errors import MudraError
from core.words import words

_LOCK_TIMEOUT_S = 10  # a change takes milliseconds
_FOLDER_LOCK = re.compile(r"mudra-([a-z]+-)?[0-9a-f]{8}\.lock")


def leads_out(name: str) -> bool:
    """Return whether a name from an untrusted file points outside the folder it is for."""
    return PurePath(name).is_absolute() or ".." in PurePath(name).parts


def printable(name: str) -> str:
    """Convert a file name to valid text: bytes that are not UTF-8 become “?”."""
    return name.encode("utf-8", "replace").decode()


@contextmanager
def wrap_os_errors(kind: type[MudraError], problem: str) -> Iterator[None]:
    """Turn an OSError in a `with` block into an error of this kind: the problem and the reason."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise kind(words("{problem}: {reason}", problem=problem, reason=reason)) from error


@contextmanager
def replace_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it replaces `path` if the block succeeds."""
    part = path.with_name(f".{path.name}.part-{secrets.token_hex(4)}")
    try:
        yield part
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def open_output(path: Path, kind: type[MudraError]) -> Iterator[Path]:
    """Yield a temporary path as `replace_atomically` does, in a folder that is made; raise an error
    of this kind if it can't be written."""
    with wrap_os_errors(kind, f"{path} can't be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_atomically(path) as part:
            yield part


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content at once."""
    with replace_atomically(path) as part:
        part.write_bytes(content)


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file of any size, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def update_json(path: Path, change: Mapping[str, Any]) -> None:
    """Set keys of the JSON object in a file, atomically and under a file lock.

    Raises:
        OSError: it can't be read or written, or another process locks it for seconds.
        ValueError: no JSON.
    """
    path.stat()  # raises before a lock file is made beside a missing file
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_TIMEOUT_S):
        changed = json.loads(path.read_text(encoding="utf-8")) | dict(change)
        write_whole(path, json.dumps(changed, ensure_ascii=False, indent=1).encode())


def make_temporary_folder(kind: str = "") -> tuple[Path, FileLock]:
    """Create a folder in the system's temporary directory, locked as long as this process lives.

    Args:
        kind: part of its name, e.g. "files-".

    Returns:
        The folder, and the lock that shows other processes that this one is alive.
    """
    folder = Path(tempfile.gettempdir()) / f"mudra-{kind}{secrets.token_hex(4)}"
    lock = FileLock(f"{folder}.lock", timeout=_LOCK_TIMEOUT_S, thread_local=False)
    lock.acquire()
    folder.mkdir(mode=0o700)
    return folder, lock


def remove_temporary_folder(folder: Path, lock: FileLock) -> None:
    """Delete a folder created by `make_temporary_folder` and release its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def temporary_folder(kind: str = "") -> Iterator[Path]:
    """Yield a new temporary folder; delete it after the block."""
    folder, lock = make_temporary_folder(kind)
    try:
        yield folder
    finally:
        remove_temporary_folder(folder, lock)


def sweep_temporary_folders() -> list[Path]:
    """Delete this user's temporary folders left by processes that have ended; return the paths."""
    removed = []
    for path in Path(tempfile.gettempdir()).glob("mudra-*.lock"):
        folder, lock = path.with_suffix(""), FileLock(path, timeout=0)
        with suppress(OSError, Timeout):
            status = path.lstat()
            is_own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if not is_own or not stat.S_ISREG(status.st_mode):
                continue
            if not _FOLDER_LOCK.fullmatch(path.name) or folder.is_symlink():
                continue
            lock.acquire()
            remove_temporary_folder(folder, lock)
            removed.append(folder)
    return sorted(removed)
