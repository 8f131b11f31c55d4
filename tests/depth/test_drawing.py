"""Depth in colours, of depths made by hand."""

import numpy as np

from core.depth.cameras import Camera
from core.depth.drawing import (
    UNSEEN,
    choose_depth_range,
    colour_depth,
    list_scale_colours,
    quantise_crop,
)
from core.depth.frames import DepthFrame

CAMERA = Camera("mine", 50.0, 50.0, 2.0, 1.0, 4, 2)


def test_near_is_red_far_is_blue_and_what_was_not_seen_is_black():
    depth = np.array([[500, 1200, 1650, 2000], [400, 2500, 0, 900]], np.float32)
    (near, green, blue, far), (nearer, farther, unseen, _) = colour_depth(depth, (500, 2000))
    assert near[0] > 100 and near[2] < 20 and green[1] == max(green) and blue[2] == max(blue)
    np.testing.assert_array_equal(nearer, near)
    np.testing.assert_array_equal(farther, far)
    assert unseen.tolist() == [0, 0, 0] and far.tolist() != [0, 0, 0]
    scale = list_scale_colours(5)
    assert [scale[0], scale[4]] == ["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in (near, far)]


def test_the_range_is_what_is_seen_rounded_outwards():
    depth = np.tile(np.array([0, 612, 700, 1388], np.float32), (2, 1))
    assert choose_depth_range([DepthFrame(depth, CAMERA, 0.0, 0)]) == (600.0, 1400.0)
    nothing = DepthFrame(np.zeros((2, 4), np.float32), CAMERA, 0.0, 0)
    assert choose_depth_range([nothing]) == (500.0, 2000.0)


def test_the_far_face_of_a_crop_counts_as_unseen():
    crop = np.array([[-1.0, 0.0, 0.99, 1.0]], np.float32)
    assert quantise_crop(crop).tolist() == [[0, 128, 254, UNSEEN]]
