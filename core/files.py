"""The one atomic write: a file is there whole, or as it was before. And names from files of others.

Convention: what is only there while a file is written is hidden, `.NAME.…`.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

from filelock import FileLock

_PATIENCE_S = 10  # a change takes milliseconds


def leads_out(name: str) -> bool:
    """Whether a file's name as a file of others has it could lie outside the folder it is for."""
    return PurePath(name).is_absolute() or ".." in PurePath(name).parts


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
