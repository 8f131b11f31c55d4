"""CrossInfoNet: a hand's keypoints in space from one depth crop (Du et al. 2019, "CrossInfoNet:
multi-task information sharing based hand pose estimation").

A small ResNet and a feature pyramid encode the crop. Two branches, one for the palm's keypoints and
one for the fingers', extract their features from one shared map; the residual (shared map − own
features) goes to the other branch, for what is not palm is fingers. Each branch then predicts its
keypoints, and both together the hand. During training, heatmaps supervise the maps inside.

Every convolution and fully connected layer, the last ones included, has a normalisation and no
bias, as in the published code, whose fully connected layers have 1024 units (the paper: 2048).
Legend: B crops, K keypoints, C channels, h w map.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT_HW = (96, 96)
_UNITS = (3, 4, 6, 3)  # of each part of the backbone
_INITIAL_SCALE = 0.1  # of the outputs; from the published 1 training takes thousands of steps more
_EPS, _MOMENTUM = 1e-5, 0.1  # of every normalisation: TensorFlow's decay 0.9


class Width(NamedTuple):
    """The net's channels and units."""

    stem: int = 32  # channels after the first convolution
    bases: tuple[int, int, int, int] = (16, 32, 64, 64)  # quarters of the backbone's channels
    pyramid: int = 256  # C of everything after the backbone
    hidden: int = 1024  # units of the fully connected layers
    # dropout fraction of those units; an endless stream of rendered hands needs none
    dropped: float = 0.4


PUBLISHED = Width()
LIGHT = Width(16, (8, 16, 32, 64), 96, 256, dropped=0.0)

# The keypoints of the palm's and of the fingers' branch, in its order: indices in the skeleton. The
# orders are the published code's; of ICVL, whose training is not published, like MSRA's.
PARTS = {
    "nyu_14": ((1, 3, 5, 7, 9, 10, 11, 12, 13), (0, 2, 4, 6, 8)),
    "icvl_16": ((0, 1, 4, 7, 10, 13), (2, 5, 8, 11, 14, 3, 6, 9, 12, 15)),
    **dict.fromkeys(
        ("msra_21", "hand_21"),
        ((0, 1, 5, 9, 13, 17), (2, 6, 10, 14, 18, 3, 7, 11, 15, 19, 4, 8, 12, 16, 20)),
    ),
}


class TrainingOutputs(NamedTuple):
    """All outputs that are supervised; keypoints in units of half the cube, from its centre."""

    hand: Tensor  # (B, K, 3) by both branches together: the net's answer
    branches: Tensor  # (B, K, 3), each keypoint by its own branch, in the skeleton's order
    hand_maps: Tensor  # (B, K, 24, 24) heatmaps of the same keypoints
    branch_maps: Tensor


