"""Samples of hands in depth: crops, keypoints and units by hand, and each change alone."""

import numpy as np
import pytest

from core.datasets.depth_hands import CropChange, DepthHand, DepthHands, cut_hand_sample
from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.errors import SkeletonError
from core.pose.skeletons.table import NYU_14

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
