"""A hand without a net: which band it is found in, and centres of mass by hand."""

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.depth.segmentation import (
    centre_cube,
    find_nearest_object,
    list_cube_pixels,
    measure_area_mm2,
)

# 1 px is 2 mm at 500 mm; the searched 160 columns are every second one
CAMERA = Camera("mine", 250.0, 250.0, 160.0, 120.0, 320, 240)
EVERYWHERE = slice(0, 240), slice(0, 320)
HAND = (slice(80, 120), slice(200, 230), 500.0)  # its middle: 214.5, 99.5


def frame(*boards: tuple[slice, slice, float]) -> np.ndarray:
    """Boards that face the camera: rows, columns, mm."""
    depth = np.zeros((240, 320), np.float32)
    for rows, columns, mm in boards:
        depth[rows, columns] = mm
    return depth


def test_pixels_in_a_cube_are_within_all_its_faces() -> None:
    depth = frame((*EVERYWHERE, 700.0), HAND)
    depth[90, 210:214] = 449.0, 450.0, 550.0, 551.0
    # 100 mm at 500 mm: 25 px to each side of 210, 100
    pixels = list_cube_pixels(depth, Cube(CAMERA, (210.0, 100.0, 500.0), 100.0))
    assert len(pixels) == 40 * 30 - 2
    assert {450.0, 500.0, 550.0} == set(pixels[:, 2])
    assert pixels[:, :2].min(0).tolist() == [200, 80]
    assert pixels[:, :2].max(0).tolist() == [229, 119]
    wall = frame((*EVERYWHERE, 500.0))  # beyond the picture there are none
    assert len(list_cube_pixels(wall, Cube(CAMERA, (0.0, 0.0, 500.0), 100.0))) == 25 * 25
    assert len(list_cube_pixels(wall, Cube(CAMERA, (-60.0, 100.0, 500.0), 100.0))) == 0
    board = list_cube_pixels(frame(HAND), Cube(CAMERA, (214.5, 99.5, 500.0), 200.0))
    assert measure_area_mm2(board, CAMERA) == pytest.approx(80 * 60)  # 40 x 30 px of 2 mm


def test_a_cube_moves_to_the_centre_of_mass_and_an_empty_one_stays() -> None:
    depth = frame(HAND)
    start = Cube(CAMERA, (190.0, 99.5, 480.0), 100.0)  # 26 px at 480 mm: to column 215
    once = centre_cube(depth, start, steps=1)
    assert once.centre_uvd == (207.5, 99.5, 500.0)  # of columns 200 to 215
    assert centre_cube(depth, start).centre_uvd == (214.5, 99.5, 500.0)
    empty = Cube(CAMERA, (50.0, 50.0, 500.0), 100.0)
    assert centre_cube(depth, empty) == empty


@pytest.mark.parametrize(
    "other",
    [
        (slice(0, 240), slice(0, 160), 900.0),
        # 200 px of a camera of 588 px are 36 of this one: 25 are too few
        (slice(10, 15), slice(10, 15), 300.0),
    ],
    ids=["larger behind it", "speck in front"],
)
def test_the_nearest_object_is_the_hand(other) -> None:
    found = find_nearest_object(frame(other, HAND), CAMERA, 250.0)
    assert found == Cube(CAMERA, (214.5, 99.5, 500.0), 250.0)
    assert find_nearest_object(frame((*EVERYWHERE, 1600.0)), CAMERA, 250.0) is None
