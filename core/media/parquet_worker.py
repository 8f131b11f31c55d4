"""Parquet tables of strangers in a child process, which has one open. See `core.workers`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow.parquet import ParquetFile

from core.errors import TableError
from core.media.parquet import MAX_MEMORY, MAX_TEXT
from core.workers.channel import Arrays
from core.workers.child import limit_worker_memory

_MAX_FIXED = 64  # bytes of a value of fixed length
_BATCH = 500  # rows
_open: list[Iterator[Any]] = []  # the batches of the table


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Answer a request: `open` a table, which gives its schema, or its `next` batch of rows."""
    try:
        if command == "open":
            return _open_table(options["path"])
        return {}, [_to_bytes(batch) for batch in [next(_open[0], None)] if batch is not None]
    except MemoryError:  # Arrow's own is one
        raise TableError(f"it takes over {MAX_MEMORY >> 20} MB to read") from None
    except Exception as error:  # Arrow's errors are of many kinds
        text = " ".join(str(error).split())[:200]
        raise TableError(text or type(error).__name__) from None


def _open_table(path: str) -> tuple[dict[str, Any], Arrays]:
    pa.set_memory_pool(pa.system_memory_pool())  # which reserves nothing
    limit_worker_memory()
    with ParquetFile(path, pre_buffer=False) as file:
        about, texts = file.metadata, _text_columns(file.schema)
    groups = [about.row_group(i).total_byte_size for i in range(about.num_row_groups)]
    file = ParquetFile(path, metadata=about, read_dictionary=texts, pre_buffer=False)
    schema = pa.schema(
        pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type)
        for one in file.schema_arrow
    )
    _open.append(_batches(file, schema))
    return {"rows": about.num_rows, "bytes": sum(groups)}, [_to_bytes(schema)]


def _batches(file: ParquetFile, schema: Any) -> Iterator[Any]:
    for batch in file.iter_batches(_BATCH, use_threads=False):
        columns = [_plain(*column) for column in zip(schema.names, batch.columns, strict=True)]
        yield pa.record_batch(columns, schema=schema)


def _to_bytes(part: Any) -> Any:
    return np.frombuffer(part.serialize(), np.uint8)


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

    if not pa.types.is_dictionary(column.type):
        return column
    longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
    if longest > MAX_TEXT:
        raise ValueError(
            f"column {name[:60]} has a text of {longest:,} bytes, at most {MAX_TEXT:,} are read"
        )
    return column.dictionary_decode().cast(pa.string())
