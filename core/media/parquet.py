"""Parquet tables of strangers, read in a worker with little memory and time: what a file says of
its own size need not be true. Every text that comes is within `MAX_TEXT`."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import TableError, WorkerError
from core.workers.channel import Arrays
from core.workers.process import Worker

MAX_TEXT = 4096  # bytes of one
MAX_MEMORY = 256 * 2**20  # that reading may take beyond what the process starts with
MAX_SECONDS = 60.0  # that the worker may need for one table
_WORKER = "core.media.parquet_worker"


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
def opened_parquet(path: Path) -> Iterator[ParquetTable]:
    """The table's columns are numbers, bool, times or text: none is nested or a dictionary.

    Raises:
        TableError: no such table, also while its batches are read.
    """
    import pyarrow as pa  # slow to load and seldom needed
    from pyarrow import ipc

    with closing(_ParquetReader(path)) as reader:
        about, [schema] = reader.call("open", path=str(path.absolute()))
        read_schema = ipc.read_schema(pa.py_buffer(schema))
        yield ParquetTable(read_schema, about["rows"], about["bytes"], reader.batches(read_schema))


class _ParquetReader:
    """A worker that has one table open."""

    def __init__(self, path: Path) -> None:
        self._name, self._seconds_left = path.name, MAX_SECONDS
        self._worker = Worker(_WORKER, extra_memory=MAX_MEMORY)

    def call(self, command: str, **options: Any) -> tuple[dict[str, Any], Arrays]:
        """Send a request; raises TableError with the file's name."""
        started = time.monotonic()
        try:
            return self._worker.call(command, options, timeout_s=max(0.0, self._seconds_left))
        except (TableError, WorkerError) as error:
            raise TableError(f"{self._name} is no table that can be read ({error})") from None
        finally:
            self._seconds_left -= time.monotonic() - started

    def batches(self, schema: Any) -> Iterator[Any]:
        """Read the rows."""
        import pyarrow as pa
        from pyarrow import ipc

        while content := self.call("next")[1]:
            yield ipc.read_record_batch(pa.py_buffer(content[0]), schema)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()
