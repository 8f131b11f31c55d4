"""Samples of hands in depth: crops, keypoints and units by hand, and each change alone; folders of
them: which frames are held out, and their keypoints."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from core.datasets.depth_hands import (
    CropChange,
    DepthHand,
    DepthHands,
    cut_hand_sample,
    read_depth_hands,
)
from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.depth.io.joint_files import read_joints
from core.depth.io.recorder import record_depth
from core.depth.io.recordings import open_depth
from core.errors import SkeletonError, TableError, TrainingError
from core.pose.skeletons.table import HAND_21, MSRA_21, NYU_14

# 1 px is 2 mm at 500 mm; a cube of 96 mm is 48 px, doubled in the crop
CAMERA = Camera("mine", 250.0, 250.0, 100.0, 60.0, 200, 120)
CUBE = Cube(CAMERA, (100.0, 60.0, 500.0), 96.0)
SPOT_UV = (110, 64)  # one small bright part of the hand


def frame() -> np.ndarray:
    depth = np.zeros((120, 200), np.float32)
    depth[SPOT_UV[1] - 1 : SPOT_UV[1] + 2, SPOT_UV[0] - 1 : SPOT_UV[0] + 2] = 500
    return depth


def hand(held_out: str = "") -> DepthHand:
    xyz = np.tile(CAMERA.to_mm([*SPOT_UV, 500.0]), (14, 1))  # 20, 8, 500
    xyz[5] = np.nan
    return DepthHand(frame, CUBE, xyz, held_out)


def find_spot(crop: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(crop[..., 0] < 1)
    return np.array([columns.mean(), rows.mean()])


@pytest.mark.parametrize(
    ("change", "side_mm", "xyz_mm"),
    [
        (CropChange(), 96, (20, 8, 0)),
        (CropChange(shift_mm=(10.0, -4.0, 6.0)), 96, (10, 12, -6)),
        (CropChange(scale=1.25), 120, (20, 8, 0)),
        (CropChange(turn_deg=90.0), 96, (-8, 20, 0)),
        (CropChange(turn_deg=180.0), 96, (-20, -8, 0)),
        (CropChange(turn_deg=-90.0), 96, (8, -20, 0)),
    ],
)
def test_the_keypoint_and_its_pixels_follow_each_change_in_units(change, side_mm, xyz_mm) -> None:
    crop, keypoints = cut_hand_sample(hand(), change)
    assert crop.shape == (96, 96, 1) and crop.dtype == keypoints.dtype == np.float32
    assert change.change_cube(CUBE).side_mm == side_mm
    np.testing.assert_allclose(keypoints[0, :3] * side_mm / 2, xyz_mm, atol=1e-4)
    assert np.isnan(keypoints[5]).all()
    within = 1.1
    if change == CropChange():
        np.testing.assert_allclose(keypoints[0, 3:], [2 * 34, 2 * 28], atol=1e-5)
        within = 0.6
    np.testing.assert_allclose(find_spot(crop), keypoints[0, 3:], atol=within)
    assert crop.min() == pytest.approx(keypoints[0, 2])
    assert (crop[0] == 1).all()  # filled as unseen


def test_a_turn_goes_clockwise_and_keeps_depths() -> None:
    found = CUBE.rotate_points(np.array([[20.0, 0.0, 500.0], [26.0, 0.0, 650.0]]), 90.0)
    np.testing.assert_allclose(found, [[0, 20, 500], [0, 26, 650]], atol=1e-9)


def test_one_of_four_changes_is_drawn_each_as_often() -> None:
    rng = np.random.default_rng(0)
    drawn = [CropChange.draw(rng) for _ in range(2000)]
    kinds = [
        [one for one in drawn if one.shift_mm != (0, 0, 0)],
        [one for one in drawn if one.turn_deg],
        [one for one in drawn if one.scale != 1],
        [one for one in drawn if one == CropChange()],
    ]
    assert sum(map(len, kinds)) == 2000
    assert all(430 < len(kind) < 570 for kind in kinds)
    shifts = np.array([one.shift_mm for one in kinds[0]])
    assert 9 < shifts.std() < 11 and abs(shifts.mean()) < 1
    turns = np.array([one.turn_deg for one in kinds[1]])
    assert turns.min() < -170 and turns.max() > 170
    assert 0.045 < np.std([one.scale for one in kinds[2]]) < 0.055


def test_errors_are_measured_in_units_of_100_mm_of_one_skeleton() -> None:
    _, keypoints, unit = DepthHands(NYU_14, [hand()]).load_evaluation_sample(0, (96, 96))
    np.testing.assert_allclose(keypoints[0, 0] / unit, 0.2, atol=1e-6)  # 20 mm from the centre
    with pytest.raises(SkeletonError, match="the hands have 3 keypoints, nyu_14 has 14"):
        DepthHands(NYU_14, [DepthHand(frame, CUBE, np.zeros((3, 3)))])


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
