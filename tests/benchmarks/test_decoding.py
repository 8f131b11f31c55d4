"""The ways of decoding that the benchmark compares and nothing else uses."""

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.decoding import quarter_cell
from core.pose.heatmaps import encode


def test_the_quarter_offset_is_that_of_the_reference(shared_data: Path) -> None:
    text = (shared_data / "cpm" / "encode_decode_reference.json").read_text()
    reference = json.loads(text)["quarter_decode"]
    x, y = reference["peak"]
    heatmap = np.zeros((1, 64, 48), np.float32)
    heatmap[0, y, x], heatmap[0, y, x + 1], heatmap[0, y - 1, x] = 1, 0.5, 0.5
    assert quarter_cell(heatmap).tolist() == [reference["expected"]]


@given(st.tuples(st.floats(8, 215), st.floats(8, 150)))
def test_the_quarter_offset_halves_the_error_of_the_highest_cell(joint) -> None:
    (cell,) = quarter_cell(encode(np.array([joint]), (40, 56), 4)[:1])
    assert np.abs(cell * 4 + 1.5 - joint).max() <= 1.01


def test_a_peak_at_the_border_stays_at_its_cell() -> None:
    heatmap = np.zeros((1, 5, 7), np.float32)
    heatmap[0, 0, 6] = 0.7
    assert quarter_cell(heatmap).tolist() == [[6, 0]]
