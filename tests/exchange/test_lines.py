"""Rows as JSON lines: every bit of a blob comes back, and no line grows beyond its limit."""

import json

import numpy as np
import pytest

from core.exchange.project.lines import from_line, read_lines, to_line

ODD = np.array([np.nan, -0.0, np.inf, 1e-45, 3.4e38], "<f4").tobytes()


def test_a_row_comes_back_to_the_last_bit():
    row = {
        "id": 7,
        "keypoints": ODD,
        "scores": b"",
        "world": None,
        "source": "«ü»\n\u202e",
        "x": 0.1,
    }
    line = to_line(row)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert from_line(line) == row


def test_a_blob_travels_as_base64():
    assert json.loads(to_line({"keypoints": b"\x00\xff"})) == {"keypoints": "AP8="}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_has_no_word_for_is_no_row(value):
    with pytest.raises((ValueError, TypeError)):
        to_line({"square_x": value})


def test_a_line_too_long_comes_in_pieces(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"ab\n" + b"x" * 25 + b"\ncd")
    found = list(read_lines(tmp_path / "a.jsonl", 10))
    assert found == [b"ab\n", b"x" * 10, b"x" * 10, b"xxxxx\n", b"cd"]
