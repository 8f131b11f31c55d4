"""Heatmaps to look at: colours where the heatmaps are, the picture where there are none."""

from dataclasses import replace

import numpy as np
import pytest

from core.pose.boxes import Box
from core.pose.drawing.heatmap_layout import ATTENTION, JOINT, VIEWS, Maps, layout_tiles
from core.pose.drawing.heatmaps import (
    TITLE,
    draw_colour_bar,
    draw_with_heatmaps,
    enlarge_for_drawing,
    overlay_heatmaps,
    stage_tracks,
    tile_title,
    tracked_keypoints,
)
from core.pose.drawing.poses import render_label
from core.pose.heatmaps import heatmap_keypoints
from core.pose.skeletons.table import HAND_21, NYU_14, SKELETONS
from core.pose.types import Estimate, Heatmaps, Pose

GREY = 100
INDEX_TIP = 8


@pytest.fixture
def rgb() -> np.ndarray:
    return np.full((120, 160, 3), GREY, np.uint8)


@pytest.fixture
def heatmaps() -> Heatmaps:
    """Two stages of 21 keypoints: in the last, keypoint 8 is sure at cell (10, 4)."""
    maps = np.zeros((2, 22, 32, 32), np.float32)
    maps[:, -1] = 1
    maps[0, 8, 4, 10] = 0.3
    maps[1, 8, 4, 10] = 1.0
    return Heatmaps(maps, Box(50.0, 20.0, 114.0, 84.0), np.full((128, 128, 3), GREY, np.uint8))


@pytest.mark.parametrize("joint", [None, INDEX_TIP])
def test_a_heatmap_is_drawn_where_its_cell_lies_in_the_picture(heatmaps, rgb, joint):
    # cell (10, 4) of 2 pixels each: picture pixel 50 + 20.5, 20 + 8.5
    out = overlay_heatmaps(rgb, [heatmaps], 1, joint)
    red = out[..., 0].astype(int) - out[..., 2]
    y, x = np.unravel_index(red.argmax(), red.shape)
    assert abs(x - 70.5) <= 1 and abs(y - 28.5) <= 1
    assert (out[:, 130:] == GREY).all() and (rgb == GREY).all()
    background = overlay_heatmaps(rgb, [heatmaps], 1, 21)
    assert is_red(background[60, 90]) and not is_red(out[60, 90])


@pytest.mark.parametrize("corner", [(-40.0, -30.0), (140.0, 100.0), (900.0, 0.0)])
def test_squares_beyond_the_border_are_drawn_as_far_as_they_are_seen(heatmaps, corner):
    region = Box.from_xywh(*corner, 64.0, 64.0)
    moved = Heatmaps(heatmaps.maps, region, heatmaps.crop)
    assert overlay_heatmaps(np.zeros((120, 160, 3), np.uint8), [moved], 1).shape == (120, 160, 3)


def estimate_of(heatmaps, size_hw=(120, 160), skeleton="hand_21"):
    keypoints, _ = heatmap_keypoints(heatmaps)
    pose = Pose(keypoints, np.ones(len(keypoints), np.float32))
    return Estimate((pose,), size_hw, "cpm", heatmaps=(heatmaps,), skeleton=skeleton)


def picture_of(heatmaps, maps, **more):
    rgb = np.full((120, 160, 3), GREY, np.uint8)
    return draw_with_heatmaps(rgb, estimate_of(heatmaps), maps, heatmaps.stages, **more)


def is_red(pixel):
    return int(pixel[0]) > int(pixel[2]) + 60


def test_each_keypoint_s_tile_shows_its_own_map_where_its_peak_lies(heatmaps):
    # cell (10, 4) of 32 in a tile of 160: 5 pixels a cell, its middle at 5 · 10.5 and 5 · 4.5
    out = picture_of(heatmaps, Maps("hm"))
    layout = layout_tiles(Maps("hm"), HAND_21, 2)
    for tile in layout.tiles:
        if tile.kind == JOINT and tile.number < 21:
            there = out[tile.y + 22, tile.x + 52]
            assert is_red(there) == (tile.number == INDEX_TIP), tile
            assert (out[tile.y + 80, tile.x + 120] == GREY).all()


