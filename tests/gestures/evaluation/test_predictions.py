"""What was said about the held-out samples leads back to them."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import TrainingError
from core.gestures.evaluation.validation import (
    FILE,
    find_cell_samples,
    read_predictions,
    save_predictions,
)

HEADER = "sample_id,truth,said,probability\n"


def test_what_was_said_is_written_and_read_again(hands, tmp_path):
    data = hands(persons=1, gestures=2, each=2)  # labels 0, 0, 1, 1
    data = replace(data, sample_ids=np.array([11, 12, 13, 14]))
    predicted = np.array([[0.9, 0.1], [0.3, 0.7], [0.05, 0.95], [0.5, 0.5]], np.float32)
    found = save_predictions(tmp_path, data, predicted, "burst")
    assert found["confusion"] == [[1, 1], [1, 1]] and found["accuracy"] == 0.5
    rows = read_predictions(tmp_path)
    assert rows["sample_id"].tolist() == [11, 12, 13, 14]
    assert rows.iloc[1].tolist() == [12, "thumbs_up", "thumbs_down", 0.7]
    assert find_cell_samples(rows, "thumbs_down", "thumbs_up") == [14]
    assert (tmp_path / FILE).read_text().startswith("sample_id,truth,said,probability\n11,")


def test_the_clearest_mistake_comes_first(tmp_path):
    text = "1,a,b,0.5\n2,a,b,0.9\n3,a,a,1\n"
    (tmp_path / FILE).write_text(HEADER + text)
    rows = read_predictions(tmp_path)
    assert find_cell_samples(rows, "a", "b") == [2, 1]


def test_samples_without_a_store_leave_no_table(hands, tmp_path):
    data = hands(persons=1)
    save_predictions(tmp_path, data, np.eye(4, dtype=np.float32)[data.labels], "burst")
    assert read_predictions(tmp_path).empty and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", HEADER + "1,fist\n", HEADER + "x,fist,fist,0.5\n"]
)
def test_a_spoilt_table_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(TrainingError, match="train again"):
        read_predictions(tmp_path)
