"""What a net is trained by: its stages' maps against Gaussians at the true keypoints, or, in depth,
its keypoints against the true ones.

Legend: B batch, S stages, J keypoints, J+1 maps (the last is the background), h w map.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.nets.crossinfonet import Guided
from core.pose.heatmaps import encode
from core.pose.map_reading import Decoding

_SIGMA = 1.5  # of the target Gaussians, map cells
_PEAK_WEIGHT = 15.0  # cells at a keypoint weigh so much more than empty ones
_ROWS_A_SIGMA = 32  # 2 cells for maps 64 high, 3 for 96
_LEAST_JOINT_SIGMA = 1.5  # a smaller Gaussian is a single cell
_BCE_WEIGHT = 30.0  # of heatmap values beside the peaks' places
_DEPTH_WEIGHT = 2.0  # of a palm's depth beside its place, each 100 mm
_GUIDANCE = 0.01  # of heatmaps beside keypoints in space (Du et al. 2019)


def stage_loss(logits: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Mean over stages of what the heatmaps' values and the places of their peaks cost.

    Args:
        logits: (B, S, J+1, h, w).
        keypoints: (B, J, 2) input pixels; a keypoint outside the input has an empty map. Of a
            missing one nothing is asked, but where all are missing nobody is there: empty maps.
        weights: (B,).
    """
    height, width = logits.shape[-2:]
    target = heatmap_targets(keypoints, (height, width), stride)[:, None]
    logits = logits.float()
    value = functional.binary_cross_entropy_with_logits(
        logits, target.expand_as(logits), weight=1 + _PEAK_WEIGHT * target, reduction="none"
    )
    value = (value * _asked(keypoints)).mean(dim=(1, 2, 3, 4))
    joints = target[:, :, :-1].flatten(3)
    mass = joints.sum(-1, keepdim=True)
    there = (mass[..., 0] > 1).float()
    place = -(joints / mass.clamp(min=1e-6) * logits[:, :, :-1].flatten(3).log_softmax(-1)).sum(-1)
    place = (place * there).mean(dim=(1, 2))
    return ((place + _BCE_WEIGHT * value) * weights).mean()


def _asked(keypoints: Tensor) -> Tensor:
    """(B, 1, J+1, 1, 1) 1 for the maps that count, the background's too, else 0."""
    known = keypoints.isfinite().all(-1)
    known = known | ~known.any(-1, keepdim=True)
    return functional.pad(known.float(), (0, 1), value=1.0)[:, None, :, None, None]


def euclidean_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """The published nets' loss (Wei et al. 2016, equation 7): half the squared distance to the
    target maps, summed over stages, maps and cells; arguments and missing keypoints as for
    `stage_loss`.
    """
    target = heatmap_targets(keypoints, (maps.shape[-2], maps.shape[-1]), stride)[:, None]
    distance = ((maps.float() - target).square() * _asked(keypoints)).sum(dim=(1, 2, 3, 4)) / 2
    return (distance * weights).mean()


def joint_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """Half the mean squared distance to the target maps, over keypoints and cells (Xiao et al.
    2018); a keypoint that is missing, or whose Gaussian lies beyond the map, counts as learned.

    Args:
        maps: (B, 1, J, h, w), without a background.
        keypoints, weights: as for `stage_loss`.
    """
    target, there = joint_targets(keypoints, (maps.shape[-2], maps.shape[-1]), stride)
    distance = (maps.float() - target[:, None]).square().mean(dim=(3, 4)) / 2
    return ((distance * there[:, None]).mean(dim=(1, 2)) * weights).mean()


def joint_targets(
    keypoints: Tensor, size_hw: tuple[int, int], stride: int
) -> tuple[Tensor, Tensor]:
    """Gaussians of 2 cells (for maps 64 high, in proportion for others) at the cells that are
    nearest to keypoint / stride, cut off at three sigmas, as Xiao et al. 2018 published them.

    Returns:
        (B, J, h, w), and (B, J) 1 where the keypoint is labelled and the square of its Gaussian
        meets the map or comes to its edge, else 0.
    """
    sigma = max(_LEAST_JOINT_SIGMA, size_hw[0] / _ROWS_A_SIGMA)
    maps = encode(keypoints, size_hw, stride, sigma=sigma, centre="round", cut_off=3.0, xp=torch)
    cells = torch.trunc(keypoints / stride + 0.5)
    ends = torch.tensor([size_hw[1], size_hw[0]], device=keypoints.device)
    # NaN compares as False
    there = (cells - 3 * sigma < ends) & (cells + 3 * sigma + 1 >= 0)
    return maps[:, :-1], there.all(-1).float()


