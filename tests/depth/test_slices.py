"""A hand without a net: which slice it is found in, and centres of mass by hand."""

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.cubes import Cube
from core.depth.slices import area_mm2, nearest_thing, pixels_in, refined

# 1 px is 2 mm at 500 mm; the slices' 160 columns are every second one
CAMERA = Camera("mine", 250.0, 250.0, 160.0, 120.0, 320, 240)


def frame(*boards: tuple[slice, slice, float]) -> np.ndarray:
    """Boards that face the camera: rows, columns, mm."""
    depth = np.zeros((240, 320), np.float32)
    for rows, columns, mm in boards:
        depth[rows, columns] = mm
    return depth


HAND = (slice(80, 120), slice(200, 230), 500.0)  # its middle: 214.5, 99.5


def test_pixels_in_a_cube_are_within_all_its_faces() -> None:
    depth = frame((slice(0, 240), slice(0, 320), 700.0), HAND)
    depth[90, 210:214] = 449.0, 450.0, 550.0, 551.0
    # 100 mm at 500 mm: 25 px to each side of 210, 100
    held = pixels_in(depth, Cube(CAMERA, (210.0, 100.0, 500.0), 100.0))
    assert len(held) == 40 * 30 - 2
    assert {450.0, 500.0, 550.0} == set(held[:, 2])
    assert held[:, :2].min(0).tolist() == [200, 80] and held[:, :2].max(0).tolist() == [229, 119]


def test_a_cube_at_the_picture_s_edge_or_beyond_holds_what_is_seen_of_it() -> None:
    depth = frame((slice(0, 240), slice(0, 320), 500.0))
    corner = pixels_in(depth, Cube(CAMERA, (0.0, 0.0, 500.0), 100.0))
    assert len(corner) == 25 * 25
    assert len(pixels_in(depth, Cube(CAMERA, (-60.0, 100.0, 500.0), 100.0))) == 0


def test_a_board_s_area_is_that_of_its_sides() -> None:
    # 40 x 30 px of 2 mm
    held = pixels_in(frame(HAND), Cube(CAMERA, (214.5, 99.5, 500.0), 200.0))
    assert area_mm2(held, CAMERA) == pytest.approx(80 * 60)


def test_the_centre_of_mass_moves_until_the_cube_holds_the_whole() -> None:
    depth = frame(HAND)
    start = Cube(CAMERA, (190.0, 99.5, 480.0), 100.0)  # 26 px at 480 mm: to column 215
    once = refined(depth, start, times=1)
    assert once.centre_uvd == (207.5, 99.5, 500.0)  # of columns 200 to 215
    assert refined(depth, start).centre_uvd == (214.5, 99.5, 500.0)


def test_an_empty_cube_stays_where_it_is() -> None:
    start = Cube(CAMERA, (50.0, 50.0, 500.0), 100.0)
    assert refined(frame(HAND), start) == start


def test_what_stands_nearest_is_found_before_a_larger_thing_behind_it() -> None:
    found = nearest_thing(frame((slice(0, 240), slice(0, 160), 900.0), HAND), CAMERA, 250.0)
    assert found is not None and found.centre_uvd == (214.5, 99.5, 500.0)
    assert found.side_mm == 250.0


def test_specks_before_it_are_no_hand() -> None:
    # 200 px of a camera of 588 px are 36 of this one: a speck of 25 is too small
    speck = (slice(10, 15), slice(10, 15), 300.0)
    found = nearest_thing(frame(speck, HAND), CAMERA, 250.0)
    assert found is not None and found.centre_uvd == (214.5, 99.5, 500.0)


def test_an_empty_frame_has_nothing_nearest() -> None:
    assert nearest_thing(frame(), CAMERA, 250.0) is None
    beyond = frame((slice(0, 240), slice(0, 320), 1600.0))
    assert nearest_thing(beyond, CAMERA, 250.0) is None
