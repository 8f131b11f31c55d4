"""A PyTorch state dict gives its tensors under flat names, and nothing of it runs."""

import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

from core.errors import WeightsError
from core.weights.torch_port import read_torch
from tests.weights.conftest import Exploit

STATE = OrderedDict(
    {
        "conv1_1.weight": torch.randn(4, 3, 3, 3),
        "conv1_1.bias": torch.randn(4),
        "Mconv1_stage2.weight": torch.randn(2, 5, 7, 7),
    }
)


@pytest.mark.parametrize("prefix", ["", "model1_0.", "module.model2."])
@pytest.mark.parametrize("zipped", [True, False])
def test_every_array_is_equal_and_a_module_before_the_name_is_left_out(tmp_path, prefix, zipped):
    path = tmp_path / "net.pth"
    state = OrderedDict((prefix + name, value) for name, value in STATE.items())
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    found = read_torch(path)
    assert list(found) == list(STATE)
    assert all(np.array_equal(found[name], STATE[name].numpy()) for name in STATE)


def test_a_state_dict_one_level_down_is_found(tmp_path):
    torch.save({"state_dict": STATE, "epoch": 3}, tmp_path / "net.pth")
    assert list(read_torch(tmp_path / "net.pth")) == list(STATE)


def test_a_hostile_file_does_not_run(tmp_path):
    path, proof = tmp_path / "net.pth", tmp_path / "it ran"
    torch.save({"conv1_1.weight": Exploit(f"touch '{proof}'")}, path)
    with pytest.raises(WeightsError, match="nothing of it was run"):
        read_torch(path)
    assert not proof.exists()


@pytest.mark.parametrize("what", [[1, 2], {}, {"a": 1}, {"x.a.b": STATE["conv1_1.bias"], "a.b": 1}])
def test_what_is_no_state_dict_is_refused(tmp_path, what):
    torch.save(what, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=r"net.pth"):
        read_torch(tmp_path / "net.pth")


def test_two_tensors_under_one_flat_name_are_refused(tmp_path):
    bias = STATE["conv1_1.bias"]
    torch.save({"model1_0.conv.bias": bias, "model1_1.conv.bias": bias}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="twice"):
        read_torch(tmp_path / "net.pth")


def test_a_packed_bomb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "net.pth"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("net/data/0", "w", force_zip64=True) as entry,
    ):
        for _ in range(1025):
            entry.write(bytes(2**20))
    with pytest.raises(WeightsError, match=r"expected a .pth of"):
        read_torch(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 cut off"])
def test_a_broken_file_is_told(tmp_path, content):
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"net.pth"):
        read_torch(tmp_path / "net.pth")
