"""The worker process that has an untrusted Parquet table open. See `core.workers`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow.parquet import ParquetFile

from core.errors import TableError
from core.media.limits import PARQUET
from core.workers.channel import Arrays
from core.workers.child import limit_worker_memory

_BATCH_ROWS = 500
_open_tables: list[Iterator[Any]] = []  # the batches of the one open table


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Handle "open", which returns the schema, or "next", which returns a batch of rows, or nothing
    at the end; convert any error to a TableError."""
    try:
        if command == "open":
            return _open_table(options["path"])
        batch = next(_open_tables[0], None)
        return {}, [] if batch is None else [_to_bytes(batch)]
    except MemoryError:  # Arrow's own is one
        limit_mb = PARQUET.max_memory_bytes >> 20
        raise TableError(f"it takes over {limit_mb} MB to read") from None
    except Exception as error:  # Arrow's errors are of many kinds
        text = " ".join(str(error).split())[:200]
        raise TableError(text or type(error).__name__) from None


def _open_table(path: str) -> tuple[dict[str, Any], Arrays]:
    """Open a table with limited memory; keep its iterator of batches in `_open_tables`.
    Return the "rows" and "bytes" that it declares, and its serialized schema."""
    pa.set_memory_pool(pa.system_memory_pool())  # which reserves nothing
    limit_worker_memory()
    with ParquetFile(path, pre_buffer=False) as file:
        metadata, texts = file.metadata, _list_text_columns(file.schema)
    groups = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
    file = ParquetFile(path, metadata=metadata, read_dictionary=texts, pre_buffer=False)
    schema = pa.schema(
        pa.field(one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type)
        for one in file.schema_arrow
    )
    _open_tables.append(
        pa.record_batch(list(map(_decode_column, schema.names, batch.columns)), schema=schema)
        for batch in file.iter_batches(_BATCH_ROWS, use_threads=False)
    )
    return {"rows": metadata.num_rows, "bytes": sum(groups)}, [_to_bytes(schema)]


def _to_bytes(part: Any) -> Any:
    return np.frombuffer(part.serialize(), np.uint8)


def _list_text_columns(schema: Any) -> list[str]:
    """List the text columns; raise ValueError for nested columns or too wide values."""
    names = []
    for i in range(len(schema)):
        column = schema.column(i)
        label = f"column {column.path[:60]}"
        if column.max_repetition_level or column.path != column.name:
            raise ValueError(f"{label} has lists or tables: only plain columns are read")
        if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and (
            column.length > PARQUET.max_fixed_bytes
        ):
            raise ValueError(f"{label} has values of {column.length:,} bytes")
        if column.physical_type == "BYTE_ARRAY":
            names.append(column.name)
    return names


def _decode_column(name: str, column: Any) -> Any:
    """Decode a dictionary column to text; raise ValueError if a text is too long."""
    if not pa.types.is_dictionary(column.type):
        return column
    longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
    if longest > PARQUET.max_text_bytes:
        raise ValueError(
            f"column {name[:60]} has a text of {longest:,} bytes; "
            f"the limit is {PARQUET.max_text_bytes:,}"
        )
    return column.dictionary_decode().cast(pa.string())
