"""Nets of depth: metadata that are not theirs are errors; rotated crops are rotated back; palms are
located by a net that sees what is 500 mm deep."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.errors import WeightsError
from core.estimators.depth_nets import DepthNet, PalmDetector, shrink_depth_frame
from core.estimators.heatmap_net import HeatmapNet
from core.modelfiles.model_folder import DepthMetadata, is_net_folder
from core.paths import Paths
from tests.support.massing_net import save_massing_net
from tests.support.seeing_net import save_seeing_net

ABOUT = {
    "name": "crossinfonet.mine",
    "input": "depth",
    "input_hw": [96, 96],
    "joints": 21,
    "skeleton": "hand_21",
    "sha256": "0" * 64,
}


def folder_of(folder: Path, metadata: str) -> Path:
    (folder / "metadata.json").write_text(metadata)
    (folder / "model.onnx").write_bytes(b"x")
    return folder


PICTURE_NET = Paths.shipped_models / "cpm.hand_light"


@pytest.mark.parametrize("open_net", [DepthNet, PalmDetector])
def test_a_net_of_another_kind_and_an_empty_folder_are_errors(tmp_path: Path, open_net) -> None:
    for folder, error in ((PICTURE_NET, "for pictures, not depth"), (tmp_path, "no net in")):
        assert not is_net_folder(folder, DepthMetadata)
        with pytest.raises(WeightsError, match=error):
            open_net(folder)
    with pytest.raises(WeightsError, match="a net for depth, not pictures"):
        HeatmapNet(folder_of(tmp_path, json.dumps(ABOUT)))


TURNS = ["[]", "30", '["30"]', "[true]", "[181]", "[NaN]", str([0] * 9)]


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        (json.dumps(ABOUT), r"model\.onnx was altered"),
        ("{", r"metadata\.json can.t be read"),
        ("[]", r"metadata\.json can.t be read"),
        *((json.dumps(ABOUT)[:-1] + f', "turns_deg": {t}}}', "“turns_deg") for t in TURNS),
    ],
)
def test_invalid_metadata_and_an_altered_or_missing_graph_are_errors(
    tmp_path: Path, metadata: str, error: str
) -> None:
    folder_of(tmp_path, metadata)
    assert is_net_folder(tmp_path, DepthMetadata) == ("altered" in error)
    with pytest.raises(WeightsError, match=error):
        DepthNet(tmp_path)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(WeightsError, match=r"no net in.*model\.onnx"):
        DepthNet(tmp_path)


# 1 px is 2 mm at 500 mm; a cube of 96 mm is 48 px, doubled in the crop
CUBE = Cube(Camera("mine", 250.0, 250.0, 100.0, 60.0, 200, 120), (100.0, 60.0, 500.0), 96.0)


@pytest.mark.parametrize("turns_deg", [[0], [0, 90, -90], [45]])
def test_keypoints_of_a_rotated_crop_are_rotated_back(tmp_path, turns_deg) -> None:
    """The net's keypoints lie round the middle of what a crop shows."""
    save_massing_net(tmp_path / "net")
    metadata = tmp_path / "net" / "metadata.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"turns_deg": turns_deg}))
    crop = np.ones((96, 96), np.float32)
    crop[43:53, 73:83] = 0  # 30 px to the right of the middle, which are 30 mm
    found = DepthNet(tmp_path / "net").find_keypoints_mm(CUBE, crop)
    np.testing.assert_allclose(found.mean(0), [30, 0, 500], atol=0.5)


@pytest.fixture(scope="module")
def palm_net(tmp_path_factory) -> PalmDetector:
    folder = tmp_path_factory.mktemp("palmnet.mine")
    save_seeing_net(folder)
    return PalmDetector(folder)


def test_a_peak_is_the_centre_of_its_cell_s_pixels(palm_net) -> None:
    # a frame twice the net's size: cell 3, 2 is its pixels 12 to 15, 8 to 11, the frame's 24 to 31,
    # 16 to 23
    frame = np.full((48, 64), 1000, np.float32)
    frame[16:24, 24:32] = 500
    assert palm_net.find_palm(frame) == ((27.5, 19.5, 500.0), 1.0)
    frame[:] = 1000
    frame[40:, 56:] = 500  # in a corner
    assert palm_net.find_palm(frame)[0] == (59.5, 43.5, 500.0)
    assert palm_net.find_palm(np.zeros_like(frame))[1] == 0


def test_a_peak_is_averaged_with_its_neighbours(palm_net) -> None:
    frame = np.full((24, 32), 1000, np.float32)
    frame[8:12, 12:16] = 500
    frame[8:12, 16:20] = 600
    # a third of the way to the next cell, whose middle is 4 px farther
    uvd, _ = palm_net.find_palm(frame)
    np.testing.assert_allclose(uvd, (13.5 + 4 / 3, 9.5, 500 + 100 / 3), rtol=1e-6)


def test_a_part_of_a_frame_has_the_score_of_its_highest_cell(palm_net) -> None:
    frame = np.full((48, 64), 1000, np.float32)
    frame[16:24, 24:32] = 500  # its cell's middle is 27.5, 19.5
    frame[16:24, 40:48] = 600
    assert palm_net.find_max_palm_score(frame, (20, 10, 30, 20)) == 1.0
    assert palm_net.find_max_palm_score(frame, (28, 10, 50, 30)) == 0.5
    assert palm_net.find_max_palm_score(frame, (20, 20, 40, 40)) == 0
    assert palm_net.find_max_palm_score(frame, (-90, -90, -50, -50)) == 0


def test_a_frame_is_shrunk_by_nearest_pixels() -> None:
    frame = np.arange(8 * 12, dtype=np.float32).reshape(8, 12)
    small, scale = shrink_depth_frame(frame, (4, 6))
    assert scale == 2
    # pixel 1 of each pair, whose middle is at 0.5
    np.testing.assert_array_equal(small, frame[1::2, 1::2])
    # one of another shape stays in the upper left corner
    wide, scale = shrink_depth_frame(np.full((8, 24), 700, np.float32), (4, 6))
    assert scale == 4 and (wide[:2] == 700).all() and (wide[2:] == 0).all()
    small, scale = shrink_depth_frame(np.full((2, 3), 700, np.float32), (4, 6))
    assert scale == 0.5 and (small == 700).all()
