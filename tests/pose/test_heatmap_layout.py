"""Where the tiles of a picture with heatmaps lie: worked out by hand for 21 keypoints."""

import numpy as np
import pytest

from core.pose.drawing.heatmap_layout import (
    ATTENTION,
    JOINT,
    KEYPOINTS,
    LEAST_STAGE,
    LEAST_TILE,
    PICTURE,
    STAGE,
    TRACK,
    Maps,
    Tile,
    enlarged_keypoint_after_click,
    layout_tiles,
)
from core.pose.skeletons.table import HAND_21, SKELETONS, Skeleton

WRIST, THUMB_CMC, INDEX_TIP, LITTLE_TIP, BACKGROUND = 0, 1, 8, 20, 21


def hand(view, width=960, joint=None, stages=3):
    return layout_tiles(Maps(view, joint=joint, width=width), HAND_21, stages)


def place(layout, kind, number=0):
    [tile] = [one for one in layout.tiles if (one.kind, one.number) == (kind, number)]
    return tile.x, tile.y, tile.width, tile.height


SHOWN = ((JOINT, WRIST), (PICTURE, 0), (KEYPOINTS, 0), (JOINT, BACKGROUND))
SHOWN += ((JOINT, THUMB_CMC), (JOINT, INDEX_TIP), (JOINT, LITTLE_TIP))


@pytest.mark.parametrize(
    ("width", "size_hw", "cells"),
    [
        # six columns of 160: every finger is a column, the wrist beside the thumb
        (960, (640, 960), [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (2, 3), (5, 3)]),
        # 780 / 5 = 156: no finger fits a column, the keypoints follow each other along the rows
        (780, (780, 780), [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (1, 2), (3, 4)]),
        # 700 / 4 = 175, even: 174; every finger is a row
        (700, (6 * 174, 696), [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (3, 2), (3, 5)]),
    ],
)
def test_keypoints_lie_finger_by_finger_along_the_shorter_side(width, size_hw, cells):
    layout = hand("hm", width)
    side = {960: 160, 780: 156, 700: 174}[width]
    assert layout.size_hw == size_hw
    wanted = [(column * side, row * side, side, side) for column, row in cells]
    assert [place(layout, *tile) for tile in SHOWN] == wanted


@pytest.mark.parametrize(
    ("stages", "attentions", "side", "track", "picture"),
    [
        (3, 0, 320, (0, 320), (320, 320, 640, 320)),  # the picture has the rest of the last row
        (6, 0, 240, (480, 240), (720, 240, 240, 240)),
        (1, 4, 240, (240, 0), (480, 240, 480, 240)),  # attentions follow the track
    ],
)
def test_stages_their_track_and_attentions_stand_side_by_side(
    stages, attentions, side, track, picture
):
    layout = layout_tiles(Maps("multi", width=960), HAND_21, stages, attentions)
    assert layout.size_hw == (2 * side, 960)
    assert place(layout, STAGE, stages - 1)[2:] == (side, side)
    assert (place(layout, TRACK), place(layout, PICTURE)) == ((*track, side, side), picture)
    places = [place(layout, ATTENTION, number)[:2] for number in range(attentions)]
    assert places == [(480, 0), (720, 0), (0, 240), (240, 240)][:attentions]


def test_an_enlarged_keypoint_is_as_high_as_the_picture_was_beside_its_finger():
    layout = hand("hm", joint=INDEX_TIP)
    assert layout.size_hw == hand("hm").size_hw  # nothing jumps
    assert layout.tiles == (
        Tile(JOINT, 8, 0, 0, 640, 640),
        Tile(PICTURE, 0, 640, 0, 320, 320),
        Tile(JOINT, 5, 640, 320, 160, 160),
        Tile(JOINT, 6, 800, 320, 160, 160),
        Tile(JOINT, 7, 640, 480, 160, 160),
        Tile(JOINT, 8, 800, 480, 160, 160),
    )
    # it stands alone where no strip fits, and above one in a tall picture
    assert hand("hm", 780, INDEX_TIP).tiles == (Tile(JOINT, 8, 0, 0, 780, 780),)
    assert hand("hm", 700, INDEX_TIP).tiles[:3] == (
        Tile(JOINT, 8, 0, 0, 696, 696),
        Tile(PICTURE, 0, 0, 696, 348, 348),
        Tile(JOINT, 5, 348, 696, 174, 174),
    )


