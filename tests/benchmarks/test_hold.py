"""The hold benchmark's figures, computed by hand."""

import pytest

from benchmarks.hold import figures


def test_each_press_is_measured_against_the_word_of_its_number():
    assert figures([1000, 2000, 3000], [1010.0, 2130.04, 3020.0]) == {
        "median": 20.0,
        "worst": 130.0,
        "of": 3,
    }


def test_a_lost_word_is_no_quick_one():
    with pytest.raises(RuntimeError, match="3 were done and 2 told"):
        figures([1000, 2000, 3000], [1010.0, 2020.0])
