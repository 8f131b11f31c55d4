"""The published classifier, whole: what is missing or wrong is said in a line."""

import pytest

from core.errors import TableError, WeightsError
from core.offline.seed_pipeline import _read_training_numbers, predict_thumb
from core.paths import Paths


@pytest.fixture
def seed(shared_data):
    return shared_data / "seed_classifier"


def test_the_range_is_that_of_the_tables_44_numbers(seed):
    numbers = _read_training_numbers(seed / "final_dataset_sample.csv")
    assert numbers.shape == (3322, 44)


def test_without_the_imported_net_its_command_is_named(seed, shared_data, tmp_path):
    paths = Paths(tmp_path, tmp_path)
    picture = next((shared_data / "hand_images" / "seed_inputs").iterdir())
    with pytest.raises(WeightsError, match=r"weights (fetch|import) cpm\.openpose_hand"):
        predict_thumb(paths, picture, seed / "Kpts_model.h5", seed / "final_dataset_sample.csv")


def test_a_table_of_something_else_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(TableError, match="2 columns, expected 44"):
        _read_training_numbers(tmp_path / "a.csv")
    with pytest.raises(TableError, match="no table of 44"):
        _read_training_numbers(tmp_path / "none.csv")
