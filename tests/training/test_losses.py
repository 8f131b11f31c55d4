"""The losses ask for peaks at the keypoints, by the pixel convention."""

import math

import cv2
import numpy as np
import pytest
import torch

from core.nets.crossinfonet import TrainingOutputs
from core.training.losses import (
    cross_info_loss,
    euclidean_loss,
    joint_loss,
    make_guidance_targets,
    make_joint_targets,
    make_map_targets,
    palm_loss,
    stage_loss,
)


def test_targets_peak_at_the_keypoint_by_the_pixel_convention():
    # cell (5, 3) of a map of stride 4 lies at pixel 4·5 + 1.5, 4·3 + 1.5
    keypoints = torch.tensor([[[21.5, 13.5], [float("nan"), float("nan")]]])
    target = make_map_targets(keypoints, (8, 10), stride=4)
    assert tuple(target.shape) == (1, 3, 8, 10)
    assert float(target[0, 0, 3, 5]) == 1
    assert float(target[0, 0, 3, 6]) == pytest.approx(math.exp(-1 / (2 * 1.5**2)))
    assert float(target[0, 1].max()) == 0
    assert float(target[0, 2, 3, 5]) == 0
    assert float(target[0, 2, 0, 0]) == pytest.approx(1 - float(target[0, 0, 0, 0]))


def test_the_published_loss_is_half_the_squared_distance():
    keypoints = torch.tensor([[[21.5, 13.5]]])
    target = make_map_targets(keypoints, (8, 10), 4)[:, None]
    maps = target.repeat(1, 2, 1, 1, 1)
    maps[0, 1, 0, 0, 0] += 2  # one cell of stage 2 is 2 off: 2² / 2
    assert float(euclidean_loss(maps, keypoints, torch.ones(1), 4)) == pytest.approx(2, abs=1e-5)


def test_a_keypoint_beyond_the_input_asks_for_an_empty_map_and_no_place():
    keypoints = torch.tensor([[[500.0, 500.0]]])
    # logits of 0 cost ln 2 a cell; the background's cells, all there, weigh 1 + 15: mean 8.5 ln 2
    loss = stage_loss(torch.zeros(1, 1, 2, 8, 10), keypoints, torch.ones(1), 4)
    assert float(loss) == pytest.approx(30 * 8.5 * math.log(2), rel=1e-4)


@pytest.mark.parametrize("loss", [stage_loss, euclidean_loss])
def test_of_a_missing_keypoint_nothing_is_asked_unless_nobody_is_there(loss):
    nothing = [float("nan")] * 2
    somebody, nobody = torch.tensor([[[21.5, 13.5], nothing]]), torch.tensor([[nothing, nothing]])
    torch.manual_seed(0)
    logits = torch.randn(1, 2, 3, 8, 10)
    changed = logits.clone()
    changed[:, :, 1] += 2
    costs = [
        [float(loss(maps, keypoints, torch.ones(1), 4)) for maps in (logits, changed)]
        for keypoints in (somebody, nobody)
    ]
    assert costs[0][0] == costs[0][1]
    assert costs[1][1] > costs[1][0] + 1


def test_joint_targets_are_those_that_xiao_et_al_published():
    # maps of 64 x 48 at stride 4: sigma 2, square of ±6 cells round int(x / 4 + 0.5)
    places = [[41.0, 102.0], [-30.0, 50.0], [-34.0, 50.0], [215.0, 50.0], [216.0, 50.0]]
    keypoints = torch.tensor([[*places, [float("nan"), float("nan")]]])
    maps, there = make_joint_targets(keypoints, (64, 48), 4)
    assert tuple(maps.shape) == (1, 6, 64, 48)
    # x: int(10.75) = 10, y: int(26) = 26
    assert float(maps[0, 0, 26, 10]) == 1
    assert float(maps[0, 0, 26, 16]) == pytest.approx(math.exp(-(6**2) / 8))
    assert float(maps[0, 0, 33, 10]) == float(maps[0, 0, 26, 17]) == 0  # 7 cells away
    # -30 is cell -7, whose square ends at the map's edge: it counts, with an empty map; -34 is -8.
    # 215 is cell 54, whose square begins with 48: beyond the map, as 216
    assert there[0].tolist() == [1, 1, 0, 0, 0, 0]
    assert maps[0, 1:].abs().max() == 0


def test_the_joint_loss_is_half_the_mean_square_of_what_is_labelled():
    keypoints = torch.tensor([[[20.0, 20.0], [float("nan"), float("nan")]]])
    maps = make_joint_targets(keypoints, (64, 48), 4)[0][:, None].clone()
    assert float(joint_loss(maps, keypoints, torch.ones(1), 4)) == 0
    maps[0, 0, 0, 0, 0] += 2
    maps[0, 0, 1] += 9  # of the one that is missing
    expected = 4 / (64 * 48) / 2 / 2  # a cell's square, halved, and the mean of two keypoints
    assert float(joint_loss(maps, keypoints, torch.ones(1), 4)) == pytest.approx(expected)
    assert float(joint_loss(maps, keypoints, torch.zeros(1), 4)) == 0