def test_an_enlarged_keypoint_and_every_stage_show_its_map(heatmaps):
    out = picture_of(heatmaps, Maps("hm", joint=INDEX_TIP))
    assert out.shape == (640, 960, 3)
    assert is_red(out[90, 210])  # 20 · 4.5, 20 · 10.5
    assert (out[90, 420] == GREY).all()
    # two stages and the track in three columns of 320: 10 pixels a cell
    out = picture_of(heatmaps, Maps("multi", joint=INDEX_TIP))
    assert not is_red(out[45, 105])  # 0.3 in stage 1
    assert is_red(out[45, 320 + 105])
    assert (out[45, 200] == GREY).all()


def test_of_several_people_only_the_chosen_one_s_maps_are_laid_over_the_picture(heatmaps):
    """Cell (10, 4) of the one lies at (70, 28), of the other, who stands lower, at (70, 68)."""
    lower = Heatmaps(heatmaps.maps, Box.from_xywh(50.0, 60.0, 64.0, 64.0), heatmaps.crop)
    rgb = np.full((140, 160, 3), GREY, np.uint8)
    nobody = Pose(np.full((21, 2), np.nan, np.float32), np.zeros(21, np.float32))
    people = Estimate((nobody,) * 2, (140, 160), "net", heatmaps=(heatmaps, lower), numbers=(4, 2))
    drawn = {
        person: draw_with_heatmaps(rgb, people, Maps("single", 1, person=person), 2)
        for person in (4, 2, 7, None)
    }
    places = {n: (is_red(out[28, 70]), is_red(out[68, 70])) for n, out in drawn.items()}
    # 7 is away: the lowest number's; nobody is chosen: everybody's
    assert places == {4: (True, False), 2: (False, True), 7: (False, True), None: (True, True)}
    tiles = draw_with_heatmaps(rgb, people, Maps("multi", person=4, joint=INDEX_TIP), 2)
    first = draw_with_heatmaps(rgb, people, Maps("multi", joint=INDEX_TIP), 2)
    assert (tiles == first).all()  # the same crop and maps: where they lie is not in the tiles


def test_what_a_net_attends_to_has_a_tile_of_its_name_also_while_nobody_is_seen(heatmaps, rgb):
    dim, sure = np.full((1, 8, 8), 0.1, np.float32), np.full((21, 8, 8), 0.1, np.float32)
    sure[INDEX_TIP] = 1
    seen = replace(heatmaps, attention={"holistic_1": dim, "part_wise": sure})
    # five tiles and the picture: three columns of 320; the attentions at (0, 320) and (320, 320)
    out = draw_with_heatmaps(rgb, estimate_of(seen), Maps("multi", joint=INDEX_TIP), 2)
    assert not is_red(out[480, 160]) and is_red(out[480, 480])
    other = draw_with_heatmaps(rgb, estimate_of(seen), Maps("multi", joint=0), 2)
    assert not is_red(other[480, 480])
    tile = next(t for t in layout_tiles(Maps("multi"), HAND_21, 2, 2).tiles if t.kind == ATTENTION)
    assert tile_title(tile, HAND_21, ("holistic_1", "part_wise")) == "holistic 1"
    nobody = Estimate((), (120, 160), "net")
    dark = draw_with_heatmaps(rgb, nobody, Maps("multi"), 2, attention_names=tuple(seen.attention))
    assert dark.shape == out.shape and not is_red(dark[480, 480])
    alone = draw_with_heatmaps(np.full_like(rgb, 200), nobody, Maps("hm"), 2)
    assert alone.shape == picture_of(heatmaps, Maps("hm")).shape  # nothing jumps
    assert (alone == 200).all(axis=2).sum() >= 158 * 118  # the camera's picture shows


def test_the_tiles_are_mirrored_and_their_places_are_not(heatmaps):
    out = picture_of(heatmaps, Maps("hm"), mirror=True)
    x, y = 320, 480  # of the index finger's tip
    assert is_red(out[y + 22, x + 158 - 52])
    assert not is_red(out[y + 22, x + 52])


