"""A PyTorch state dict gives its tensors, and nothing of it runs."""

import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.modelfiles.formats.torch_checkpoint import read_torch
from tests.modelfiles.conftest import Exploit

STATE = OrderedDict(
    {
        "conv1_1.weight": torch.randn(4, 3, 3, 3),
        "conv1_1.bias": torch.randn(4),
        "Mconv1_stage2.weight": torch.randn(2, 5, 7, 7),
    }
)


@pytest.mark.parametrize("zipped", [True, False])
def test_every_array_is_equal(tmp_path, zipped):
    path = tmp_path / "net.pth"
    torch.save(STATE, path, _use_new_zipfile_serialization=zipped)
    found = read_torch(path)
    assert list(found) == list(STATE)
    assert all(np.array_equal(found[name], STATE[name].numpy()) for name in STATE)


@pytest.mark.parametrize("kind", ["f4", "f8", "i8", "u1"])
def test_a_nested_state_dict_is_found_beside_numpy_arrays(tmp_path, kind):
    """As in mmpose's files."""
    about = {"sigmas": np.arange(17).astype(kind), "dataset_name": "coco"}
    meta = {"dataset_meta": about, "epoch": 210, "cfg": "a text"}
    torch.save({"meta": meta, "state_dict": STATE}, tmp_path / "net.pth")
    assert list(read_torch(tmp_path / "net.pth")) == list(STATE)


def test_other_numpy_objects_are_refused(tmp_path):
    torch.save({"meta": np.random.default_rng(0), "state_dict": STATE}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="no code in it was run"):
        read_torch(tmp_path / "net.pth")


def test_a_hostile_file_does_not_run_and_torch_s_advice_is_not_repeated(tmp_path):
    path, proof = tmp_path / "net.pth", tmp_path / "it ran"
    torch.save({"conv1_1.weight": Exploit(f"touch '{proof}'")}, path)
    with pytest.raises(WeightsError, match="no code in it was run") as raised:
        read_torch(path)
    assert not proof.exists()
    assert str(raised.value).isprintable() and "option" not in str(raised.value)


def test_a_packed_bomb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "net.pth"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("net/data/0", "w", force_zip64=True) as entry,
    ):
        for _ in range(1025):
            entry.write(bytes(2**20))
    with pytest.raises(WeightsError, match="over 1024 MB unpacked"):
        read_torch(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 cut off", [1, 2], {}, {"a": 1}])
def test_a_broken_file_and_one_without_a_state_dict_are_errors(tmp_path, content):
    path = tmp_path / "net.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(WeightsError, match=r"net.pth"):
        read_torch(path)


@pytest.mark.parametrize(
    ("tensor", "kind"),
    [
        (torch.eye(3).to_sparse(), "sparse_coo float32 on cpu"),
        (torch.zeros(3, device="meta"), "strided float32 on meta"),
        (torch.zeros(1).expand(2**40), "strided float32 on cpu"),
        (torch.zeros(1, dtype=torch.bfloat16).expand(2**40), "strided bfloat16 on cpu"),
        (torch.zeros(3, dtype=torch.complex64), "strided complex64 on cpu"),
        (torch.zeros(3).to(torch.float8_e4m3fn), "strided float8_e4m3fn on cpu"),
    ],
    ids=["sparse", "meta", "repeated", "repeated half", "complex", "eighth"],
)
@pytest.mark.filterwarnings("ignore:TypedStorage:UserWarning")
def test_a_tensor_without_its_own_numbers_is_refused_in_one_line(tmp_path, tensor, kind):
    torch.save({"conv1_1.weight": tensor}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=f"“conv1_1.weight” is {kind}, expected") as raised:
        read_torch(tmp_path / "net.pth")
    assert str(raised.value).isprintable()
