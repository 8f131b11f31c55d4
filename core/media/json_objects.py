"""The objects of a large JSON file, one at a time: an untrusted file is never read as a whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.errors import TableError
from core.media.limits import JSON
from core.words import words

_BLOCK_BYTES = 2**17
TOP_LEVEL = ("",)  # the file is a list itself

_Kind = TypeVar("_Kind")


def is_list(path: Path) -> bool:
    """Whether a file is a JSON list, not an object; raise TableError if it can't be read."""
    return next(_parse_events(path), ("", None))[0] == "start_array"


def iterate_json_objects(
    path: Path, lists: tuple[str, ...]
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield (list name, number from 1, object) for each object in a file's named lists, or in the
    file's top-level list for `TOP_LEVEL`. Raise TableError for invalid JSON or above the limits."""
    import ijson  # seldom needed

    counts = dict.fromkeys(lists, 0)
    level = 1 if lists == TOP_LEVEL else 2
    depth, events, name = 0, 0, ""
    builder = None
    for event, value in _parse_events(path):
        depth -= event in ("end_map", "end_array")
        if depth == 1 and event == "map_key":
            name = value
        if builder is None and depth == level and event == "start_map" and name in counts:
            builder, events = ijson.ObjectBuilder(), 0
            counts[name] += 1
        depth += event in ("start_map", "start_array")
        events += 1
        if builder is not None:
            builder.event(event, value)
            if depth == level:
                yield name, counts[name], builder.value
                builder = None
        too_large = builder is not None and events > JSON.max_object_events
        if depth > JSON.max_depth or too_large or counts.get(name, 0) > JSON.max_objects:
            raise TableError(
                words(
                    "{file}: more than {max_objects:,} {name}, {max_values:,} values in one of "
                    "them, or {max_depth} nested brackets",
                    file=path.name,
                    max_objects=JSON.max_objects,
                    name=name or words("entries"),
                    max_values=JSON.max_object_events,
                    max_depth=JSON.max_depth,
                )
            )


def validate_object(kind: TypeAdapter[_Kind], item: dict[str, Any], label: str) -> _Kind:
    """Convert a JSON object by pydantic; raise TableError with `label` if it is invalid."""
    try:
        return kind.validate_python(item)
    except ValidationError as error:
        raise TableError(
            words("{place}: {problem}", place=label, problem=format_first_fault(error))
        ) from error


def format_first_fault(error: ValidationError) -> str:
    """Format pydantic's first error as "field: message", at most 200 characters."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"][:4])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}"[:200] if place else message[:200]


class _BoundedReader:
    """A file for the parser; raises where one token is too long."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self.unparsed_bytes = 0  # read since the last token

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; raise TableError if a single token is too long."""
        if self.unparsed_bytes > JSON.max_token_bytes:
            raise TableError(
                words(
                    "{file} has a text or number of over {limit:,} bytes: remove it",
                    file=self._name,
                    limit=JSON.max_token_bytes,
                )
            )
        block = self._file.read(size)
        self.unparsed_bytes += len(block)
        return block


def _parse_events(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the parser's (event, value) pairs; raise TableError if the file can't be read."""
    import ijson

    try:
        with path.open("rb") as file:
            if path.stat().st_size > JSON.max_bytes:
                raise TableError(
                    words(
                        "{file} has over {limit:,} bytes: split it",
                        file=path.name,
                        limit=JSON.max_bytes,
                    )
                )
            reader = _BoundedReader(file, path.name)
            # not ijson.parse: its prefixes grow with the depth
            for event in ijson.basic_parse(reader, use_float=True, buf_size=_BLOCK_BYTES):
                reader.unparsed_bytes = 0
                yield event
    except OSError as error:
        raise TableError(
            words("{file} can't be read: {reason}", file=path.name, reason=error.strerror)
        ) from error
    except (ijson.JSONError, UnicodeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())[:100]
        raise TableError(
            words("{file} isn't JSON that can be read ({reason})", file=path.name, reason=reason)
        ) from error
