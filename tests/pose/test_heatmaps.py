"""Heatmaps: keypoints go in and come out at the same place."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.pose.boxes import Box
from core.pose.heatmaps import (
    decode_dark,
    decode_parabola,
    decode_quarter,
    decode_simcc,
    decode_upsampled_argmax,
    encode_heatmaps,
    find_peaks,
    heatmap_keypoints,
    unflip_heatmaps,
)
from core.pose.types import Heatmaps

HW = (40, 56)  # not square
CROP = np.zeros((128, 128, 3), np.uint8)


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> dict:
    return json.loads((shared_data / "cpm" / "encode_decode_reference.json").read_text())


@pytest.mark.parametrize(
    "joint", ["100.0_120.0", "0.0_0.0", "191.9_255.9", "101.9_121.9", "-30_10", "5.99_250.1"]
)
def test_rounded_and_cut_off_targets_are_those_of_the_reference(reference, joint) -> None:
    place = np.array([joint.split("_")], float)
    target = encode_heatmaps(place, (64, 48), 4, sigma=2, centre="round", cut_off=3)[0]
    wanted = reference[f"sb_sigma2_{joint}"]
    (cell,), _ = find_peaks(target[None])
    assert [int(cell[1]), int(cell[0])] == wanted["peak_yx"]
    assert float(target.sum()) == pytest.approx(wanted["sum"], rel=1e-5)
    assert int((target > 0).sum()) == wanted["nonzero"]


def test_the_background_is_what_no_keypoint_covers_and_a_missing_one_has_an_empty_map() -> None:
    maps = encode_heatmaps(np.array([[20.0, 20.0], [np.nan, np.nan]]), HW, 4)
    np.testing.assert_allclose(maps[-1], 1 - maps[0], atol=1e-6)
    assert maps[1].max() == 0 and maps[0].max() > 0.8


def test_torch_tensors_and_batches_get_the_same_maps():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 160, (3, 5, 2)).astype(np.float32)
    keypoints[1, 2] = np.nan
    for options in ({}, {"centre": "round", "cut_off": 3.0}):
        wanted = np.stack([encode_heatmaps(one, HW, 4, **options) for one in keypoints])
        assert wanted.shape == (3, 6, *HW) and wanted.dtype == np.float32
        np.testing.assert_array_equal(encode_heatmaps(keypoints, HW, 4, **options), wanted)
        found = encode_heatmaps(torch.from_numpy(keypoints), HW, 4, **options, xp=torch)
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found.numpy(), wanted, atol=2e-6)


joints = st.tuples(st.floats(8, 215), st.floats(8, 150))


@given(joints)
def test_a_keypoint_comes_back_to_a_tenth_of_a_cell(joint) -> None:
    maps = encode_heatmaps(np.array([joint]), HW, 4)[:1]
    pixels, _ = decode_upsampled_argmax(maps, (HW[0] * 4, HW[1] * 4))
    assert pixels[0] == pytest.approx(np.array(joint), abs=2)  # by the seed's way to half a cell
    cells, scores = decode_parabola(maps)
    assert cells[0] * 4 + 1.5 == pytest.approx(np.array(joint), abs=0.4)
    assert 0.8 < float(scores[0]) <= 1


def test_keypoints_of_a_crop_come_back_in_the_pictures_pixels() -> None:
    # a square of 64 pixels at (100, 50) on maps of 32 cells: a cell is 2 pixels, its middle at +0.5
    maps = np.zeros((2, 3, 32, 32), np.float32)
    maps[1, 0, 4, 10], maps[1, 1, 31, 31] = 0.9, 0.8
    heatmaps = Heatmaps(maps, Box.from_xywh(100.0, 50.0, 64.0, 64.0), CROP)
    keypoints, scores = heatmap_keypoints(heatmaps)
    assert keypoints.tolist() == [[120.5, 58.5], [162.5, 112.5]]
    assert scores.tolist() == pytest.approx([0.9, 0.8])
    with pytest.raises(ValueError, match=r"\(S, J\+1, h, w\)"):
        Heatmaps(maps[0], heatmaps.region, CROP)


def test_a_quarter_offset_goes_towards_the_higher_neighbour() -> None:
    maps = np.zeros((1, 6, 8), np.float32)
    maps[0, 3, 4], maps[0, 3, 5], maps[0, 3, 3] = 0.9, 0.5, 0.4
    maps[0, 2, 4], maps[0, 4, 4] = 0.6, 0.1
    cells, values = decode_quarter(maps)
    assert cells.tolist() == [[4.25, 2.75]] and values.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize(
    ("x", "y", "moved"), [(1, 3, 0), (2, 3, 1), (6, 3, 1), (7, 3, 0), (4, 1, 0), (4, 5, 0)]
)
def test_there_is_no_quarter_offset_on_the_published_border(x: int, y: int, moved: int) -> None:
    maps = np.zeros((1, 6, 8), np.float32)
    maps[0, y, x] = 1
    maps[0, y - 1, x] = 0.5  # the higher neighbour is above
    cells, _ = decode_quarter(maps)
    assert cells.tolist() == [[x, y - 0.25 * moved]]


def test_a_map_without_a_value_above_0_is_a_missing_keypoint() -> None:
    maps = np.zeros((2, 6, 8), np.float32)
    maps[0, 3, 4] = 1e-3
    for decoded in (decode_quarter(maps), decode_dark(maps)):
        cells, values = decoded
        assert np.isfinite(cells[0]).all() and values[0] == pytest.approx(1e-3)
        assert np.isnan(cells[1]).all() and values[1] == 0


@pytest.mark.parametrize("sigma", [2.0, 3.0])
@pytest.mark.parametrize(
    "centre",
    [(20.3, 11.4), (24.0, 30.0), (10.5, 40.45), (30.25, 17.75), (1.2, 30.3), (45.6, 61.7)],
)
def test_dark_finds_the_middle_of_a_rendered_gaussian(
    centre: tuple[float, float], sigma: float
) -> None:
    y, x = np.indices((64, 48))
    gauss = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * sigma**2))
    cells, values = decode_dark(gauss[None].astype(np.float32), blur=17 if sigma == 3 else 11)
    assert cells[0] == pytest.approx(centre, abs=0.01)
    assert values[0] == pytest.approx(gauss.max(), abs=1e-6)


@pytest.mark.parametrize(("x", "y"), [(47, 30), (20, 0)])
def test_a_peak_on_the_border_is_left_where_it_is(x, y) -> None:
    maps = np.zeros((2, 3, 64, 48), np.float32)
    maps[..., y, x] = 0.7
    for decode in (decode_dark, decode_parabola):  # of all stages and keypoints at once
        cells, values = decode(maps)
        assert cells.tolist() == [[[x, y]] * 3] * 2 and values == pytest.approx(0.7)


def test_dark_follows_a_slanting_peak_where_single_axes_do_not() -> None:
    y, x = np.indices((64, 48))
    along, across = (x - 20.4) + (y - 30.4), (x - 20.4) - (y - 30.4)
    slanting = np.exp(-(along**2) / 40 - across**2 / 8)[None].astype(np.float32)
    assert decode_dark(slanting)[0][0] == pytest.approx([20.4, 30.4], abs=0.02)
    assert np.abs(decode_parabola(slanting)[0][0] - [20.4, 30.4]).max() > 0.1


def test_simcc_reads_each_axis_alone_and_trusts_the_less_certain_one() -> None:
    along_x, along_y = np.zeros((2, 3, 12), np.float32), np.zeros((2, 3, 16), np.float32)
    along_x[0, 0, 7], along_y[0, 0, 3] = 0.8, 0.6
    along_x[1, 2, 0], along_y[1, 2, 15] = 0.3, 0.9
    along_x[0, 1], along_y[0, 1] = -1, 0.5  # one axis without a value above 0
    points, scores = decode_simcc(along_x, along_y)
    assert points[0, 0].tolist() == [3.5, 1.5] and scores[0, 0] == pytest.approx(0.6)
    assert points[1, 2].tolist() == [0, 7.5] and scores[1, 2] == pytest.approx(0.3)
    assert np.isnan(points[0, 1]).all() and scores[0, 1] == 0


def test_maps_of_a_mirrored_picture_are_turned_back_paired_and_shifted() -> None:
    maps = np.zeros((3, 2, 5), np.float32)  # a nose, a left and a right eye
    maps[0, 0, 4], maps[1, 1, 0], maps[2, 0, 1] = 1, 2, 3
    turned = unflip_heatmaps(maps, [0, 2, 1], shift=False)
    assert turned[0, 0].tolist() == [1, 0, 0, 0, 0]
    assert turned[2, 1].tolist() == [0, 0, 0, 0, 2]  # what the mirror calls left is right
    assert turned[1, 0].tolist() == [0, 0, 0, 3, 0]
    shifted = unflip_heatmaps(maps, [0, 2, 1])
    assert shifted[1, 0].tolist() == [0, 0, 0, 0, 3]
    assert shifted[0, 0].tolist() == [1, 1, 0, 0, 0]  # the first column stays
    assert maps[0, 0, 4] == 1  # what came is as it was
    with_background = unflip_heatmaps(maps, [1, 0], shift=False, background=True)
    assert with_background[2].tolist() == maps[2, :, ::-1].tolist()  # it has no partner
    # input pixel 40 of 192 is in cell 10; mirrored, pixel 151 is nearest to cell 38, and cell
    # 47 − 38 = 9 is one too far left
    strided = np.zeros((1, 1, 48), np.float32)
    strided[0, 0, 38] = 1
    assert unflip_heatmaps(strided, [0])[0, 0].argmax() == 10