def test_a_guiding_map_is_a_blurred_cell_with_a_peak_of_1_mirrored_at_the_border():
    # stride 4: pixels 20 to 23.9 are cell 5
    (maps,) = make_guidance_targets(torch.tensor([[[21.9, 12.0]]]), (24, 24), 4)
    expected = [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]]
    assert maps[0, 2:5, 4:7].tolist() == expected
    assert float(maps.sum()) == 4
    for x, y in ((0, 0), (1, 22), (23, 1), (22, 23), (12, 0)):
        one = np.zeros((24, 24), np.float32)
        one[y, x] = 1
        blurred = cv2.GaussianBlur(one, (3, 3), 0)
        (maps,) = make_guidance_targets(torch.tensor([[[4.0 * x, 4.0 * y]]]), (24, 24), 4)
        np.testing.assert_allclose(maps[0].numpy(), blurred / blurred.max(), atol=1e-6)


def test_a_keypoint_beyond_the_crop_is_put_at_its_far_edges_and_left_out_before_the_near_ones():
    nan = float("nan")
    places = torch.tensor([[[300.0, 40.0], [40.0, 96.0], [-0.1, 40.0], [40.0, -9.0], [nan, nan]]])
    maps = make_guidance_targets(places, (24, 24), 4)[0]
    assert float(maps[0, 10, 23]) == float(maps[1, 23, 10]) == 1
    assert float(maps[2:].abs().max()) == 0


def guided(keypoints: torch.Tensor) -> TrainingOutputs:
    """What a net would say that knows all, and knows nothing of those that are missing."""
    points = keypoints[..., :3].nan_to_num()
    maps = make_guidance_targets(keypoints[..., 3:], (24, 24), 4)
    return TrainingOutputs(points.clone(), points.clone(), maps.clone(), maps.clone())


def test_crossinfonets_loss_counts_points_a_quarter_and_maps_a_hundredth_of_that():
    keypoints = torch.tensor([[[0.1, 0.2, 0.3, 50, 60], [0.5, 0.5, -0.5, 70, 20]]] * 2)
    said = guided(keypoints)
    assert float(cross_info_loss(said, keypoints, torch.ones(2), 4)) == 0
    said.hand[0, 0, 2] += 2  # 2² / 2 / 2, of two samples
    assert float(cross_info_loss(said, keypoints, torch.ones(2), 4)) == pytest.approx(0.5)
    said.branches[1, 1, 0] -= 4  # 4² / 2 / 2, of two samples
    assert float(cross_info_loss(said, keypoints, torch.ones(2), 4)) == pytest.approx(2.5)
    said.hand_maps[0, 1, 3, 3] += 10
    said.branch_maps[1, 0, 3, 3] -= 10  # each 0.01 · 10² / 2 / 2, of two samples
    assert float(cross_info_loss(said, keypoints, torch.ones(2), 4)) == pytest.approx(2.75)
    half = cross_info_loss(said, keypoints, torch.tensor([1.0, 0.0]), 4)
    assert float(half) == pytest.approx(0.5 + 0.125)


def test_a_missing_keypoint_in_space_costs_nothing_and_has_no_gradient():
    keypoints = torch.tensor([[[float("nan")] * 5, [0.5, 0.5, -0.5, 70, 20]]])
    said = TrainingOutputs(*(part.add(1).requires_grad_() for part in guided(keypoints)))
    cross_info_loss(said, keypoints, torch.ones(1), 4).backward()
    for part in said:
        assert part.grad is not None
        assert float(part.grad[0, 0].abs().max()) == 0 and float(part.grad[0, 1].abs().min()) > 0


def test_a_palm_s_depth_costs_where_the_palm_is_and_nowhere_else():
    # the palm in the middle of cell (5, 3), 7 units deep
    keypoints = torch.tensor([[[21.5, 13.5, 7.0]]])
    maps = torch.zeros(1, 1, 2, 8, 10)
    maps[0, 0, 1] = 7.0
    exact = palm_loss(maps, keypoints, torch.ones(1), 4)
    maps[0, 0, 1] = 7.5
    assert float(palm_loss(maps, keypoints, torch.ones(1), 4) - exact) == pytest.approx(1.0)
    maps[0, 0, 1] = 7.0
    maps[0, 0, 1, 0, 0] = 1007.0  # 3 rows and 5 columns away: e^(−34/4.5) of the highest cell
    gaussian = make_map_targets(keypoints[..., :2], (8, 10), 4)[0, 0]
    share = math.exp(-34 / (2 * 1.5**2)) / float(gaussian.sum())
    far = float(palm_loss(maps, keypoints, torch.ones(1), 4) - exact)
    assert far == pytest.approx(2 * 1000 * share, rel=1e-3)


def test_without_a_palm_an_empty_heatmap_is_asked_and_no_depth():
    keypoints = torch.full((1, 1, 3), float("nan"))
    maps = torch.zeros(1, 1, 2, 8, 10)
    # the cross-entropy of a half is ln 2 in each cell
    cost = palm_loss(maps, keypoints, torch.ones(1), 4)
    assert float(cost) == pytest.approx(30 * math.log(2), rel=1e-5)
    maps[0, 0, 1] = 50.0
    assert float(palm_loss(maps, keypoints, torch.ones(1), 4)) == float(cost)
    maps[0, 0, 0] = -20.0
    assert float(palm_loss(maps, keypoints, torch.ones(1), 4)) < 1e-4
    assert float(palm_loss(maps, keypoints, torch.zeros(1), 4)) == 0
