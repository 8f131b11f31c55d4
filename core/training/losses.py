"""The losses of nets: their stages' maps against Gaussians at the true keypoints, or, in depth,
their keypoints against the true ones.

Convention: `keypoints` are (B, J, 2) input pixels, NaN where missing; `weights` (B,) of samples.
Legend: B batch, S stages, J keypoints, J+1 maps (the last is the background), h w map.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.nets.crossinfonet import TrainingOutputs
from core.pose.heatmaps import PeakDecoder, encode_heatmaps

_SIGMA_CELLS = 1.5  # of the target Gaussians
_PEAK_WEIGHT = 15.0  # extra weight of cells at a keypoint over empty ones
_ROWS_PER_SIGMA = 32  # 2 cells for maps 64 high, 3 for 96
_MIN_JOINT_SIGMA_CELLS = 1.5  # a smaller Gaussian is a single cell
_BCE_WEIGHT = 30.0  # of heatmap values over peak positions
_DEPTH_WEIGHT = 2.0  # of a palm's depth over its position, for each 100 mm
_GUIDANCE_WEIGHT = 0.01  # of heatmaps over keypoints in space (Du et al. 2019)


def stage_loss(logits: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Return the weighted sum of the cross-entropies of heatmap values and of peak positions,
    averaged over stages, for (B, S, J+1, h, w) logits.

    A keypoint outside the input has an empty target map. A missing keypoint is ignored, but if all
    keypoints of a sample are missing, it shows no person, and all its target maps are empty.
    """
    height, width = logits.shape[-2:]
    target = make_map_targets(keypoints, (height, width), stride)[:, None]
    logits = logits.float()
    value = functional.binary_cross_entropy_with_logits(
        logits, target.expand_as(logits), weight=1 + _PEAK_WEIGHT * target, reduction="none"
    )
    value = (value * _make_map_mask(keypoints)).mean(dim=(1, 2, 3, 4))
    density, is_inside = _normalise_targets(target[:, :, :-1])
    position = -(density * logits[:, :, :-1].flatten(3).log_softmax(-1)).sum(-1)
    position = (position * is_inside).mean(dim=(1, 2))
    return ((position + _BCE_WEIGHT * value) * weights).mean()


