"""The objects of a large JSON file, one at a time: an untrusted file is never read as a whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.errors import TableError

MAX_BYTES = 300 * 2**20  # COCO's own keypoints of 2017 have 240 MB
MAX_ITEMS = 500_000
_MAX_PARTS = 20_000  # names, numbers and brackets of one object
_MAX_DEPTH = 20
_MAX_TOKEN = 2**20  # bytes of one text or number: the parser's time grows with their square
_BLOCK = 2**17
BARE = ("",)  # the file is a list itself

_Kind = TypeVar("_Kind")


def is_list(path: Path) -> bool:
    """Whether the file is a list, not an object of lists.

    Raises:
        TableError: it can't be read.
    """
    return next(_events(path), ("", None))[0] == "start_array"


def json_objects(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(list, number from 1, object) of every object in these lists of the file.

    Args:
        wanted: the lists' names; `BARE` where the file is a list.

    Raises:
        TableError: no JSON, or more of it than the limits above allow.
    """
    import ijson  # seldom needed

    numbers = dict.fromkeys(wanted, 0)
    level = 1 if wanted == BARE else 2
    depth, parts, what = 0, 0, ""
    builder = None
    for event, value in _events(path):
        depth -= event in ("end_map", "end_array")
        if depth == 1 and event == "map_key":
            what = value
        if builder is None and depth == level and event == "start_map" and what in numbers:
            builder, parts = ijson.ObjectBuilder(), 0
            numbers[what] += 1
        depth += event in ("start_map", "start_array")
        parts += 1
        if builder is not None:
            builder.event(event, value)
            if depth == level:
                yield what, numbers[what], builder.value
                builder = None
        too_large = builder is not None and parts > _MAX_PARTS
        if depth > _MAX_DEPTH or too_large or numbers.get(what, 0) > MAX_ITEMS:
            raise TableError(
                f"{path.name}: more than {MAX_ITEMS:,} {what or 'entries'}, {_MAX_PARTS:,} parts "
                f"in one of them, or {_MAX_DEPTH} brackets one in the other"
            )


def validate_object(kind: TypeAdapter[_Kind], item: dict[str, Any], where: str) -> _Kind:
    """One of these objects, checked.

    Raises:
        TableError: it is wrong; `where` says which object it is.
    """
    try:
        return kind.validate_python(item)
    except ValidationError as error:
        raise TableError(f"{where}: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """The first of pydantic's complaints, in one short line."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"][:4])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}"[:200] if place else message[:200]


class _BoundedReader:
    """A file for the parser; raises where it reads on and on without finding a token's end."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self.unparsed = 0  # bytes read since the last token

    def read(self, size: int) -> bytes:
        if self.unparsed > _MAX_TOKEN:
            raise TableError(
                f"{self._name} has a text or a number of over {_MAX_TOKEN:,} bytes: leave it out"
            )
        block = self._file.read(size)
        self.unparsed += len(block)
        return block


def _events(path: Path) -> Iterator[tuple[str, Any]]:
    import ijson

    with _readable(path):
        if path.stat().st_size > MAX_BYTES:
            raise TableError(f"{path.name} has over {MAX_BYTES:,} bytes: split it")
    try:
        with _readable(path), path.open("rb") as file:
            reader = _BoundedReader(file, path.name)
            # not ijson.parse: what it says of the place grows with the depth
            for event in ijson.basic_parse(reader, use_float=True, buf_size=_BLOCK):
                reader.unparsed = 0
                yield event
    except (ijson.JSONError, UnicodeError, ValueError, OverflowError) as error:
        said = " ".join(str(error).split())[:100]
        raise TableError(f"{path.name} is no json that can be read ({said})") from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TableError(f"{path.name} can't be read: {error.strerror}") from error
