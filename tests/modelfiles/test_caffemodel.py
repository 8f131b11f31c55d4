"""Every array of a caffemodel is read as it was written; broken bytes are an error."""

import tracemalloc

import numpy as np
import pytest

from core.errors import WeightsError
from core.modelfiles.formats.caffemodel import read_caffemodel
from tests.modelfiles.caffe_file import blob, layer, message, number, varint

RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(4, 3, 5, 2)).astype("f4")
BIAS = RNG.normal(size=4).astype("f4")


@pytest.mark.parametrize("old", [False, True], ids=["layer", "V1 layers"])
@pytest.mark.parametrize("shape", ["list", "unpacked list", "legacy"])
@pytest.mark.parametrize("values", ["packed", "single", "double"])
def test_every_array_is_equal_in_every_layout(written, old, shape, values):
    blobs = [blob(array, shape=shape, values=values) for array in (KERNEL, BIAS)]
    path = written(message(1, b"net") + layer("relu", [], old=old) + layer("conv", blobs, old=old))
    found = read_caffemodel(path)
    assert list(found) == ["conv"]
    kernel, bias = found["conv"]
    assert np.array_equal(kernel, KERNEL)
    assert kernel.dtype == ("f8" if values == "double" else "f4")
    assert np.array_equal(bias.ravel(), BIAS)
    assert bias.shape == ((1, 1, 1, 4) if shape == "legacy" else (4,))


def test_a_blob_without_a_shape_is_a_row(written):
    (row,) = read_caffemodel(written(layer("scale", [blob(BIAS, shape="none")])))["scale"]
    assert np.array_equal(row, BIAS)


def test_a_file_cut_off_anywhere_is_an_error(written):
    whole = layer("conv", [blob(KERNEL), blob(BIAS)])
    for end in range(1, len(whole)):
        with pytest.raises(WeightsError, match=r"cut off or not a .caffemodel"):
            read_caffemodel(written(whole[:end]))


HOSTILE = {
    "no file of ours": b"<html>not found</html>",
    "nothing with weights": message(1, b"net") + layer("data", []),
    "a shape of 2^62": layer("a", [message(7, number(1, 2**62)) + message(5, bytes(4))]),
    "a negative shape": layer("a", [message(7, number(1, 2**64 - 1)) + message(5, bytes(4))]),
    "more dimensions than any": layer("a", [message(7, number(1, 1) * 99) + message(5, bytes(4))]),
    "values that don't fill the shape": layer(
        "a", [message(7, number(1, 3)) + message(5, bytes(8))]
    ),
    "half a value": layer("a", [message(5, bytes(6))]),
    "a size of 2^60": varint(100 << 3 | 2) + varint(2**60) + b"x",
    "an endless number": b"\xff" * 30,
    "a group": bytes([100 % 16 << 3 | 3]),
    "a name that is no text": message(100, message(1, b"\xff\xfe")),
    "the same name twice": layer("a", [blob(BIAS)]) * 2,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bytes_are_refused_without_taking_memory(written, case):
    path = written(HOSTILE[case])
    tracemalloc.start()
    with pytest.raises(WeightsError, match=r"net\.file"):
        read_caffemodel(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000
