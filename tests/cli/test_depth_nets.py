"""A net of depth on the command line: trained on a folder, saved for use, measured in mm."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.depth_hands import read_depth_hands
from core.depth.cameras import Camera
from core.depth.io.joint_files import read_joints
from core.estimators.depth_nets import DepthNet
from core.pose.metrics import epe, keypoint_distances
from core.pose.skeletons.table import HAND_21
from tests.cli.conftest import said


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """Twenty hands that are a bar each, in the layout of rendered ones."""
    rng, folder = np.random.default_rng(0), tmp_path / "hands"
    folder.mkdir()
    lines = ["picture,hand,fx,fy,u0,v0,width,height"]
    lines[0] += "".join(f",{joint}_{axis}" for joint in HAND_21.joints for axis in "xyz")
    for number in range(20):
        xyz = rng.uniform((-50, -50, 500), (50, 50, 520), (21, 3))
        depth = np.zeros((120, 160), np.uint16)
        depth[30:90, 70:90] = 505
        cv2.imwrite(str(folder / f"{number:06d}.png"), depth)
        numbers = ",".join(f"{value:.3f}" for value in xyz.ravel())
        lines.append(f"{number:06d}.png,right,300,300,80,60,160,120,{numbers}")
    (folder / "joints.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_net_of_depth_is_trained_and_measured_in_mm(rendered: Path, workspace: Path) -> None:
    name = "crossinfonet.synthetic_light"
    options = ["--steps", 2, "--batch", 4, "--threads", 1, "--workspace", workspace]
    trained = said("train-net", name, "--data", rendered, *options)
    (figures,) = trained["held_out"]["held out"]
    net = DepthNet(Path(trained["net"]))
    assert (net.name, net.skeleton, net.joints) == (name, "hand_21", 21)
    assert net.predict(np.zeros((3, 96, 96), np.float32)).shape == (3, 21, 3)
    results = rendered.parent / "results.txt"
    measured = said("evaluate-net", trained["net"], "--data", rendered, "-o", results)
    assert measured["n"] == 2 and len(measured["per_joint_mm"]) == 21
    assert measured["cubes"] == "centred on the truth"  # papers find the hand first
    assert measured["mean_mm"] == pytest.approx(100 * figures["mean_error"], abs=0.02)
    # the last two, in their own camera's pixels
    camera = Camera("", 300, 300, 80, 60, 160, 120)
    found = camera.to_mm(read_joints(results))
    truth = np.stack([hand.xyz_mm for hand in read_depth_hands(rendered, HAND_21).hands[18:]])
    assert measured["mean_mm"] == pytest.approx(epe(keypoint_distances(found, truth)), abs=0.01)


def test_the_net_that_ships_finds_rendered_hands_and_turned_looks_help(tmp_path: Path) -> None:
    folder = Path("data/models/crossinfonet.synthetic_light")
    found = said("evaluate-net", folder, "--data", "rendered")
    assert found["n"] == 200
    assert found["mean_mm"] < 14.5 and found["success"]["40"] > 0.55

    about = json.loads((folder / "metadata.json").read_text())
    assert about.pop("turns_deg") == [0, 30, -30]
    shutil.copy(folder / "model.onnx", tmp_path)
    (tmp_path / "metadata.json").write_text(json.dumps(about))
    by_one_look = said("evaluate-net", tmp_path, "--data", "rendered")["mean_mm"]
    (figures,) = about["held_out"]["rendered"]  # as training measured it
    assert by_one_look == pytest.approx(100 * figures["mean_error"], abs=0.1)
    assert found["mean_mm"] < 0.97 * by_one_look
