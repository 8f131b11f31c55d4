"""Untrusted Parquet tables, read in a worker with little memory and time: a file's claims about its
size need not be true. No text is longer than `PARQUET.max_text_bytes`."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import TableError, WorkerError
from core.media.limits import PARQUET
from core.words import words
from core.workers.channel import Arrays
from core.workers.process import Worker

_HANDLER = "core.media.parquet_worker"


@dataclass(frozen=True)
class ParquetTable:
    """An open table: its Arrow schema, the sizes that it claims, and its rows in batches."""

    schema: Any
    rows: int
    unpacked_bytes: int
    batches: Iterator[Any]

    @property
    def names(self) -> list[str]:
        """Of the columns."""
        return list(self.schema.names)


@contextmanager
def open_parquet(path: Path) -> Iterator[ParquetTable]:
    """Open an untrusted table of numbers, bool, times or text, not nested, in a worker for a `with`
    block. Raise TableError if it is no such table, also while reading its batches."""
    import pyarrow as pa  # slow to load and seldom needed
    from pyarrow import ipc

    with closing(_ParquetReader(path)) as reader:
        info, [schema] = reader.call("open", path=str(path.absolute()))
        read_schema = ipc.read_schema(pa.py_buffer(schema))
        batches = reader.read_batches(read_schema)
        yield ParquetTable(read_schema, info["rows"], info["bytes"], batches)


class _ParquetReader:
    """A worker with one open table."""

    def __init__(self, path: Path) -> None:
        self._name, self._seconds_left = path.name, PARQUET.max_seconds
        self._worker = Worker(_HANDLER, extra_memory=PARQUET.max_memory_bytes)

    def call(self, command: str, **options: Any) -> tuple[dict[str, Any], Arrays]:
        """Call the worker within the remaining time; raise TableError if it fails."""
        started_s = time.monotonic()
        try:
            return self._worker.call(command, options, timeout_s=max(0.0, self._seconds_left))
        except (TableError, WorkerError) as error:
            raise TableError(
                words(
                    "{file} isn't a table that can be read ({reason})",
                    file=self._name,
                    reason=error.text,
                )
            ) from None
        finally:
            self._seconds_left -= time.monotonic() - started_s

    def read_batches(self, schema: Any) -> Iterator[Any]:
        """Yield the table's rows as Arrow record batches, which the worker reads one at a time."""
        import pyarrow as pa
        from pyarrow import ipc

        while content := self.call("next")[1]:
            yield ipc.read_record_batch(pa.py_buffer(content[0]), schema)

    def close(self) -> None:
        """Stop the worker."""
        self._worker.close()
