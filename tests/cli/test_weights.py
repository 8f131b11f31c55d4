"""The commands for published weights: what the page of the table says, import, verify, one-line
errors."""

import math
import shutil

import numpy as np
import pytest

from core.errors import WeightsError
from core.modelfiles.catalogue import WEIGHTS, expected_shapes
from tests.cli.conftest import said, told
from tests.modelfiles.caffe_file import caffemodel


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("WEIGHTS", "WORKSPACE"):
        monkeypatch.setenv(f"MUDRA_{name}", str(tmp_path / name.lower()))


def likely_arrays(name):
    """Random ones of such a size that a net of them answers with finite numbers."""
    rng = np.random.default_rng(0)
    return {
        array: rng.standard_normal(shape, np.float32) / max(1, math.prod(shape[1:])) ** 0.5
        for array, shape in expected_shapes(name).items()
    }


def test_the_nets_that_ship_are_listed_as_ready_to_use():
    ready, published = told("weights", "list").split("Published weights:\n")
    first, *nets = ready.splitlines()
    assert first == "Ready to use, as `--estimator NAME` and on Heatmaps:"
    assert nets == [
        "✅ cpm.hand_light: 21 keypoints of a hand, 3 stages; ships with Mudra (Apache-2.0)",
        "✅ cpm.body_light: 17 keypoints of a body, 3 stages; ships with Mudra (Apache-2.0)",
        "✅ movenet.thunder: 17 keypoints of a body, 1 stage; ships with Mudra (Apache-2.0)",
    ]
    assert published.startswith("–  cpm.openpose_hand")


def test_weights_are_listed_imported_and_verified(tmp_path):
    file = tmp_path / "hand.caffemodel"
    file.write_bytes(caffemodel(likely_arrays("cpm.seed_hand")))
    told("weights", "import", "cpm.seed_hand", file)
    assert (tmp_path / "workspace" / "nets" / "cpm.seed_hand" / "model.onnx").is_file()
    file.unlink()
    assert said("weights", "verify", "cpm.seed_hand")["parameters"] == 24_316_162
    listed = said("weights", "list")
    rows, nets = listed["weights"], {net["name"]: net for net in listed["nets"]}
    assert [row["name"] for row in rows if row["here"]] == ["cpm.seed_hand"]
    given, shipped = nets["cpm.seed_hand"], nets["cpm.body_light"]
    assert (given["shipped"], given["skeleton"], given["stages"]) == (False, "hand_21", 3)
    assert (shipped["shipped"], shipped["skeleton"], shipped["stages"]) == (True, "coco_17", 3)
    assert len(nets) == 4 and shipped["licence"] == "Apache-2.0"
    assert [row["name"] for row in rows] == list(WEIGHTS)
    assert all(len(row["verified_by"]) == len(row["sources"]) for row in rows)
    assert all(source["licence"] for row in rows for source in row["sources"])
    shutil.rmtree(tmp_path / "workspace")  # 100 MB each
    (tmp_path / "weights" / "cpm.seed_hand.safetensors").unlink()


def test_the_list_says_how_each_net_is_fed_and_its_file_verified():
    text = told("weights", "list")
    microsoft = text.partition("pose_resnet50.microsoft_256x192")[2].partition("pose_resnet50.")[0]
    assert "input: BGR" in microsoft and "no sha256 is published" in microsoft
    backbone = text.partition("resnet18.imagenet")[2]
    assert "input: RGB" in backbone and "the first digits of its sha256, f37072fd" in backbone


def test_what_can_not_be_imported_verified_or_fetched_is_an_error(tmp_path):
    file = tmp_path / "other.caffemodel"
    file.write_bytes(caffemodel({"a.weight": np.ones((1, 1, 1, 1)), "a.bias": np.ones(1)}))
    for arguments in (("import", "cpm.body", str(file)), ("verify", "cpm.body"), ("fetch", "x")):
        with pytest.raises(WeightsError):
            told("weights", *arguments)
