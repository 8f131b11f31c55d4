"""Published pickles of arrays are read; a pickle that wants anything else is refused unrun."""

import pickle
import struct

import numpy as np
import pytest

from core.errors import WeightsError
from core.modelfiles.formats.numpy_pickle import read_numpy_pickle
from tests.modelfiles.conftest import Exploit

RNG = np.random.default_rng(0)
ARRAYS = {
    "conv1_1": RNG.normal(size=(3, 3, 3, 8)).astype("f4"),
    "conv1_1_b": RNG.normal(size=8).astype("f4"),
    "fortran": np.asfortranarray(RNG.normal(size=(4, 5))),
    "big-endian": np.arange(6, dtype=">i4").reshape(2, 3),
    "empty": np.zeros((0, 3), "f4"),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("module", ["numpy._core", "numpy.core"])
def test_every_array_is_equal_in_every_protocol(written, protocol, module):
    content = pickle.dumps(ARRAYS, protocol)
    if protocol < 4:  # names without a length before them can be made those of an older numpy
        content = content.replace(b"cnumpy._core.", f"c{module}.".encode())
    found = read_numpy_pickle(written(content))
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_a_pickle_of_python_2_is_read_as_latin_1(written):
    """As its cPickle wrote them, protocol 2: names and raw bytes are both `str`."""
    array = np.float32([[1, -2.5, 3], [0.1, 5, -6]])
    content = b"\x80\x02}q\x01(U\x07conv1_1cnumpy.core.multiarray\n_reconstruct\nq\x02"
    content += b"cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87R(K\x01(M\x02\x00M\x03\x00t"
    content += b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNN"
    content += b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x18\x00\x00\x00"
    found = read_numpy_pickle(written(content + array.tobytes() + b"tbu."))
    assert np.array_equal(found["conv1_1"], array)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_hostile_pickle_does_not_run(written, tmp_path, protocol):
    proof = tmp_path / "it ran"
    content = pickle.dumps({"conv1_1": Exploit(f"touch '{proof}'")}, protocol)
    with pytest.raises(WeightsError, match=r"system”.*no code in it was run"):
        read_numpy_pickle(written(content))
    assert not proof.exists()
    pickle.loads(content)  # it is a real one
    assert proof.exists()


WANTED = ["builtins eval", "builtins getattr", "os system", "subprocess Popen", "numpy load"]
WANTED += ["numpy fromfile", "numpy.core.multiarray fromfile", "numpy.ndarray tofile"]
WANTED += ["numpy.testing._private.utils runstring", "numpy dtype.__class__"]
WANTED += ["copyreg _reconstructor", "_codecs decode"]


@pytest.mark.parametrize("wanted", WANTED)
def test_any_other_name_is_refused(written, wanted):
    module, name = wanted.split()
    with pytest.raises(WeightsError, match="which weights never need"):
        read_numpy_pickle(written(f"c{module}\n{name}\n.".encode()))


def test_arrays_of_objects_are_refused(written):
    content = pickle.dumps({"a": np.array([{}, []], object)})
    with pytest.raises(WeightsError, match=r"type “O8”"):
        read_numpy_pickle(written(content))


RECONSTRUCT, DTYPE = b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\ndtype\n"
NDARRAY, NAME_A = b"cnumpy\nndarray\n", b"X\x01\x00\x00\x00a"
HOSTILE = {
    "no pickle": b"<html>",
    "cut off": pickle.dumps(ARRAYS)[:-20],
    "not a dict": pickle.dumps([1, 2]),
    "a number": pickle.dumps({"a": 1}),
    "a name that is no text": pickle.dumps({1: ARRAYS["empty"]}),
    "an array never filled": b"}" + NAME_A + RECONSTRUCT + NDARRAY + b"K\x00\x85C\x01b\x87Rs.",
    "2^40 numbers made by numpy itself": NDARRAY + b"\x8a\x06\x00\x00\x00\x00\x00\x01\x85\x85R.",
    "another class": RECONSTRUCT + b"X\x04\x00\x00\x00listK\x00\x85C\x01b\x87R.",
    "a text of 2^60": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"a.",
    "a memo of 2^32": b"\x80\x02}r\xff\xff\xff\xff.\x00"[:-3] + b"K",
    "persistent": b"Pid\n.",
    "a state for a constructor": DTYPE + b"}X\x08\x00\x00\x00__code__K\x01sb.",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_table_of_arrays_is_refused(written, case):
    with pytest.raises(WeightsError, match=r"net\.file"):
        read_numpy_pickle(written(HOSTILE[case]))


def test_bytes_that_many_arrays_share_can_not_outgrow_the_file(written):
    raw = np.zeros(1000, "f4")
    entry = pickle.dumps({"a": raw}, 2)
    assert np.array_equal(read_numpy_pickle(written(entry))["a"], raw)
    frombuffer = b"cnumpy.core.numeric\n_frombuffer\n"
    shared = b"\x80\x05}B" + struct.pack("<I", 4000) + bytes(4000) + b"q\x000" + DTYPE
    shared += b"X\x02\x00\x00\x00f4\x85Rq\x010"
    for i in range(9):
        shared += b"X\x01\x00\x00\x00%d" % i + frombuffer
        shared += b"(h\x00h\x01M\xe8\x03\x85X\x01\x00\x00\x00CtRs"
    with pytest.raises(WeightsError, match="larger than the file"):
        read_numpy_pickle(written(shared + b"."))
