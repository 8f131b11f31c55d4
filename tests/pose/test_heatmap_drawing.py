"""Heatmaps to look at: colours where the heatmaps are, the picture where there are none."""

import numpy as np
import pytest

from core.pose.drawing import draw_estimate
from core.pose.heatmap_drawing import (
    TILE,
    VIEWS,
    colour_bar,
    combined,
    keypoint_tiles,
    mosaic,
    over_picture,
    stage_tiles,
    with_maps,
)
from core.pose.heatmaps import heatmap_keypoints
from core.pose.types import Estimate, Heatmaps, Pose

GREY = 100


@pytest.fixture
def heatmaps() -> Heatmaps:
    """Two stages of 21 keypoints: in the last, keypoint 8 is sure at cell (10, 4)."""
    maps = np.zeros((2, 22, 32, 32), np.float32)
    maps[:, -1] = 1
    maps[0, 8, 4, 10] = 0.3
    maps[1, 8, 4, 10] = 1.0
    return Heatmaps(maps, (50.0, 20.0, 64.0), np.full((128, 128, 3), GREY, np.uint8))


def test_the_strongest_keypoint_shows_and_the_background_does_not(heatmaps):
    assert combined(heatmaps, 1).max() == 1
    assert combined(heatmaps, 1)[20, 20] == 0
    assert combined(heatmaps, 1, joint=21)[20, 20] == 1


def test_a_heatmap_is_drawn_where_its_cell_lies_in_the_picture(heatmaps):
    # cell (10, 4) of 2 pixels each: picture pixel 50 + 20.5, 20 + 8.5
    rgb = np.full((120, 160, 3), GREY, np.uint8)
    out = over_picture(rgb, [heatmaps], 1)
    red = out[..., 0].astype(int) - out[..., 2]
    y, x = np.unravel_index(red.argmax(), red.shape)
    assert abs(x - 70.5) <= 1
    assert abs(y - 28.5) <= 1
    assert (out[:, 130:] == GREY).all()
    assert (rgb == GREY).all()


@pytest.mark.parametrize("region", [(-40.0, -30.0, 64.0), (140.0, 100.0, 64.0), (900.0, 0.0, 64.0)])
def test_squares_beyond_the_border_are_drawn_as_far_as_they_are_seen(heatmaps, region):
    moved = Heatmaps(heatmaps.maps, region, heatmaps.crop)
    assert over_picture(np.zeros((120, 160, 3), np.uint8), [moved], 1).shape == (120, 160, 3)


def test_every_stage_and_every_keypoint_gets_its_tile(heatmaps):
    assert len(stage_tiles(heatmaps)) == 3
    tiles = keypoint_tiles(heatmaps, 1)
    assert len(tiles) == 22
    middle = tiles[8][30:, :]  # without the title
    assert (middle != GREY).any()
    assert (tiles[9][30:] == GREY).all()
    assert mosaic(tiles, 8).shape == (3 * TILE, 8 * TILE, 3)


@pytest.mark.parametrize("joints", [14, 33])
def test_a_net_of_another_keypoint_count_is_drawn_too(joints):
    maps = np.zeros((6, joints + 1, 46, 46), np.float32)
    maps[:, np.arange(joints), 10, np.arange(joints)] = 1
    body = Heatmaps(maps, (10.0, 5.0, 100.0), np.full((368, 368, 3), GREY, np.uint8))
    assert len(stage_tiles(body)) == 7
    assert len(keypoint_tiles(body, 5)) == joints + 1
    rgb = np.zeros((120, 160, 3), np.uint8)
    for view in VIEWS:
        assert with_maps(rgb, body, view).shape[2] == 3
    pose = Pose(*heatmap_keypoints(body), 1.0)
    assert (draw_estimate(rgb, Estimate((pose,), (120, 160), "cpm.body")) != rgb).any()


def test_the_bar_runs_from_blue_to_red():
    bar = colour_bar(100, 4)
    assert bar.shape == (4, 100, 3)
    assert bar[0, 12, 2] > bar[0, 12, 0]
    assert bar[0, 90, 0] > bar[0, 90, 2]
