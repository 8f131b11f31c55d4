"""Exact tables are recognised by their columns and read with the line of each row."""

import numpy as np
import pandas as pd
import pytest

from core.exchange.tables.columns import list_number_columns
from core.exchange.tables.data_in import is_exported_table, read_exported_table

ABOUT = {
    "gesture": "ok",
    "session_id": 1,
    "burst_id": 2,
    "mirrored_view": True,
    "taken_at": "2026-11-21T10:00:00+00:00",
    "joints": 2,
    "source": "'=webcam",
}
NUMBERS = [1.5, 2.5, 3.0, 4.0, 0.5, 1.0, *[np.nan] * 6]  # x0 y0 x1 y1 score0 score1 wx0 …


def table(path, rows=3, **changes):
    columns = {**ABOUT, **dict(zip(list_number_columns(2, 2), NUMBERS, strict=True)), **changes}
    frame = pd.DataFrame([columns] * rows)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_come_with_their_line_their_texts_and_their_numbers(tmp_path, suffix):
    path = table(tmp_path / f"a.{suffix}")
    assert is_exported_table(path)
    rows = list(read_exported_table(path))
    assert [line for line, _ in rows] == ([2, 3, 4] if suffix == "csv" else [1, 2, 3])
    _, row = rows[0]
    np.testing.assert_array_equal(row["keypoints"].ravel(), [1.5, 2.5, 3, 4])
    np.testing.assert_array_equal(row["scores"], [0.5, 1])
    assert row["world"] is None and str(row["mirrored_view"]) == "True" and row["gesture"] == "ok"
    assert row["source"] == ("=webcam" if suffix == "csv" else "'=webcam")  # quoted in csv alone


def test_a_missing_keypoint_is_nan_and_a_missing_score_is_zero(tmp_path):
    path = table(tmp_path / "a.csv", x1=np.nan, y1=np.nan, score1=np.nan)
    [(_, row), *_] = read_exported_table(path)
    np.testing.assert_array_equal(row["keypoints"].ravel(), [1.5, 2.5, np.nan, np.nan])
    np.testing.assert_array_equal(row["scores"], [0.5, 0])


def test_tables_of_other_programs_are_not_exact_tables(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 but no table")
    assert not any(map(is_exported_table, (other, broken, tmp_path / "none.csv")))
