"""Parquet tables of strangers, read in a process of their own with little memory and time: what a
file says of its own size need not be true.

That process is this module run as a program. It sends the schema with the sizes that the file
claims, then the rows, as an Arrow stream; every text is within `MAX_TEXT` by then.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.errors import TableError
from core.workers.child import limit_memory

MAX_TEXT = 4096  # bytes of one
MAX_MEMORY = 256 * 2**20  # that reading may take beyond what the process starts with
MAX_SECONDS = 60  # of computing
_MAX_FIXED = 64  # bytes of a value of fixed length
_BATCH = 500  # rows
_ROOT = Path(__file__).parents[2]
_FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}


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


@contextlib.contextmanager
def opened_parquet(path: Path) -> Iterator[ParquetTable]:
    """The table's columns are numbers, bool, times or text: none is nested or a dictionary.

    Raises:
        TableError: no such table, also while its batches are read.
    """
    from pyarrow import ArrowException, ipc  # slow to load and seldom needed

    command = [sys.executable, "-m", "core.media.parquet", str(path.absolute())]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command,
            cwd=_ROOT,
            env=os.environ | _FRUGAL,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process,
    ):
        try:
            reader = ipc.open_stream(process.stdout)
            about = reader.schema.metadata
            rows, size = int(about[b"rows"]), int(about[b"bytes"])
            batches = _checked_batches(reader, process, said, path.name)
            yield ParquetTable(reader.schema, rows, size, batches)
        except ArrowException as error:  # the stream has no beginning: the process refused
            raise _refusal(process, said, path.name) from error
        finally:
            process.kill()


def _checked_batches(
    reader: Any, process: "subprocess.Popen[bytes]", said: IO[bytes], name: str
) -> Iterator[Any]:
    from pyarrow import ArrowException

    try:
        yield from reader
    except ArrowException as error:
        raise _refusal(process, said, name) from error
    if process.wait():
        raise _refusal(process, said, name)


def _refusal(process: "subprocess.Popen[bytes]", said: IO[bytes], name: str) -> TableError:
    code = process.wait()
    said.seek(0)
    lines = said.read(100_000).decode(errors="replace").splitlines()
    if code == 1 and lines:
        return TableError(f"{name} is no table that can be read ({lines[-1][:200]})")
    return TableError(
        f"{name} is no table that can be read (it takes over {MAX_SECONDS} s or is damaged)"
    )


# ----------------------------------------------------------------------- in the process of its own


def _limit_process() -> None:
    limit_memory(MAX_MEMORY)
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on every system
        import resource

        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        limit = MAX_SECONDS if most == resource.RLIM_INFINITY else min(MAX_SECONDS, most)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def _send(path: str, out: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import ipc
    from pyarrow.parquet import ParquetFile

    _limit_process()
    with ParquetFile(path, pre_buffer=False) as file:
        about, texts = file.metadata, _text_columns(file.schema)
    groups = [about.row_group(i).total_byte_size for i in range(about.num_row_groups)]
    sizes = {"rows": str(about.num_rows), "bytes": str(sum(groups))}
    with ParquetFile(path, metadata=about, read_dictionary=texts, pre_buffer=False) as file:
        fields = [
            pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type)
            for one in file.schema_arrow
        ]
        schema = pa.schema(fields, sizes)
        with ipc.new_stream(out, schema) as writer:
            for batch in file.iter_batches(_BATCH, use_threads=False):
                columns = [
                    _plain(*column) for column in zip(schema.names, batch.columns, strict=True)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))


def _text_columns(schema: Any) -> list[str]:
    """The texts' names: read as dictionaries, of which a text that comes often is one entry."""
    found = []
    for i in range(len(schema)):
        column = schema.column(i)
        if column.max_repetition_level or column.path != column.name:
            raise ValueError(f"column {column.path[:60]} holds lists or tables: give plain columns")
        if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and column.length > _MAX_FIXED:
            raise ValueError(f"column {column.path[:60]} has values of {column.length:,} bytes")
        if column.physical_type == "BYTE_ARRAY":
            found.append(column.name)
    return found


def _plain(name: str, column: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    if not pa.types.is_dictionary(column.type):
        return column
    longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
    if longest > MAX_TEXT:
        raise ValueError(
            f"column {name[:60]} has a text of {longest:,} bytes, at most {MAX_TEXT:,} are read"
        )
    return column.dictionary_decode().cast(pa.string())


def _run(path: str) -> None:
    try:
        _send(path, sys.stdout.buffer)
    except MemoryError:  # Arrow's own is one
        sys.exit(f"it takes over {MAX_MEMORY // 2**20} MB to read")
    except Exception as error:  # Arrow's errors are of many kinds
        sys.exit(" ".join(str(error).split())[:200] or type(error).__name__)


if __name__ == "__main__":
    _run(sys.argv[1])
