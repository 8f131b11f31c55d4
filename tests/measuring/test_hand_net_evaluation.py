"""Evaluation of hand nets, with a net and a teacher whose results are known."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.errors import EstimatorError, MediaError
from core.estimators.heatmap_net import HeatmapNet
from core.measuring.hand_net_evaluation import evaluate_hand_net
from core.media.pictures import encode_png
from core.nets.cpm import LightCPM
from core.pose.types import Estimate, Picture, Pose
from core.training.net_export import save_net
from tests.support.relabelled_net import save_relabelled_net

RED, GREEN = (255, 0, 0), (0, 255, 0)
JOINTS = np.array([[40.0, 60.0], [100.0, 60.0]], np.float32)  # L = 60 px


class Colours(LightCPM):
    """Keypoint 0 is where it is red, keypoint 1 where it is green; stage 1 is 2 cells too far
    right."""

    def __init__(self) -> None:
        super().__init__(joints=2, stages=2, input_hw=(90, 90), width=16)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        other = pictures[:, [1, 0]]
        clear = functional.avg_pool2d((pictures[:, :2] - other).clamp(min=0), 2)
        maps = torch.cat([clear, 1 - clear.amax(1, keepdim=True)], 1)
        return torch.stack([maps.roll(2, -1), maps], 1)


class Teacher:
    """Finds a hand at JOINTS in a bright picture."""

    def estimate_still(self, rgb: Picture, **_: object) -> Estimate:
        pose = Pose(JOINTS, np.ones(2, np.float32))
        return Estimate((pose,) if rgb.max() > 100 else (), rgb.shape[:2], "known")


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> HeatmapNet:
    folder = tmp_path_factory.mktemp("colours")
    colours = Colours()
    colours.stride = 2
    save_net(colours, folder, "cpm.colours", {})
    return HeatmapNet(folder)


def glow(joint: np.ndarray) -> np.ndarray:
    """A soft spot in 120 x 160 pixels, so that its middle lies between cells as well."""
    y, x = np.mgrid[:120, :160]
    return np.uint8(255 * np.exp(-((x - joint[0]) ** 2 + (y - joint[1]) ** 2) / 18))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name, colours in (("right", (RED, GREEN)), ("swapped", (GREEN, RED)), ("dark", None)):
        rgb = np.zeros((120, 160, 3), np.uint8)
        for joint, colour in zip(JOINTS, colours or (), strict=False):
            rgb[..., colour.index(255)] += glow(joint)
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(encode_png(rgb))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_each_stage_is_measured_in_units_of_the_hand(net: HeatmapNet, pictures: Path) -> None:
    found = evaluate_hand_net(net, [pictures / "right", pictures / "dark"], Teacher())
    assert (found["n"], found["detected"]) == (2, 1)
    first, last = found["stages"]
    # the input is 90 px for 1.5 L, so L is 60 input pixels; two cells of stride 2 are 4: 4/60
    assert first["stage"] == 1
    assert first["mean_error"] == pytest.approx(4 / 60, abs=0.012)
    assert last["mean_error"] < 0.012
    assert last["pck@0.1"] == last["pck@0.2"] == 1.0


def test_swapped_keypoints_are_wrong(net: HeatmapNet, pictures: Path) -> None:
    found = evaluate_hand_net(net, [pictures], Teacher())
    assert (found["n"], found["detected"]) == (3, 2)
    assert found["stages"][1]["pck@0.2"] == 0.5  # one picture of two is swapped
    assert found["stages"][1]["mean_error"] == pytest.approx(0.5, abs=0.02)  # 0 and 1 L


def test_loose_squares_do_not_change_the_errors(net: HeatmapNet, pictures: Path) -> None:
    found = evaluate_hand_net(net, [pictures / "right"] * 8, Teacher(), loose=True)
    assert found["detected"] == 8
    assert found["stages"][1]["pck@0.1"] == 1.0


def test_without_a_hand_there_are_no_figures(net: HeatmapNet, pictures: Path) -> None:
    found = evaluate_hand_net(net, [pictures / "dark"], Teacher())
    assert found["stages"][0] == {"stage": 1, "pck@0.1": None, "pck@0.2": None, "mean_error": None}
    json.dumps(found, allow_nan=False)


def test_no_picture_and_a_net_of_another_skeleton_are_errors(net, pictures, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="no pictures there"):
        evaluate_hand_net(net, [tmp_path / "empty"], Teacher())
    save_relabelled_net(tmp_path / "cpm.body", joints=14)
    with pytest.raises(EstimatorError, match=r"cpm\.body finds 14 keypoints, the teacher 2"):
        evaluate_hand_net(HeatmapNet(tmp_path / "cpm.body"), [pictures], Teacher())
