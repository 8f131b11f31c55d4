"""The one atomic write: a file is there whole, or as it was before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A draft beside `path` to write into; it takes the file's place when all went well."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file's whole content."""
    with written_whole(path) as part:
        part.write_bytes(content)
