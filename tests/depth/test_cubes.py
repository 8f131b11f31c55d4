"""The cube around a hand: bounds, crops and places by hand, and on a real frame."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.cubes import SIDE, Cube
from core.depth.io.images import read_depth
from core.depth.io.joint_files import read_joints
from core.errors import MediaError

# 1 px is 2 mm at 500 mm: a cube of 96 mm is 48 px wide, each of which is 2 px of the crop
CAMERA = Camera("mine", 250.0, 250.0, 100.0, 60.0, 200, 120)
CUBE = Cube(CAMERA, (100.0, 60.0, 500.0), 96.0)


def frame(value: float = 0.0) -> np.ndarray:
    return np.full((120, 200), value, np.float32)


def test_a_cube_s_bounds_are_its_middle_s_face_in_whole_pixels() -> None:
    assert CUBE.bounds == (76, 36, 124, 84)
    # 24.4 px to each side: 75.9 … 124.7 round to 76 … 125
    assert Cube(CAMERA, (100.3, 60.0, 500.0), 97.6).bounds[::2] == (76, 125)
    # half is rounded up, also below 0
    assert Cube(CAMERA, (24.5, 12.5, 500.0), 96.0).bounds == (1, -11, 49, 37)


def test_a_depth_is_minus_1_at_the_near_face_and_1_at_the_far_one() -> None:
    depth = frame()
    rows = {40: 452.0, 42: 476.0, 44: 500.0, 46: 524.0, 48: 548.0, 50: 430.0, 52: 549.0, 54: 0.0}
    for row, value in rows.items():
        depth[row] = value
    crop = CUBE.cut_crop(depth)
    found = [float(crop[2 * (row - 36), 50]) for row in rows]
    # at the near face, half way, middle, half way, far face; before the cube; behind; not seen
    assert found == [-1, -0.5, 0, 0.5, 1, -1, 1, 1]
    far = Cube(CAMERA, (100.0, 60.0, 1500.0), 288.0)  # no sensor measures 1501 or 9
    for value, expected in ((1500.0, 0.0), (1501.0, 1.0), (1356.0, -1.0)):
        assert float(far.cut_crop(frame(value))[48, 48]) == expected
    assert float(Cube(CAMERA, (100.0, 60.0, 12.0), 20.0).cut_crop(frame(9.0))[48, 48]) == 1


def test_the_shorter_side_and_what_is_outside_the_frame_are_far() -> None:
    wide = Cube(Camera("wide", 250.0, 125.0, 100.0, 60.0, 200, 120), (100.0, 60.0, 500.0), 96.0)
    assert wide.bounds == (76, 48, 124, 72)
    crop = wide.cut_crop(frame(500.0))
    assert (crop[24:72] == 0).all() and (crop[:24] == 1).all() and (crop[72:] == 1).all()
    crop = Cube(CAMERA, (10.0, 110.0, 500.0), 96.0).cut_crop(frame(500.0))
    # 24 px to the left of u = 10 is −14: 14 columns, 28 of the crop, are outside; 14 rows below
    assert (crop[:68, 28:] == 0).all() and (crop[:, :28] == 1).all() and (crop[68:] == 1).all()


def test_a_mark_in_the_frame_is_found_at_its_place_in_the_crop() -> None:
    cube = Cube(CAMERA, (97.3, 63.8, 431.0), 133.0)
    depth = frame()
    depth[70, 104] = 431.0
    rows, columns = np.nonzero(cube.cut_crop(depth) == 0)
    place = cube.placement.to_crop([104, 70, 431.0])
    np.testing.assert_allclose(place, [45 * 96 / 77] * 2)  # bounds 59 … 136, 25 … 102
    assert set(columns) == set(rows) == {57}


def test_points_in_a_cube_are_units_of_half_its_side_and_come_back() -> None:
    xyz = np.array([[0.0, 0.0, 500.0], [48.0, -24.0, 524.0]])
    np.testing.assert_allclose(CUBE.to_units(xyz), [[0, 0, 0], [1, -0.5, 0.5]])
    np.testing.assert_allclose(CUBE.from_units(CUBE.to_units(xyz)), xyz)
    assert np.isnan(CUBE.to_units([np.nan] * 3)).all()


@pytest.mark.parametrize(
    ("centre", "side"),
    [((1.0, 1.0, 0.0), 250.0), ((1.0, np.nan, 5.0), 250.0), ((1.0, 1.0, 500.0), 0.0)],
)
def test_a_cube_needs_depth_and_side(centre, side) -> None:
    with pytest.raises(MediaError, match="can't be cut out"):
        Cube(CAMERA, centre, side)

    with pytest.raises(MediaError, match="smaller than a pixel"):
        Cube(CAMERA, (100.0, 60.0, 9e6), 96.0).cut_crop(frame())


def test_a_250_mm_cube_at_the_published_centres_holds_the_published_fraction(
    shared_data: Path,
) -> None:
    labels = read_joints(shared_data / "depth" / "nyu_test_label.txt")
    centres = read_joints(shared_data / "depth" / "nyu_center_test.txt")
    camera = CAMERAS["nyu"]
    away = np.abs(camera.to_mm(labels) - camera.to_mm(centres)).max(axis=(1, 2))
    assert round(100 * (away <= 125).mean(), 2) == 99.27
    assert round(100 * (away <= 150).mean(), 2) == 99.92


def test_nyu_s_real_frame_is_cropped_as_another_program_did(shared_data: Path) -> None:
    """Another program's 8-bit crop of the same frame, 128 px, cube of 300 mm."""
    folder = shared_data / "depth"
    cube = Cube(CAMERAS["nyu"], (204.5, 286.8, 784.3), 300.0)
    crop = cube.cut_crop(read_depth(folder / "depth_1_0000001.png"))
    grey = cv2.imread(str(folder / "nyu_crops" / "0.png"), cv2.IMREAD_UNCHANGED)
    theirs = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) / 127.5 - 1
    apart = np.abs(crop - theirs)
    assert np.median(apart) < 0.02  # 3 mm
    assert (apart < 0.1).mean() > 0.97
