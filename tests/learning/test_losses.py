"""The losses ask for peaks at the keypoints, by the pixel convention."""

import math

import pytest
import torch

from core.learning.losses import euclidean_loss, heatmap_targets, stage_loss


def test_targets_peak_at_the_keypoint_by_the_pixel_convention() -> None:
    # cell (5, 3) of a map of stride 4 lies at pixel 4·5 + 1.5, 4·3 + 1.5
    keypoints = torch.tensor([[[21.5, 13.5], [float("nan"), float("nan")]]])
    target = heatmap_targets(keypoints, (8, 10), stride=4)
    assert tuple(target.shape) == (1, 3, 8, 10)
    assert float(target[0, 0, 3, 5]) == 1
    assert float(target[0, 0, 3, 6]) == pytest.approx(math.exp(-1 / (2 * 1.5**2)))
    assert float(target[0, 1].max()) == 0
    assert float(target[0, 2, 3, 5]) == 0
    assert float(target[0, 2, 0, 0]) == pytest.approx(1 - float(target[0, 0, 0, 0]))


def test_the_right_maps_cost_less_than_shifted_ones() -> None:
    keypoints = torch.tensor([[[21.5, 13.5], [9.5, 25.5]]])
    target = heatmap_targets(keypoints, (8, 10), 4)[:, None]
    logits = torch.logit(target.clamp(0.01, 0.99))
    right = stage_loss(logits, keypoints, torch.ones(1), 4)
    wrong = stage_loss(logits.roll(3, -1), keypoints, torch.ones(1), 4)
    assert float(right) < float(wrong) / 2


def test_the_published_loss_is_half_the_squared_distance() -> None:
    keypoints = torch.tensor([[[21.5, 13.5]]])
    target = heatmap_targets(keypoints, (8, 10), 4)[:, None]
    maps = target.repeat(1, 2, 1, 1, 1)
    maps[0, 1, 0, 0, 0] += 2  # one cell of stage 2 is 2 off: 2² / 2
    assert float(euclidean_loss(maps, keypoints, torch.ones(1), 4)) == pytest.approx(2, abs=1e-5)


def test_a_keypoint_beyond_the_input_asks_for_an_empty_map_and_no_place() -> None:
    keypoints = torch.tensor([[[500.0, 500.0]]])
    # logits of 0 cost ln 2 a cell; the background's cells, all there, weigh 1 + 15: mean 8.5 ln 2
    loss = stage_loss(torch.zeros(1, 1, 2, 8, 10), keypoints, torch.ones(1), 4)
    assert float(loss) == pytest.approx(30 * 8.5 * math.log(2), rel=1e-4)
