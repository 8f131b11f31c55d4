"""The weights of a Keras file are read in the model's order; other files are errors."""

from itertools import pairwise

import h5py
import numpy as np
import pytest

from core.errors import WeightsError
from core.modelfiles.formats.keras_h5 import read_keras


def make(path, dataset):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"dense/kernel:0"]
        dataset(group.create_group("dense"))
    return path


def test_the_seeds_layers_come_in_order_without_the_optimizers(shared_data):
    found = read_keras(shared_data / "seed_classifier" / "Kpts_model.h5")
    assert list(found) == [f"dense_{i}" for i in range(28, 34)]
    widths = [44, 500, 200, 150, 150, 50, 2]
    shapes = [[array.shape for array in arrays] for arrays in found.values()]
    assert shapes == [[(a, b), (b,)] for a, b in pairwise(widths)]
    assert sum(array.size for arrays in found.values() for array in arrays) == 183_152


def test_layers_without_weights_are_left_out(shared_data):
    path = shared_data / "seed_classifier" / "kazuhito" / "keypoint_classifier.hdf5"
    assert list(read_keras(path)) == ["dense", "dense_1", "dense_2"]


def test_an_array_comes_as_it_was_written(tmp_path):
    kernel = np.arange(6, dtype="f4").reshape(2, 3)
    path = make(tmp_path / "net.h5", lambda g: g.create_dataset("kernel:0", data=kernel))
    assert np.array_equal(read_keras(path)["dense"][0], kernel)


def external_link(group):
    group["kernel:0"] = h5py.ExternalLink("/etc/hosts", "/a")


def external_bytes(group):
    group.create_dataset("kernel:0", (4,), "f4", external=[("/etc/hosts", 0, 16)])


REFUSED = {
    "a link out of the file": external_link,
    "numbers outside the file": external_bytes,
    "nothing there": lambda group: None,
    "text": lambda group: group.create_dataset("kernel:0", data=b"text"),
    "2^40 numbers that take no room": lambda group: group.create_dataset(
        "kernel:0", (2**40,), "f4", chunks=(1024,)
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arrays_that_are_not_in_the_file_are_refused(tmp_path, case):
    with pytest.raises(WeightsError, match=r"net.h5"):
        read_keras(make(tmp_path / "net.h5", REFUSED[case]))


@pytest.mark.parametrize("content", [None, b"", b"<html>", "an empty HDF5"])
def test_a_file_that_is_no_keras_model_is_told(tmp_path, content):
    path = tmp_path / "net.h5"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        h5py.File(path, "w").close()
    with pytest.raises(WeightsError, match=r"net.h5"):
        read_keras(path)
