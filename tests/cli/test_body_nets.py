"""Body nets on the command line: trained on real persons, gone on with, by several processes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.estimators.heatmap_net import HeatmapNet
from core.nets import build_net
from tests.cli.conftest import invoke, said
from tests.support.torchvision_file import save_resnet18

SIZE = ["--size", "64x32", "--batch", "4", "--threads", "1"]


@pytest.fixture
def few(shared_data: Path, tmp_path: Path) -> Path:
    """The first 15 persons of LSPET, a fifth of whom are held out."""
    source, folder = shared_data / "body" / "lspet", tmp_path / "lspet"
    (folder / "images").mkdir(parents=True)
    lines = (source / "joints.csv").read_text().splitlines()[:16]
    (folder / "joints.csv").write_text("\n".join(lines) + "\n")
    for line in lines[1:]:
        name = line.split(",")[0]
        shutil.copy(source / "images" / name, folder / "images" / name)
    return folder


def train(data: Path, workspace: Path, *more: str) -> dict:
    command = ["train-net", "pose_resnet18.both", "--data", data, *SIZE, *more]
    return said(*command, "--workspace", workspace)


def test_a_body_net_begins_with_a_trunk_and_is_fed_as_it_was(few: Path, workspace: Path) -> None:
    file, tensors = save_resnet18(workspace.parent / "resnet18.pth")
    still = ["--rate", "1e-12"]  # nothing moves but what normalisation counts
    first = train(few, workspace, "--steps", "1", *still, "--trunk", str(file))
    more = train(few, workspace, "--steps", "2", *still, "--resume", first["run"])
    assert (first["step"], more["run"], more["step"]) == (1, first["run"], 2)
    assert list(more["held_out"]) == ["held out"]
    for trained in (first, more):
        kept = load_file(Path(trained["net"]) / "weights.safetensors")
        for name, tensor in tensors.items():
            if name.endswith("weight"):
                assert torch.allclose(kept[name], tensor, atol=1e-6), name
        net = HeatmapNet(Path(trained["net"]))
        assert (net.input_hw, net.joints, net.skeleton) == ((64, 32), 14, "lsp_14")
        assert (net.reading.alignment, net.reading.decode) == ("stride", "quarter")
        assert net.metadata.trunk["source"] == "resnet18.pth"
        plain = build_net("pose_resnet18.both", joints=14, input_hw=(64, 32)).eval()
        plain.load_state_dict(kept)
        picture = np.full((1, 64, 32, 3), (150, 90, 30), np.uint8)
        mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        fed = torch.from_numpy((picture / 255 - mean) / std).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            expected = plain(fed).numpy()
        assert net.predict_heatmaps(picture)[:, :, :14] == pytest.approx(expected, abs=1e-4)
    found = [
        said(*command, "--data", few)
        for command in (
            ["evaluate-net", more["net"]],
            ["evaluate-bodies", "--estimator", more["net"], "--held-out", "--decode", "dark"],
        )
    ]
    assert [one["n"] for one in found] == [15, 3]
    assert all(0 <= one["pck@0.2"]["share"] <= 1 and one["coco"] is None for one in found)


@pytest.mark.slow
def test_a_light_net_learns_from_what_was_distilled(
    few: Path, workspace: Path, tmp_path: Path, weights_folder: Path
) -> None:
    out = tmp_path / "distilled"
    counts = said("distil-bodies", "--data", few, "-o", out)
    assert (counts["train"], counts["val"]) == (12, 3)
    command = ["train-net", "cpm.body_light", "--data", out, *SIZE, "--steps", "1", "--strong"]
    trained = said(*command, "--start", "cpm.hand_light", "--workspace", workspace)
    assert len(trained["held_out"]["val"]) == 3  # stages
    net = HeatmapNet(Path(trained["net"]))
    assert (net.joints, net.skeleton, net.stages, net.background) == (17, "coco_17", 3, True)
    assert (net.reading.alignment, net.reading.decode) == ("cells", "parabola")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cpm.body_light", "--start", "nobody"], "“nobody” has no weights.safetensors"),
        (["pose_resnet18", "--size", "250x190"], "write it like 256x192"),
        (["pose_resnet19"], "no net “pose_resnet19”"),
        (["pose_resnet18"], "has neither joints.csv"),
    ],
)
def test_what_can_t_be_trained_is_said(arguments, words, tmp_path: Path) -> None:
    done = invoke("train-net", *arguments, "--data", tmp_path)
    assert done.exit_code != 0
    assert words in " ".join(f"{done.output} {done.exception}".split())
