"""A net of depth in use: what is no such net, or not the one that was made, is told."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.errors import WeightsError
from core.estimators.depth_net import DepthNet
from core.estimators.heatmap_net import HeatmapNet
from core.modelfiles.model_folder import DepthMetadata, is_net_folder
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
    for folder, said in ((light, "for pictures, not for depth"), (tmp_path, "no net in")):
        assert not is_net_folder(folder, DepthMetadata)
        with pytest.raises(WeightsError, match=said):
            DepthNet(folder)


def test_an_altered_or_missing_graph_is_told(tmp_path: Path) -> None:
    folder_of(tmp_path, json.dumps(ABOUT))
    assert is_net_folder(tmp_path, DepthMetadata)
    with pytest.raises(WeightsError, match=r"model\.onnx was altered"):
        DepthNet(tmp_path)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(WeightsError, match=r"no net in.*model\.onnx"):
        DepthNet(tmp_path)


@pytest.mark.parametrize("metadata", ["{", "[]", json.dumps(ABOUT | {"input": "pictures"})])
def test_metadata_that_say_nothing_of_depth_are_told(tmp_path: Path, metadata: str) -> None:
    folder_of(tmp_path, metadata)
    assert not is_net_folder(tmp_path, DepthMetadata)
    with pytest.raises(WeightsError, match=r"not for depth|metadata\.json can.t be read"):
        DepthNet(tmp_path)


def test_asked_for_pictures_it_says_that_it_sees_depth(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="a net for depth, not for pictures"):
        HeatmapNet(folder_of(tmp_path, json.dumps(ABOUT)))


@pytest.mark.parametrize("turns", ["[]", "30", '["30"]', "[true]", "[181]", "[NaN]", str([0] * 9)])
def test_turns_that_are_none_are_told(tmp_path: Path, turns: str) -> None:
    folder_of(tmp_path, json.dumps(ABOUT)[:-1] + f', "turns_deg": {turns}}}')
    with pytest.raises(WeightsError, match="“turns_deg"):
        DepthNet(tmp_path)


# 1 px is 2 mm at 500 mm; a cube of 96 mm is 48 px, doubled in the crop
CUBE = Cube(Camera("mine", 250.0, 250.0, 100.0, 60.0, 200, 120), (100.0, 60.0, 500.0), 96.0)


def net_that_sums(folder: Path, turns_deg: list[int]) -> DepthNet:
    """Its one keypoint: how much nearer than the far face the crop's right and lower halves are
    than the others, in sums of pixels, and nothing for the depth."""
    sides = np.where(np.arange(96) < 48, -1, 1) * np.float32(-0.001)
    across = np.stack([np.tile(sides, (96, 1)), np.tile(sides[:, None], (1, 96))], -1)
    per_pixel = np.concatenate([across, np.zeros((96, 96, 1))], -1).reshape(-1, 3)
    nodes = [
        helper.make_node("Sub", ["crops", "far"], ["nearer"]),
        helper.make_node("Reshape", ["nearer", "flat"], ["pixels"]),
        helper.make_node("MatMul", ["pixels", "per_pixel"], ["sums"]),
        helper.make_node("Reshape", ["sums", "one_keypoint"], ["keypoints"]),
    ]
    told = {
        "far": np.float32(1),
        "flat": np.array([-1, 96 * 96]),
        "per_pixel": per_pixel.astype(np.float32),
        "one_keypoint": np.array([-1, 1, 3]),
    }
    graph = helper.make_graph(
        nodes,
        "sums",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 96, 96])],
        [helper.make_tensor_value_info("keypoints", TensorProto.FLOAT, ["N", 1, 3])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in told.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.ModelProto.SerializeToString(made)
    about = ABOUT | {"joints": 1, "sha256": hashlib.sha256(model).hexdigest()}
    return DepthNet(folder_of(folder, json.dumps(about | {"turns_deg": turns_deg}), model))


@pytest.mark.parametrize(
    ("turns_deg", "expected_mm"),
    [
        # 100 pixels half-way down at the right: 0.1 of half the side, which is 48 mm
        ([0], (4.8, 0.0)),
        # each of these sees 100 pixels on its own axis, and says it in the crop's
        ([0, 90, -90], (4.8, 0.0)),
        # turned by 45 they lie in the lower right: 4.8 and 4.8, turned back 4.8 times the root of 2
        ([45], (4.8 * 2**0.5, 0.0)),
    ],
)
def test_what_a_turned_crop_says_is_turned_back(tmp_path, turns_deg, expected_mm) -> None:
    crop = np.ones((96, 96), np.float32)
    crop[43:53, 73:83] = 0  # 5 rows above the middle, 5 below
    found = net_that_sums(tmp_path, turns_deg).in_cube(CUBE, crop)
    np.testing.assert_allclose(found, [[*expected_mm, 500.0]], atol=0.5)