@pytest.mark.parametrize("width", [330, 641, 700, 960, 1501])
@pytest.mark.parametrize("skeleton", [*SKELETONS.values(), Skeleton("", "", tuple("abc"), (), ())])
def test_every_keypoint_of_every_skeleton_has_one_tile_large_enough_to_read(skeleton, width):
    layout = layout_tiles(Maps("hm", width=width), skeleton, 3)
    joints = sorted(tile.number for tile in layout.tiles if tile.kind == JOINT)
    assert joints == list(range(skeleton.size + 1))
    assert all(min(tile.width, tile.height) >= LEAST_TILE for tile in layout.tiles)
    apart_and_inside(layout, width)
    for joint in joints:
        one = layout_tiles(Maps("hm", joint=joint, width=width), skeleton, 3)
        assert one.tiles[0].number == joint
        assert one.tiles[0].width == min(layout.size_hw)
        apart_and_inside(one, width)


@pytest.mark.parametrize("width", [330, 700, 960, 1501])
@pytest.mark.parametrize("stages", [1, 2, 3, 6, 8])
def test_every_stage_has_a_tile_large_enough_to_compare(stages, width):
    layout = hand("multi", width, stages=stages)
    assert [t.number for t in layout.tiles if t.kind == STAGE] == list(range(stages))
    assert all(t.width >= LEAST_STAGE for t in layout.tiles if t.kind in (STAGE, TRACK))
    apart_and_inside(layout, width)


def apart_and_inside(layout, width):
    """No two tiles share a pixel, none leaves the picture; its sides are even, as video wants."""
    times = np.zeros(layout.size_hw, int)
    for tile in layout.tiles:
        assert tile.x >= 0 and tile.x + tile.width <= layout.size_hw[1] <= width
        assert tile.y >= 0 and tile.y + tile.height <= layout.size_hw[0]
        times[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] += 1
    assert times.max() == 1
    assert layout.size_hw[0] % 2 == layout.size_hw[1] % 2 == 0


@pytest.mark.parametrize("width", [390, 700, 780, 960])
def test_a_click_on_a_tile_enlarges_it_and_a_second_one_brings_all_back(width):
    every = hand("hm", width)
    height = every.size_hw[0]
    for tile in every.tiles:
        x = (tile.x + tile.width / 2) / every.size_hw[1]
        y = (tile.y + tile.height / 2) / height
        assert every.at(x, y) == tile
        now = enlarged_keypoint_after_click(every, x, y, None)
        assert now == (tile.number if tile.kind == JOINT else None)
        if now is not None:
            assert enlarged_keypoint_after_click(hand("hm", width, now), 0.1, 0.1, now) is None


def test_a_click_beside_the_large_keypoint_goes_to_its_neighbour_and_on_the_picture_nowhere():
    layout = hand("hm", joint=INDEX_TIP)
    assert enlarged_keypoint_after_click(layout, 700 / 960, 400 / 640, INDEX_TIP) == 5
    assert enlarged_keypoint_after_click(layout, 700 / 960, 100 / 640, INDEX_TIP) == INDEX_TIP
    assert enlarged_keypoint_after_click(layout, 1.2, 0.5, INDEX_TIP) == INDEX_TIP
    assert enlarged_keypoint_after_click(hand("multi"), 0.1, 0.1, INDEX_TIP) == INDEX_TIP


def test_a_picture_stands_alone_in_the_single_view_and_without_a_net():
    assert hand("single") is None
    assert hand("hm", stages=0) is None
    with pytest.raises(ValueError, match="single, multi, hm"):
        hand("all")
