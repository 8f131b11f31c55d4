"""Folders of hands in depth: which frames are held out, and their keypoints."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from core.datasets.depth_hands import CropChange, cut_hand_sample, read_depth_hands
from core.depth.io.joint_files import read_joints
from core.depth.io.recorder import record_depth
from core.depth.io.recordings import open_depth
from core.errors import TableError, TrainingError
from core.pose.skeletons.table import HAND_21, MSRA_21, NYU_14


@pytest.fixture
def nyu(shared_data: Path, tmp_path: Path) -> Path:
    """NYU's layout: the real first test frame, and two labels to learn from without frames."""
    labels = read_joints(shared_data / "depth" / "nyu_test_label.txt")
    for part, rows in (("train", labels[:2]), ("test", labels[:1])):
        uvd = np.ones((3, len(rows), 36, 3))
        uvd[0][:, [0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32]] = rows
        (tmp_path / "nyu" / part).mkdir(parents=True)
        savemat(tmp_path / "nyu" / part / "joint_data.mat", {"joint_uvd": uvd})
    shutil.copy(shared_data / "depth" / "depth_1_0000001.png", tmp_path / "nyu" / "test")
    return tmp_path / "nyu"


def test_nyu_s_test_frames_are_held_out_and_the_hand_is_in_its_crop(nyu: Path) -> None:
    data = read_depth_hands(nyu, NYU_14)
    assert list(data.rows("")) == [0, 1] and list(data.rows("held out")) == [2]
    crop, keypoints = cut_hand_sample(data.hands[2], CropChange())
    inside = keypoints[:, 3:].astype(int)
    seen = crop[inside[:, 1], inside[:, 0], 0]
    # the surface is before each keypoint: by up to 33 mm, at the crop's nearest pixel by up to 40
    assert (seen < keypoints[:, 2]).all() and (seen > keypoints[:, 2] - 40 / 125).all()
    assert np.abs(keypoints[:, :3]).max() < 1
    np.testing.assert_allclose(keypoints[:, :3].mean(axis=0), 0, atol=1e-6)


def test_a_set_with_other_keypoints_than_the_net_s_is_an_error(nyu: Path) -> None:
    with pytest.raises(TrainingError, match="keypoints of nyu_14, the net those of msra_21"):
        read_depth_hands(nyu, MSRA_21)


def test_msra_s_first_person_is_held_out(tmp_path: Path) -> None:
    for person in ("P0", "P1", "P2"):
        folder = tmp_path / person / "5"
        folder.mkdir(parents=True)
        (folder / "joint.txt").write_text("1\n" + " ".join(["5", "5", "-400"] * 21) + "\n")
    data = read_depth_hands(tmp_path, MSRA_21)
    assert [hand.held_out for hand in data.hands] == ["held out", "", ""]
    assert data.hands[0].cube.side_mm == 175


def write_table(
    folder: Path, rows: int, joints: tuple[str, ...] = HAND_21.joints, depth: int = 400
) -> Path:
    columns = ["picture", "hand", "fx", "fy", "u0", "v0", "width", "height"]
    columns += [f"{joint}_{axis}" for joint in joints for axis in "xyz"]
    camera = "right,500,510,60,40,120,90"
    lines = [
        f"{number:06d}.png,{camera}," + ",".join(f"{j},{-j},{depth}" for j in range(len(joints)))
        for number in range(rows)
    ]
    (folder / "joints.csv").write_text("\n".join([",".join(columns), *lines]) + "\n")
    return folder


def test_rendered_hands_have_a_camera_each_and_the_last_tenth_is_held_out(tmp_path: Path) -> None:
    data = read_depth_hands(write_table(tmp_path, 25), HAND_21)
    assert [hand.held_out for hand in data.hands] == [""] * 23 + ["held out"] * 2
    hand = data.hands[3]
    assert (hand.cube.camera.fy, hand.cube.camera.u0, hand.cube.camera.width) == (510, 60, 120)
    np.testing.assert_array_equal(hand.xyz_mm[7], [7, -7, 400])
    np.testing.assert_allclose(hand.cube.centre_mm, [10, -10, 400])


def test_camera_and_unit_may_be_in_a_file_beside_the_table(shared_data, tmp_path: Path) -> None:
    """The real frames' camera is in a file; recorded again, they have it in the table."""
    source = shared_data / "depth" / "rgbd21"
    with open_depth(source) as frames:
        record_depth(frames, tmp_path / "again", frames=2)
    beside, within = (
        read_depth_hands(path, HAND_21).hands for path in (source, tmp_path / "again")
    )
    for one, same in zip(beside[:2], within, strict=True):
        np.testing.assert_allclose(one.cube.centre_mm, same.cube.centre_mm, atol=1e-2)
        assert one.cube.camera.fx == same.cube.camera.fx
        np.testing.assert_array_equal(one.read_frame(), same.read_frame())
    eighths = tmp_path / "again" / "camera.json"
    eighths.write_text(json.dumps(json.loads(eighths.read_text()) | {"unit_mm": 0.125}))
    again = read_depth_hands(tmp_path / "again", HAND_21).hands[0]
    np.testing.assert_array_equal(again.read_frame(), within[0].read_frame() / 8)


def test_another_folder_or_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is none of NYU"):
        read_depth_hands(tmp_path, HAND_21)
    with pytest.raises(TableError, match=r"no column wrist_x: expected .* keypoint of hand_21"):
        read_depth_hands(write_table(tmp_path, 2, ("palm",)), HAND_21)
    with pytest.raises(TableError, match="behind the camera"):
        read_depth_hands(write_table(tmp_path, 2, depth=-400), HAND_21)
    text = write_table(tmp_path, 2).joinpath("joints.csv").read_text()
    (tmp_path / "joints.csv").write_text(text.replace(",510,", ",wide,"))
    with pytest.raises(TableError, match="line 2: “wide” is no number"):
        read_depth_hands(tmp_path, HAND_21)