def test_a_track_goes_through_the_peaks_of_every_stage():
    # 32 cells in 320 pixels: cell c has its middle at 10 · c + 4.5
    maps = np.zeros((3, 22, 32, 32), np.float32)
    for stage, (x, y) in enumerate([(5, 20), (12, 6), (13, 6)]):
        maps[stage, INDEX_TIP, y, x] = 0.9
    moving = Heatmaps(maps, Box(50.0, 20.0, 114.0, 84.0), np.full((128, 128, 3), GREY, np.uint8))
    [way] = stage_tracks(moving, [INDEX_TIP], 320).swapaxes(0, 1)
    assert way == pytest.approx(np.array([(54.5, 204.5), (124.5, 64.5), (134.5, 64.5)]), abs=0.01)
    out = picture_of(moving, Maps("multi", joint=INDEX_TIP))
    # a stage that sees nothing has no point; the track's tile is the first of the second row
    assert np.isnan(stage_tracks(moving, [7], 320)).all()
    # half-way from (54, 204) to (124, 64)
    assert (out[320 + 134, 89] != GREY).any()
    assert (out[320 + 250, 250] == GREY).all()


def test_without_a_chosen_joint_the_ends_of_fingers_and_limbs_are_followed():
    assert tracked_keypoints(HAND_21, None) == (4, 8, 12, 16, 20)
    assert all(NYU_14.joints[joint].endswith("_tip") for joint in tracked_keypoints(NYU_14, None))
    assert tracked_keypoints(HAND_21, 5) == (5,)
    assert tracked_keypoints(HAND_21, 21) == ()  # the background has no place


def test_titles_are_readable_and_fit_their_tiles():
    assert TITLE * 0.55 >= 11 / 0.8  # px, also where the picture is shown a fifth smaller
    for skeleton in SKELETONS.values():
        for tile in layout_tiles(Maps("hm"), skeleton, 3).tiles:
            assert render_label(tile_title(tile, skeleton), "", TITLE).shape[1] <= tile.width - 2


@pytest.mark.parametrize(("joints", "skeleton"), [(14, "lsp_14"), (33, "body_33"), (14, "hand_21")])
def test_a_body_s_maps_are_drawn_in_groups_of_its_own_and_unknown_ones_by_numbers(
    rgb, joints, skeleton
):
    maps = np.zeros((6, joints + 1, 46, 46), np.float32)
    maps[:, np.arange(joints), 10, np.arange(joints)] = 1
    body = Heatmaps(maps, Box(10.0, 5.0, 110.0, 105.0), np.full((368, 368, 3), GREY, np.uint8))
    for view in VIEWS:
        for joint in (None, 0, joints):
            estimate = estimate_of(body, skeleton=skeleton)
            out = draw_with_heatmaps(rgb, estimate, Maps(view, 5, joint), 6)
            assert (out != GREY).any() and out.shape[1] == (160 if view == "single" else 960)


def test_a_small_picture_is_drawn_larger_with_its_keypoints_and_heatmaps_in_place(heatmaps, rgb):
    # a pixel's centre is at an integer: pixel 10 of three times the size is 3 · 10 + 1
    before = estimate_of(heatmaps)
    larger, after = enlarge_for_drawing(rgb, before, 3)
    assert larger.shape == (360, 480, 3) and after.size_hw == (360, 480)
    assert after.poses[0].keypoints[0] == pytest.approx(3 * before.poses[0].keypoints[0] + 1)
    cells, _ = heatmap_keypoints(after.heatmaps[0])
    assert cells == pytest.approx(3 * heatmap_keypoints(heatmaps)[0] + 1)
    assert enlarge_for_drawing(rgb, before, 1)[1] is before


def test_the_bar_runs_from_blue_to_red():
    bar = draw_colour_bar(100, 4)
    assert bar.shape == (4, 100, 3)
    assert bar[0, 12, 2] > bar[0, 12, 0]
    assert bar[0, 90, 0] > bar[0, 90, 2]