def cross_info_loss(said: Guided, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """CrossInfoNet's loss as its code has it: half of the summed halves of squared distances, those
    of the heatmaps by a hundredth; a keypoint that is missing counts as learned.

    Args:
        keypoints: (B, K, 5): x, y, z in the cube, x, y in the crop's pixels.
        weights: (B,).
    """
    maps = guidance_targets(
        keypoints[..., 3:], (said.hand_maps.shape[-2], said.hand_maps.shape[-1]), stride
    )
    there = keypoints.isfinite().all(-1).float()
    points = keypoints[..., :3].nan_to_num()
    apart = sum((x.float() - points).square().sum(-1) for x in (said.hand, said.branches))
    guided = (said.hand_maps, said.branch_maps)
    blurred = sum((x.float() - maps).square().sum((-2, -1)) for x in guided)
    cost = ((apart + _GUIDANCE * blurred) * there).sum(1) / 2
    return (cost * weights).mean() / 2


def palm_loss(maps: Tensor, keypoints: Tensor, weights: Tensor, stride: int) -> Tensor:
    """What a heatmap's values, the place of its peak, and the depth said there cost.

    Args:
        maps: (B, 1, 2, h, w): logits of the heatmap, depth.
        keypoints: (B, 1, 3) x, y in input pixels, depth in the map's units; NaN: an empty heatmap.
        weights: (B,).
    """
    said, depth = maps[:, 0].float().unbind(1)
    target = heatmap_targets(keypoints[..., :2], (maps.shape[-2], maps.shape[-1]), stride)[:, 0]
    value = functional.binary_cross_entropy_with_logits(
        said, target, weight=1 + _PEAK_WEIGHT * target, reduction="none"
    ).mean((1, 2))
    mass = target.sum((1, 2))
    near = target / mass.clamp(min=1e-6)[:, None, None]
    place = -(near * said.flatten(1).log_softmax(1).view_as(said)).sum((1, 2))
    off = (near * (depth - keypoints[..., 2:].nan_to_num()).abs()).sum((1, 2))
    there = (mass > 1).float()
    return ((_BCE_WEIGHT * value + there * (place + _DEPTH_WEIGHT * off)) * weights).mean()


def guidance_targets(places: Tensor, size_hw: tuple[int, int], stride: int) -> Tensor:
    """A 1 in each keypoint's cell, blurred by 1/4 1/2 1/4 along both axes (mirrored at the border)
    and brought back to a peak of 1, (B, K, h, w). What lies beyond the right or the lower edge is
    put at it; what lies before the others, or is missing, has an empty map.

    Args:
        places: (B, K, 2) x, y input pixels.
    """
    height, width = size_hw
    ends = torch.tensor([width, height], device=places.device)
    cells = torch.minimum((places / stride).floor().nan_to_num(-1), ends - 1).long()
    there = (cells >= 0).all(-1)[..., None, None]
    x, y = cells.clamp(min=0).unbind(-1)
    rows, columns = _blurred(height, places.device)[y], _blurred(width, places.device)[x]
    return rows[..., :, None] * columns[..., None, :] * there


def _blurred(cells: int, device: torch.device) -> Tensor:
    """(cells, cells): the map of a 1 in each cell, along one axis."""
    one = torch.eye(cells, device=device)
    before = torch.cat(
        [one[:, 1:2], one[:, :-1]], 1
    )  # the cell on the left, mirrored at the border
    after = torch.cat([one[:, 1:], one[:, -2:-1]], 1)
    return one + (before + after) / 2


def heatmap_targets(keypoints: Tensor, size_hw: tuple[int, int], stride: int) -> Tensor:
    """Gaussians at the keypoints and the background 1 − max, (B, J+1, h, w); NaN: an empty map."""
    targets: Tensor = encode(keypoints, size_hw, stride, sigma=_SIGMA, xp=torch)
    return targets


@dataclass(frozen=True)
class Loss:
    """What a net's output costs.

    Attributes:
        of: of the output, the keypoints, their weights, and the maps' stride.
        reads: the net's method whose output it takes.
        centred: cell x is taught to lie at the middle of its pixels, stride·x + (stride − 1)/2;
            else at stride·x.
        decode: how a peak is placed between cells, as by those who use the net; None: not at all.
        in_space: the net's `forward` gives keypoints in a cube, (B, K, 3), not maps.
    """

    of: Callable[[Any, Tensor, Tensor, int], Tensor]
    reads: str
    centred: bool = True
    decode: Decoding | None = "parabola"
    in_space: bool = False


LOSSES = {
    "cross-entropy": Loss(stage_loss, "logits"),
    "euclidean": Loss(euclidean_loss, "forward"),
    "joint-mse": Loss(joint_loss, "forward", centred=False, decode="quarter"),
    "palm": Loss(palm_loss, "forward", decode=None),
    "cross-info": Loss(cross_info_loss, "guided", in_space=True),
}
