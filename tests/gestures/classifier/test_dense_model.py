"""The published classifiers give their published figures when they run in numpy."""

import h5py
import numpy as np
import pytest

from core.errors import ModelError
from core.gestures.classifier.dense_model import DenseModel


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "seed_classifier"


@pytest.fixture(scope="module")
def seed(folder):
    """The network, its table's 44 numbers and labels."""
    rows = np.loadtxt(folder / "final_dataset_sample.csv", delimiter=",", skiprows=1)
    return DenseModel.load(folder / "Kpts_model.h5"), rows[:, :44].astype("f4"), rows[:, 44]


def confusion(labels, found, count):
    table = np.zeros((count, count), int)
    np.add.at(table, (labels.astype(int), found), 1)
    return table.tolist()


@pytest.mark.parametrize(
    ("scaled", "wanted", "accuracy"),
    [
        (True, [[1633, 28], [32, 1629]], 0.981939),
        (False, [[1425, 236], [5, 1656]], 0.927453),  # raw pixels, as the seed predicts
    ],
)
def test_the_seeds_network_reads_its_table_as_in_training_and_as_it_predicts(
    seed, scaled, wanted, accuracy
):
    model, inputs, labels = seed
    model = model.scale_inputs_by(inputs) if scaled else model
    found = model.probabilities(inputs).argmax(1)
    assert confusion(labels, found, 2) == wanted
    assert (found == labels).mean() == pytest.approx(accuracy, abs=5e-7)


def test_the_keypoint_classifier_of_kazuhito00_gives_its_figures(folder):
    rows = np.loadtxt(folder / "kazuhito" / "keypoint.csv", delimiter=",")
    model = DenseModel.load(folder / "kazuhito" / "keypoint_classifier.hdf5")
    found = model.probabilities(rows[:, 1:].astype("f4")).argmax(1)
    assert confusion(rows[:, 0], found, 3) == [[1508, 10, 4], [21, 1449, 102], [11, 7, 1338]]
    assert (found == rows[:, 0]).mean() == pytest.approx(0.965169, abs=5e-7)


def test_a_tiny_network_gives_what_a_hand_computes():
    kernel, bias = np.array([[1, -1], [0, 2]], "f4"), np.array([0, 1], "f4")
    model = DenseModel(((kernel, bias), (np.eye(2, dtype="f4"), np.zeros(2, "f4"))))
    # (3, 1) → relu(3, -3+2+1 = 0) = (3, 0) → softmax
    e = np.exp(3.0)
    assert model.probabilities(np.array([[3, 1]], "f4"))[0] == pytest.approx([e, 1] / (e + 1))


@pytest.mark.parametrize("shape", [(1, 43), (44,)])
def test_other_numbers_than_the_networks_are_refused(seed, shape):
    with pytest.raises(ModelError, match="44"):
        seed[0].probabilities(np.zeros(shape, "f4"))


def test_layers_that_do_not_follow_one_another_are_refused(tmp_path):
    path = tmp_path / "odd.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"a", b"b"]
        for name, shape in (("a", (4, 3)), ("b", (5, 2))):
            group = file.create_group(name)
            group.attrs["weight_names"] = [b"kernel", b"bias"]
            group["kernel"], group["bias"] = np.zeros(shape, "f4"), np.zeros(shape[1], "f4")
    with pytest.raises(ModelError, match="“b”"):
        DenseModel.load(path)
