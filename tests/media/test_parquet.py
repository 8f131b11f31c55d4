"""Parquet tables of strangers: read whole, or refused in one line before they take memory."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.errors import TableError
from core.media.parquet import open_parquet


def repeated(text: str, rows: int) -> pa.Array:
    """One text in every row, which a file holds once."""
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([text]))


def written(path, columns, **options):
    parquet.write_table(pa.table(columns), path, compression="zstd", **options)
    return path


def claim_less(path, claimed: int) -> None:
    """Have a file's footer say that its column of texts, and its rows, unpack to fewer bytes."""
    group = parquet.ParquetFile(path).metadata.row_group(0)
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[-8:-4], "little")
    footer = bytes(content[-8 - size : -8])
    for told in (group.column(0).total_uncompressed_size, group.total_byte_size):
        there = varint(told)
        assert footer.count(there) == 1
        footer = footer.replace(there, varint(claimed, len(there)))
    content[-8 - size : -8] = footer
    path.write_bytes(content)


def varint(number: int, length: int = 0) -> bytes:
    """Thrift's i64: seven bits a byte, the lowest first, the sign as the first bit of all."""
    number, out = number << 1, []
    while number or not out or len(out) < length:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out[:-1], out[-1] & 127])


def read(path) -> pa.Table:
    with open_parquet(path) as table:
        return pa.Table.from_batches(table.batches, table.schema)


def test_numbers_and_texts_come_as_they_were_written(tmp_path):
    columns = {
        "gesture": ["fist", None, "open"] * 400,
        "person": repeated("anna", 1200).cast(pa.dictionary(pa.int32(), pa.large_string())),
        "x0": pa.array(np.arange(1200), pa.float32()),
        "frame": pa.array(np.arange(1200)),
        "seen": [True, False, None] * 400,
    }
    found = read(written(tmp_path / "a.parquet", columns))
    types = [pa.string(), pa.string(), pa.float32(), pa.int64(), pa.bool_()]
    assert found.schema.types == types
    for name in ("gesture", "x0", "frame", "seen"):
        assert found[name].to_pylist() == pa.array(columns[name]).to_pylist()
    assert found["person"].to_pylist() == ["anna"] * 1200


def test_a_table_without_rows_has_its_columns(tmp_path):
    found = read(written(tmp_path / "a.parquet", {"x0": pa.array([], pa.float64())}))
    assert found.column_names == ["x0"] and found.num_rows == 0


def test_reading_may_end_early(tmp_path):
    path = written(tmp_path / "a.parquet", {"x0": np.arange(100_000.0)})
    with open_parquet(path) as table:
        assert table.rows == 100_000 and next(table.batches).num_rows == 500


@pytest.mark.parametrize("length", [5_000, 10_000_000])
def test_a_long_text_is_refused_with_its_length(tmp_path, length):
    path = written(tmp_path / "a.parquet", {"gesture": repeated("x" * length, 400)})
    with pytest.raises(TableError, match=f"gesture has a text of {length:,} bytes; the limit"):
        read(path)


def test_a_table_that_lies_of_its_size_is_refused_for_the_memory_it_takes(tmp_path):
    path = tmp_path / "a.parquet"
    columns = {"gesture": repeated("x" * 200_000_000, 9), "x0": np.zeros(9)}
    written(path, columns, dictionary_pagesize_limit=2**31 - 1)
    claim_less(path, 2000)
    assert path.stat().st_size < 100_000
    with open_parquet(path) as table:
        assert table.unpacked_bytes == 2000
    with pytest.raises(TableError, match=r"^a\.parquet .* takes over 256 MB to read\)$"):
        read(path)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1.0, 2.0]]),
        pa.array([{"a": 1}]),
        pa.array([b"x" * 100], pa.binary(100)),
    ],
    ids=["lists", "tables", "long values"],
)
def test_columns_that_are_no_numbers_or_texts_are_refused(tmp_path, column):
    with pytest.raises(TableError, match=r"column x0(\.\w+)* (has lists or tables|has values)"):
        read(written(tmp_path / "a.parquet", {"x0": column}))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(range(256)) + b"PAR1"])
def test_what_is_no_parquet_is_told_in_one_line(tmp_path, content):
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"a\.parquet isn't a table that can be read") as raised:
        read(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_table_is_read_or_refused(tmp_path, seed):
    rng = np.random.default_rng(seed)
    path = written(tmp_path / "a.parquet", {"gesture": ["fist"] * 900, "x0": np.arange(900.0)})
    content = bytearray(path.read_bytes())
    for at in rng.integers(4, len(content) - 8, 20):
        content[at] = rng.integers(256)
    path.write_bytes(content)
    try:
        read(path)
    except TableError as error:
        assert "\n" not in str(error)
