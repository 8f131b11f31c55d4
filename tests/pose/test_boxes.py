"""Boxes and crops: whose pixel is whose, by hand."""

import numpy as np
import pytest

from core.pose.boxes import (
    Box,
    Square,
    bounding_box,
    box_iou,
    clip_box,
    fraction_outside,
    map_to_square,
    square_around,
)
from core.pose.crops import cut_square


def points(*xy: tuple[float, float]) -> np.ndarray:
    return np.array(xy, np.float32)


def test_a_box_leaves_missing_keypoints_out():
    assert bounding_box(points((2, 9), (np.nan, np.nan), (5, 3))) == (2, 3, 5, 9)
    with pytest.raises(ValueError, match="all are missing"):
        bounding_box(points((np.nan, np.nan)))


def test_two_boxes_share_what_is_in_both_of_what_is_in_either():
    # 20 x 10 and 20 x 20 share 10 x 5: 50 of 200 + 400 - 50
    assert box_iou(Box(0, 0, 20, 10), Box(10, 5, 30, 25)) == pytest.approx(50 / 550)
    assert box_iou(Box(0, 0, 20, 10), Box(20, 0, 30, 10)) == 0
    assert box_iou(Box(3, 4, 9, 8), Box(3, 4, 9, 8)) == 1


def test_the_crop_is_square_round_the_middle_of_the_hand():
    # box 10 x 20, so the side is 20 * 1.8 = 36 round (15, 30)
    assert square_around(points((10, 20), (20, 40))) == pytest.approx((-3, 12, 36))


def test_a_crop_is_unchanged_at_whole_pixels_averaged_when_shrunk_and_repeats_the_edge():
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    cut = cut_square(picture, Square(7, 5, 16), 16)
    np.testing.assert_array_equal(cut, picture[5:21, 7:23])
    means = picture[2:22, 4:24].reshape(10, 2, 10, 2, 3).mean((1, 3))
    assert np.abs(cut_square(picture, Square(4, 2, 20), 10) - means).max() <= 1
    beyond = cut_square(picture, Square(-5, 0, 10), 10)
    assert (beyond[:, :6] == picture[:10, :1]).all()


@pytest.mark.parametrize(
    "region", [Square(7.0, 12.0, 16.0), Square(4.5, -3.0, 40.0), Square(11.5, 16.2, 8.0)]
)
def test_a_point_lies_on_the_same_thing_in_the_crop(region):
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[19:22, 14:17] = 255  # a white dot round (15, 20)
    x, y = map_to_square(points((15, 20)), region, 64)[0]
    cut = cut_square(picture, region, 64)[..., 0].astype(float)
    rows, columns = np.mgrid[:64, :64]
    centre = (cut * columns).sum() / cut.sum(), (cut * rows).sum() / cut.sum()
    assert (x, y) == pytest.approx(centre, abs=0.1)


def test_keypoints_outside_or_missing_count_as_cut_off():
    hand = points((0, 0), (99, 49), (100, 10), (np.nan, np.nan))
    assert fraction_outside(hand, (50, 100)) == 0.5


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((10, 20, 40, 60), (10, 20, 39, 59)),
        ((-5, -5, 15, 15), (0, 0, 14, 14)),
        ((90, 190, 140, 240), (90, 190, 99, 199)),
        ((10, 20, 10, 60), None),
        ((200, 20, 230, 60), None),
    ],
)
def test_a_box_is_clipped_to_the_picture(box, cut) -> None:
    assert clip_box(Box(*box), (200, 100)) == cut