def _normalise_targets(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return (…, h w) maps of sum 1, and (…) 1 if a map has a peak inside, else 0."""
    flat = maps.flatten(-2)
    mass = flat.sum(-1)
    return flat / mass.clamp(min=1e-6)[..., None], (mass > 1).float()


def _make_map_mask(keypoints: Tensor) -> Tensor:
    """Return (B, 1, J+1, 1, 1): 0 for the maps of missing keypoints, 1 for other maps, the
    background, and all maps of a sample that has no keypoints."""
    is_known = keypoints.isfinite().all(-1)
    is_known = is_known | ~is_known.any(-1, keepdim=True)
    return functional.pad(is_known.float(), (0, 1), value=1.0)[:, None, :, None, None]


def euclidean_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Return half the squared distance to the target maps, summed over stages, maps and cells (Wei
    et al. 2016, equation 7). Keypoints are as in `stage_loss`."""
    target = make_map_targets(keypoints, (maps.shape[-2], maps.shape[-1]), stride)[:, None]
    distance = (maps.float() - target).square() * _make_map_mask(keypoints)
    return (distance.sum(dim=(1, 2, 3, 4)) / 2 * weights).mean()


def joint_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Return half the mean squared distance of (B, 1, J, h, w) maps (no background) to their
    targets (Xiao et al. 2018). A keypoint that is missing, or far outside the map, costs 0."""
    target, is_inside = make_joint_targets(keypoints, (maps.shape[-2], maps.shape[-1]), stride)
    distance = (maps.float() - target[:, None]).square().mean(dim=(3, 4)) / 2
    return ((distance * is_inside[:, None]).mean(dim=(1, 2)) * weights).mean()


def make_joint_targets(
    keypoints: Tensor, size_hw: tuple[int, int], stride: int
) -> tuple[Tensor, Tensor]:
    """Make target heatmaps as published by Xiao et al. 2018: Gaussians of 2 cells (for maps 64
    high, else in proportion) in the cells nearest to keypoint / stride, cut off at three sigmas.

    Returns:
        (B, J, h, w), and (B, J) 1 if the keypoint is labelled and the square of its Gaussian
        overlaps or touches the map, else 0.
    """
    sigma = max(_MIN_JOINT_SIGMA_CELLS, size_hw[0] / _ROWS_PER_SIGMA)
    maps = encode_heatmaps(
        keypoints, size_hw, stride, sigma=sigma, centre="round", cut_off=3.0, xp=torch
    )
    cells = torch.trunc(keypoints / stride + 0.5)
    ends = torch.tensor([size_hw[1], size_hw[0]], device=keypoints.device)
    # NaN compares as False
    is_inside = (cells - 3 * sigma < ends) & (cells + 3 * sigma + 1 >= 0)
    return maps[:, :-1], is_inside.all(-1).float()


def cross_info_loss(
    output: TrainingOutputs, keypoints: Tensor, weights: Tensor, stride: int
) -> Tensor:
    """Return CrossInfoNet's loss as in its published code: a quarter of the squared distances of
    keypoints and, with a small weight, of guidance heatmaps. A missing keypoint costs 0. Keypoints
    are (B, K, 5): x, y, z in the cube, and x, y in the crop's pixels."""
    size_hw = (output.hand_maps.shape[-2], output.hand_maps.shape[-1])
    maps = make_guidance_targets(keypoints[..., 3:], size_hw, stride)
    is_known = keypoints.isfinite().all(-1).float()
    points = keypoints[..., :3].nan_to_num()
    distance = sum((x.float() - points).square().sum(-1) for x in (output.hand, output.branches))
    guiding = (output.hand_maps, output.branch_maps)
    map_distance = sum((x.float() - maps).square().sum((-2, -1)) for x in guiding)
    cost = ((distance + _GUIDANCE_WEIGHT * map_distance) * is_known).sum(1) / 2
    return (cost * weights).mean() / 2


def palm_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Return the cross-entropy of heatmap values and peak position, plus the absolute depth error
    at the peak.

    Args:
        maps: (B, 1, 2, h, w): logits of the heatmap, depth.
        keypoints: (B, 1, 3) x, y in input pixels, depth in the map's units; NaN: an empty heatmap.
    """
    logits, depth = maps[:, 0].float().unbind(1)
    target = make_map_targets(keypoints[..., :2], (maps.shape[-2], maps.shape[-1]), stride)[:, 0]
    value = functional.binary_cross_entropy_with_logits(
        logits, target, weight=1 + _PEAK_WEIGHT * target, reduction="none"
    ).mean((1, 2))
    density, is_inside = _normalise_targets(target)
    position = -(density * logits.flatten(1).log_softmax(1)).sum(1)
    errors = (depth.flatten(1) - keypoints[:, 0, 2:].nan_to_num()).abs()
    depth_error = (density * errors).sum(1)
    peak = is_inside * (position + _DEPTH_WEIGHT * depth_error)
    return ((_BCE_WEIGHT * value + peak) * weights).mean()


def make_guidance_targets(keypoints: Tensor, size_hw: tuple[int, int], stride: int) -> Tensor:
    """Make target heatmaps, (B, K, h, w): 1 in the keypoint's cell, 1/2 in the next cell along an
    axis, 1/4 diagonally. A keypoint beyond the right or lower edge is moved to the edge; one that
    is missing or beyond the left or upper edge has an empty map."""
    height, width = size_hw
    ends = torch.tensor([width, height], device=keypoints.device)
    cells = torch.minimum((keypoints / stride).floor().nan_to_num(-1), ends - 1).long()
    is_inside = (cells >= 0).all(-1)[..., None, None]
    x, y = cells.clamp(min=0).unbind(-1)
    rows, columns = (_make_blurred_ones(cells, keypoints.device) for cells in size_hw)
    return rows[y][..., :, None] * columns[x][..., None, :] * is_inside


def _make_blurred_ones(cells: int, device: torch.device) -> Tensor:
    """Return (cells, cells), row i: 1 in cell i, 1/2 in its neighbours, mirrored at the border."""
    ones = torch.eye(cells, device=device)
    padded = functional.pad(ones[None], (1, 1), mode="reflect")[0]
    return ones + (padded[:, :-2] + padded[:, 2:]) / 2


def make_map_targets(keypoints: Tensor, size_hw: tuple[int, int], stride: int) -> Tensor:
    """Return (B, J+1, h, w) Gaussians at keypoints (NaN: empty) and the background 1 − max."""
    return encode_heatmaps(keypoints, size_hw, stride, sigma=_SIGMA_CELLS, xp=torch)


@dataclass(frozen=True)
class Loss:
    """A net's loss, and how its maps are decoded in training."""

    compute: Callable[[Any, Tensor, Tensor, int], Tensor]  # of output, keypoints, weights, stride
    method: str  # of the net, which returns that output
    centred: bool = True  # cell x is at stride·x + (stride − 1)/2; else at stride·x
    decode: PeakDecoder | None = "parabola"  # how a peak is placed between cells; None: not at all
    in_space: bool = False  # the net's `forward` returns keypoints in a cube, (B, K, 3), not maps


LOSSES = {
    "cross-entropy": Loss(stage_loss, "logits"),
    "euclidean": Loss(euclidean_loss, "forward"),
    "joint-mse": Loss(joint_loss, "forward", centred=False, decode="quarter"),
    "palm": Loss(palm_loss, "forward", decode=None),
    "cross-info": Loss(cross_info_loss, "forward_training", in_space=True),
}
