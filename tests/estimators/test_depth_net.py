"""A net of depth in use: what is no such net, or not the one that was made, is told."""

import json
from pathlib import Path

import pytest

from core.errors import WeightsError
from core.estimators.depth_net import DepthNet, is_depth_net
from core.estimators.heatmap_model import HeatmapNet
from core.paths import Paths

ABOUT = {
    "name": "crossinfonet.mine",
    "input": "depth",
    "input_hw": [96, 96],
    "joints": 21,
    "skeleton": "hand_21",
    "sha256": "0" * 64,
}


def folder_of(folder: Path, metadata: str, model: bytes | None = b"x") -> Path:
    (folder / "metadata.json").write_text(metadata)
    if model is not None:
        (folder / "model.onnx").write_bytes(model)
    return folder


def test_a_net_of_pictures_and_an_empty_folder_are_none_of_depth(tmp_path: Path) -> None:
    light = Paths.shipped_models / "cpm.hand_light"
    for folder, said in ((light, "has no net of depth"), (tmp_path, "can't be read")):
        assert not is_depth_net(folder)
        with pytest.raises(WeightsError, match=said):
            DepthNet(folder)


def test_an_altered_or_missing_graph_is_told(tmp_path: Path) -> None:
    folder_of(tmp_path, json.dumps(ABOUT))
    assert is_depth_net(tmp_path)
    with pytest.raises(WeightsError, match=r"model\.onnx was altered"):
        DepthNet(tmp_path)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(WeightsError, match=r"model\.onnx can.t be read"):
        DepthNet(tmp_path)


@pytest.mark.parametrize("metadata", ["{", "[]", json.dumps(ABOUT | {"input": "pictures"})])
def test_metadata_that_say_nothing_of_depth_are_told(tmp_path: Path, metadata: str) -> None:
    folder_of(tmp_path, metadata)
    assert not is_depth_net(tmp_path)
    with pytest.raises(WeightsError, match="has no net"):
        DepthNet(tmp_path)


def test_asked_for_pictures_it_says_that_it_sees_depth(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="finds hands in depth, not in pictures"):
        HeatmapNet(folder_of(tmp_path, json.dumps(ABOUT)))
