"""An exported net gives torch's results, on pictures as they are: ordered and scaled for it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.estimators.depth_nets import PalmDetector
from core.modelfiles.catalogue import Scaling
from core.modelfiles.model_folder import METADATA, MODEL
from core.modelfiles.onnx_session import open_session
from core.nets import build_net
from core.nets.cpm import LightCPM, VggCPM
from core.training.net_export import PreprocessedNet, save_trained_net, scale_pictures


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LightCPM]:
    torch.manual_seed(1)
    build = {"stages": 2, "input_hw": (64, 64), "width": 16}
    net, folder = build_net("cpm.hand_light", **build).eval(), tmp_path_factory.mktemp("net")
    save_file(net.state_dict(), folder / "weights.safetensors")
    about = {"licence": "MIT"}
    save_trained_net(folder / "weights.safetensors", folder, "cpm.hand_light", about, build)
    return folder, net


def test_the_graph_gives_beliefs_of_any_number_of_pictures(saved):
    folder, net = saved
    pictures = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
    (found,) = open_session((folder / MODEL).read_bytes()).run(None, {"pictures": pictures})
    with torch.no_grad():
        wanted = net(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255).numpy()
    assert found.shape == (5, 2, 22, 16, 16)
    assert np.abs(found - wanted).max() < 1e-4


def test_the_metadata_describe_the_graph_which_has_no_paths_of_this_machine(saved):
    folder, _ = saved
    metadata, content = json.loads((folder / METADATA).read_text()), (folder / MODEL).read_bytes()
    assert b".py" not in content and str(Path.cwd()).encode() not in content
    assert metadata == {
        "name": "cpm.hand_light",
        "skeleton": "hand_21",
        "alignment": "cells",
        "decode": "parabola",
        "input_hw": [64, 64],
        "stride": 4,
        "stages": 2,
        "joints": 21,
        "background": True,
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
    }


def test_a_trained_palm_net_is_written_as_its_estimator_reads_it(tmp_path):
    torch.manual_seed(2)
    net = build_net("palmnet.synthetic").eval()
    save_file(net.state_dict(), tmp_path / "weights.safetensors")
    save_trained_net(tmp_path / "weights.safetensors", tmp_path / "net", "palmnet.synthetic", {})
    frame = np.random.default_rng(0).uniform(400, 900, (120, 160)).astype(np.float32)
    with torch.no_grad():
        palm = net(torch.from_numpy(frame)[None, None])[0, 0, 0].sigmoid()
    _, score = PalmDetector(tmp_path / "net").find_palm(frame)
    assert score == pytest.approx(float(palm.max()), abs=1e-4)


PICTURE = torch.tensor([[[[51, 102, 204]]]], dtype=torch.uint8)


class Echo(VggCPM):
    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        (Scaling("RGB", 1 / 255, 0.0), [0.2, 0.4, 0.8]),
        (Scaling("BGR", (1.0, 0.5, 0.1), (0.0, -1.0, 2.0)), [204, 50, 7.1]),
    ],
)
def test_channels_are_ordered_and_scaled_for_the_net(scaling, expected):
    net = PreprocessedNet(Echo("hand", stages=1, joints=2), scaling)
    for planes in (scale_pictures(PICTURE, scaling), net(PICTURE)):
        assert planes.shape == (1, 3, 1, 1)
        assert planes.flatten().tolist() == pytest.approx(expected)


def test_depth_keeps_its_values():
    depth = torch.rand(2, 4, 6, 1)
    assert torch.equal(scale_pictures(depth), depth.permute(0, 3, 1, 2))
