"""Tables of ours are told from others', read a piece at a time, and wrong values named by line."""

import numpy as np
import pandas as pd
import pytest

from core.errors import TableError
from core.exchange.tables.columns import number_columns
from core.exchange.tables.own_tables import is_own_table, read_own_table

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
    columns = {**ABOUT, **dict(zip(number_columns(2, 2), NUMBERS, strict=True)), **changes}
    frame = pd.DataFrame([columns] * rows)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_come_with_their_line_their_texts_and_their_numbers(tmp_path, suffix):
    path = table(tmp_path / f"a.{suffix}")
    assert is_own_table(path)
    rows = list(read_own_table(path))
    assert [line for line, _ in rows] == ([2, 3, 4] if suffix == "csv" else [1, 2, 3])
    _, row = rows[0]
    np.testing.assert_array_equal(row["keypoints"].ravel(), [1.5, 2.5, 3, 4])
    np.testing.assert_array_equal(row["scores"], [0.5, 1])
    assert row["world"] is None and str(row["mirrored_view"]) == "True" and row["gesture"] == "ok"
    assert row["source"] == ("=webcam" if suffix == "csv" else "'=webcam")  # quoted in csv alone


def test_a_missing_keypoint_is_nan_and_a_missing_score_is_zero(tmp_path):
    path = table(tmp_path / "a.csv", x1=np.nan, y1=np.nan, score1=np.nan)
    [(_, row), *_] = read_own_table(path)
    np.testing.assert_array_equal(row["keypoints"].ravel(), [1.5, 2.5, np.nan, np.nan])
    np.testing.assert_array_equal(row["scores"], [0.5, 0])


def test_the_old_name_of_a_column_is_read_as_the_new_one(tmp_path):
    [(_, row), *_] = read_own_table(table(tmp_path / "a.csv", hand_index=1))
    assert row["instance"] == "1"


def test_a_table_of_others_is_none_of_ours(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 but no table")
    assert (
        not is_own_table(other)
        and not is_own_table(broken)
        and not is_own_table(tmp_path / "none.csv")
    )


def test_what_is_no_number_is_named_by_its_lines(tmp_path):
    path = table(tmp_path / "a.csv", x1="far")
    with pytest.raises(TableError, match=r"x1 must be numbers \(3 lines: 2, 3, 4\)"):
        list(read_own_table(path))


def test_a_table_that_lacks_a_column_or_has_one_twice_says_which(tmp_path):
    path = table(tmp_path / "a.csv")
    text = path.read_text()
    path.write_text(text.replace(",score1,", ",score9,", 1))
    with pytest.raises(TableError, match="lacks the columns score1"):
        list(read_own_table(path))
    path.write_text(text.replace(",score1,", ",score0,", 1))
    with pytest.raises(TableError, match="has a column twice"):
        list(read_own_table(path))