class CrossInfoNet(nn.Module):
    """Predicts the keypoints of a skeleton, given by name, in the cube that the crop shows."""

    input_hw = INPUT_HW
    stages, stride, background = 1, 4, False  # of the guiding heatmaps

    def __init__(self, skeleton: str, width: Width = PUBLISHED) -> None:
        super().__init__()
        self.skeleton = skeleton
        palm, fingers = PARTS[skeleton]
        both = (*palm, *fingers)
        self.joints = len(both)
        self.order = [both.index(joint) for joint in range(self.joints)]  # in the branches' outputs
        wide = width.pyramid
        self.stem = _Layer(1, width.stem, 5, stride=2)
        self.trunk, channels = nn.ModuleList(), width.stem
        for base, units in zip(width.bases, _UNITS, strict=True):
            self.trunk.append(_build_backbone_part(channels, base, units))
            channels = 4 * base
        self.lateral = nn.ModuleList(_Layer(4 * base, wide, 1) for base in width.bases)
        self.merge = nn.ModuleList(_Layer(wide, wide, 1, linear=True) for _ in width.bases[1:])
        self.guidance = _Bottleneck(wide, wide, wide // 2)
        self.guidance_maps = _Layer(wide, self.joints, 3, linear=True)
        self.palm = _Branch(width, len(palm))
        self.fingers = _Branch(width, len(fingers))
        self.hand = _Layer(2 * width.hidden, 3 * self.joints, linear=True)
        branches = (self.palm, self.fingers)
        for layer in (
            *(self.hand, self.guidance_maps),
            *(layer for branch in branches for layer in (branch.last, branch.last_maps)),
        ):
            nn.init.constant_(layer.norm.weight, _INITIAL_SCALE)

    def forward(self, crops: Tensor) -> Tensor:
        """Predict the hand's keypoints, (B, K, 3), in half cube sides from the cube's centre (x
        right, y down, z away), from crops (B, 1, 96, 96) of −1 (near face) to 1 (far face)."""
        _, shared = self._compute_pyramid(crops)
        features = self._exchange_features(
            shared, self.palm.take(shared), self.fingers.take(shared)
        )
        return self.hand(torch.cat(features, 1)).unflatten(1, (-1, 3))

    def forward_training(self, crops: Tensor) -> TrainingOutputs:
        """Compute `forward`'s keypoints and the auxiliary outputs used by the training loss."""
        fine, shared = self._compute_pyramid(crops)
        palm, fingers = self.palm.take(shared), self.fingers.take(shared)
        features = self._exchange_features(shared, palm, fingers)
        branches = torch.cat([self.palm.last(features[0]), self.fingers.last(features[1])], 1)
        maps = torch.cat([self.palm.predict_maps(palm), self.fingers.predict_maps(fingers)], 1)
        return TrainingOutputs(
            self.hand(torch.cat(features, 1)).unflatten(1, (-1, 3)),
            branches.unflatten(1, (-1, 3))[:, self.order],
            self.guidance_maps(self.guidance(fine)),
            maps[:, self.order],
        )

    def _compute_pyramid(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the feature pyramid's maps, (B, C, h, w), with 24 x 24 and with 12 x 12 cells."""
        x = functional.max_pool2d(self.stem(crops), 3, 1, 1)
        scales = []
        for part, lateral in zip(self.trunk, self.lateral, strict=True):
            x = part(x)
            scales.append(lateral(x))
        levels = scales[-1:]
        for merge, scale in zip(reversed(self.merge), reversed(scales[:-1]), strict=True):
            levels.append(merge(upsample_like_tensorflow(levels[-1])) + scale)
        return levels[-1], levels[-2]

    def _exchange_features(
        self, shared: Tensor, palm: Tensor, fingers: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compute the feature vectors of palm and fingers, each from its own map and the residual:
        the shared map minus the other branch's map."""
        return (
            self.palm.compute_features(palm, shared - fingers),
            self.fingers.compute_features(fingers, shared - palm),
        )


class _Branch(nn.Module):
    """The palm's or the fingers' branch: predicts heatmaps from its own part of the shared map, and
    features for keypoints from that and the other branch's residual.

    Args:
        joints: how many it predicts.
    """

    def __init__(self, width: Width, joints: int) -> None:
        super().__init__()
        wide, hidden, self.dropped = width.pyramid, width.hidden, width.dropped
        self.take = _Bottleneck(wide, wide, wide // 2)
        self.before_maps = _Layer(wide, wide, 1)
        self.last_maps = _Layer(wide, joints, 3, linear=True)
        self.refine = _Bottleneck(2 * wide, wide, wide // 2)
        cells = (INPUT_HW[0] // 16) * (INPUT_HW[1] // 16)  # halved four times
        self.first = _Layer(wide * cells, hidden)
        self.second = _Layer(hidden, hidden)
        self.last = _Layer(hidden, 3 * joints, linear=True)

    def predict_maps(self, own: Tensor) -> Tensor:
        """Predict heatmaps of twice the own map's size."""
        return upsample_like_tensorflow(self.last_maps(self.before_maps(own)))

    def compute_features(self, own: Tensor, residual: Tensor) -> Tensor:
        """Compute (B, hidden) features from a branch's own map and the other branch's residual."""
        x = self.refine(torch.cat([own, residual], 1))
        x = functional.max_pool2d(x, 2).flatten(1)
        for layer in (self.first, self.second):
            x = functional.dropout(layer(x), self.dropped, self.training)
        return x


class _Layer(nn.Module):
    """A convolution, or without a kernel size a fully connected layer, and its normalisation; then
    a ReLU unless it is linear."""

    def __init__(
        self, channels: int, wide: int, kernel: int = 0, *, stride: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        self.linear = linear
        self.kernel: nn.Module
        self.norm: nn.BatchNorm1d | nn.BatchNorm2d
        if kernel:
            self.kernel = nn.Conv2d(channels, wide, kernel, stride, kernel // 2, bias=False)
            self.norm = nn.BatchNorm2d(wide, _EPS, _MOMENTUM)
        else:
            self.kernel = nn.Linear(channels, wide, bias=False)
            self.norm = nn.BatchNorm1d(wide, _EPS, _MOMENTUM)
        nn.init.xavier_uniform_(self.kernel.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.kernel(x))
        return x if self.linear else functional.relu(x)


class _Bottleneck(nn.Module):
    """1x1, 3x3 with the stride and 1x1 convolutions with a shortcut (He et al. 2016)."""

    def __init__(self, channels: int, wide: int, narrow: int, stride: int = 1) -> None:
        super().__init__()
        self.shortcut: nn.Module = nn.MaxPool2d(1, stride)  # every nth cell
        if channels != wide:
            self.shortcut = _Layer(channels, wide, 1, stride=stride, linear=True)
        self.conv1 = _Layer(channels, narrow, 1)
        self.conv2 = _Layer(narrow, narrow, 3, stride=stride)
        self.conv3 = _Layer(narrow, wide, 1, linear=True)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.conv3(self.conv2(self.conv1(x))) + self.shortcut(x))


def _build_backbone_part(channels: int, base: int, units: int) -> nn.Sequential:
    """Build a backbone stage: residual units with 4 · base channels, the last with stride 2."""
    blocks = []
    for unit in range(1, units + 1):
        blocks.append(_Bottleneck(channels, 4 * base, base, stride=2 if unit == units else 1))
        channels = 4 * base
    return nn.Sequential(*blocks)


def upsample_like_tensorflow(maps: Tensor) -> Tensor:
    """Double height and width of (B, C, h, w) maps bilinearly, aligned as in TensorFlow 1: cell i
    goes to 2i, and the last cell is repeated."""
    for axis in (2, 3):
        cells = maps.shape[axis]
        after = torch.cat([maps.narrow(axis, 1, cells - 1), maps.narrow(axis, cells - 1, 1)], axis)
        maps = torch.stack([maps, (maps + after) / 2], axis + 1).flatten(axis, axis + 1)
    return maps
