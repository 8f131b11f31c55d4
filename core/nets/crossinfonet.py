"""CrossInfoNet: a hand's keypoints in space from one depth crop (Du et al. 2019, "CrossInfoNet:
multi-task information sharing based hand pose estimation").

A small ResNet and a feature pyramid see the crop. Two branches, one for the palm's keypoints and
one for the fingers', take what is theirs from one shared map; what a branch leaves over (shared map
− its own) is handed to the other, for what is not palm is fingers. Each branch then says its
keypoints, and both together say the hand. While it learns, heatmaps guide the maps inside.

Every convolution and every fully connected layer, the last ones included, has a normalisation and
no bias: so it is in the published code, whose fully connected layers have 1024 units; the paper
says 2048. Legend: B crops, K keypoints (P of the palm, F of the fingers), C channels, h w map.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT_HW = (96, 96)
MAP_HW = (24, 24)  # of the guiding heatmaps
_UNITS = (3, 4, 6, 3)  # of each part of the trunk
_FIRST_SCALE = 0.1  # of what is said; the published 1 takes thousands of steps to come down
_EPS, _MOMENTUM = 1e-5, 0.1  # of every normalisation: TensorFlow's decay 0.9


class Parts(NamedTuple):
    """Which keypoints a branch says, in its own order: indices in the skeleton's."""

    palm: tuple[int, ...]
    fingers: tuple[int, ...]


class Width(NamedTuple):
    """How wide the net is.

    Attributes:
        stem: channels after the first convolution.
        bases: of each part of the trunk, a quarter of its channels.
        pyramid: C of everything after the trunk.
        hidden: units of the fully connected layers.
        dropped: share of those units that a step of training leaves out; the published code keeps
            0.6. What learns from hands without end has nothing to learn by heart.
    """

    stem: int = 32
    bases: tuple[int, int, int, int] = (16, 32, 64, 64)
    pyramid: int = 256
    hidden: int = 1024
    dropped: float = 0.4


PUBLISHED = Width()
LIGHT = Width(16, (8, 16, 32, 64), 96, 256, dropped=0.0)

# The orders of the published code; of ICVL, whose training is not published, like MSRA's.
PARTS = {
    "nyu_14": Parts((1, 3, 5, 7, 9, 10, 11, 12, 13), (0, 2, 4, 6, 8)),
    "icvl_16": Parts((0, 1, 4, 7, 10, 13), (2, 5, 8, 11, 14, 3, 6, 9, 12, 15)),
    "msra_21": Parts((0, 1, 5, 9, 13, 17), (2, 6, 10, 14, 18, 3, 7, 11, 15, 19, 4, 8, 12, 16, 20)),
    "hand_21": Parts((0, 1, 5, 9, 13, 17), (2, 6, 10, 14, 18, 3, 7, 11, 15, 19, 4, 8, 12, 16, 20)),
    "hands17_21": Parts((0, 1, 2, 3, 4, 5), tuple(range(6, 21))),
}


class Guided(NamedTuple):
    """Everything that the net says while it learns; keypoints in units of half the cube, from its
    centre.

    Attributes:
        hand: (B, K, 3) by both branches together, which is what counts.
        branches: (B, K, 3), each keypoint by its own branch, in the skeleton's order.
        hand_maps, branch_maps: (B, K, 24, 24) heatmaps, alike.
    """

    hand: Tensor
    branches: Tensor
    hand_maps: Tensor
    branch_maps: Tensor


class CrossInfoNet(nn.Module):
    """A hand's keypoints in the cube that the crop shows.

    Args:
        skeleton: the name of the one whose keypoints it says, in that order.
        width: how wide it is.
    """

    input_hw = INPUT_HW
    stages, stride, background = 1, 4, False  # of the guiding heatmaps

    def __init__(self, skeleton: str, width: Width = PUBLISHED) -> None:
        super().__init__()
        self.skeleton, self.parts = skeleton, PARTS[skeleton]
        palm, fingers = len(self.parts.palm), len(self.parts.fingers)
        self.joints = palm + fingers
        both = (*self.parts.palm, *self.parts.fingers)
        self.order = [both.index(joint) for joint in range(self.joints)]  # in what the branches say
        wide = width.pyramid
        self.stem = _Layer(1, width.stem, 5, stride=2)
        self.trunk, channels = nn.ModuleList(), width.stem
        for base, units in zip(width.bases, _UNITS, strict=True):
            self.trunk.append(_trunk_part(channels, base, units))
            channels = 4 * base
        self.lateral = nn.ModuleList(_Layer(4 * base, wide, 1) for base in width.bases)
        self.merge = nn.ModuleList(_Layer(wide, wide, 1, linear=True) for _ in width.bases[1:])
        self.guidance = _Bottleneck(wide, wide, wide // 2)
        self.guidance_maps = _Layer(wide, self.joints, 3, linear=True)
        self.palm = _Branch(width, palm)
        self.fingers = _Branch(width, fingers)
        self.hand = _Layer(2 * width.hidden, 3 * self.joints, linear=True)
        branches = (self.palm, self.fingers)
        for layer in (
            *(self.hand, self.guidance_maps),
            *(layer for branch in branches for layer in (branch.last, branch.last_maps)),
        ):
            nn.init.constant_(layer.norm.weight, _FIRST_SCALE)

    def forward(self, crops: Tensor) -> Tensor:
        """The hand's keypoints, (B, K, 3): x right, y down, z away, in units of half the cube's
        side from its centre.

        Args:
            crops: (B, 1, 96, 96), −1 at the cube's near face to 1 at its far one and behind it.
        """
        _, shared = self._pyramid(crops)
        seen = self._crossed(shared, self.palm.take(shared), self.fingers.take(shared))
        return _points(self.hand(torch.cat(seen, 1)))

    def guided(self, crops: Tensor) -> Guided:
        """What `forward` says, and all that guides it; for crops as there."""
        fine, shared = self._pyramid(crops)
        palm, fingers = self.palm.take(shared), self.fingers.take(shared)
        seen = self._crossed(shared, palm, fingers)
        said = torch.cat([self.palm.last(seen[0]), self.fingers.last(seen[1])], 1)
        maps = torch.cat([self.palm.maps(palm), self.fingers.maps(fingers)], 1)
        return Guided(
            _points(self.hand(torch.cat(seen, 1))),
            _points(said)[:, self.order],
            self.guidance_maps(self.guidance(fine)),
            maps[:, self.order],
        )

    def _pyramid(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """The maps of 24 x 24 and of 12 x 12 cells, (B, C, h, w)."""
        x = functional.max_pool2d(self.stem(crops), 3, 1, 1)
        scales = []
        for part, lateral in zip(self.trunk, self.lateral, strict=True):
            x = part(x)
            scales.append(lateral(x))
        levels = scales[-1:]
        for merge, scale in zip(reversed(self.merge), reversed(scales[:-1]), strict=True):
            levels.append(merge(doubled(levels[-1])) + scale)
        return levels[-1], levels[-2]

    def _crossed(self, shared: Tensor, palm: Tensor, fingers: Tensor) -> tuple[Tensor, Tensor]:
        """What palm and fingers make of their own map and of what the other left over."""
        return (
            self.palm.refined(palm, shared - fingers),
            self.fingers.refined(fingers, shared - palm),
        )


class _Branch(nn.Module):
    """The palm's or the fingers' part: takes its own from the shared map, says its heatmaps, and
    with what the other has left over its keypoints.

    Args:
        width: the net's.
        joints: how many it says.
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

    def maps(self, own: Tensor) -> Tensor:
        """Heatmaps from the own map, twice its size."""
        return doubled(self.last_maps(self.before_maps(own)))

    def refined(self, own: Tensor, left_over: Tensor) -> Tensor:
        """(B, hidden) of the own map and what the other branch left over."""
        x = self.refine(torch.cat([own, left_over], 1))
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
    """1x1, 3x3 with the stride and 1x1 convolutions beside what came (He et al. 2016)."""

    def __init__(self, channels: int, wide: int, narrow: int, stride: int = 1) -> None:
        super().__init__()
        self.shortcut = (
            _EveryNth(stride)
            if channels == wide
            else _Layer(channels, wide, 1, stride=stride, linear=True)
        )
        self.conv1 = _Layer(channels, narrow, 1)
        self.conv2 = _Layer(narrow, narrow, 3, stride=stride)
        self.conv3 = _Layer(narrow, wide, 1, linear=True)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.conv3(self.conv2(self.conv1(x))) + self.shortcut(x))


class _EveryNth(nn.Module):
    """Every nth cell along both axes."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def forward(self, x: Tensor) -> Tensor:
        return x[..., :: self.n, :: self.n]


def _trunk_part(channels: int, base: int, units: int) -> nn.Sequential:
    """Units of four times the base's channels; the last one halves the map."""
    blocks = []
    for unit in range(1, units + 1):
        blocks.append(_Bottleneck(channels, 4 * base, base, stride=2 if unit == units else 1))
        channels = 4 * base
    return nn.Sequential(*blocks)


def _points(numbers: Tensor) -> Tensor:
    return numbers.unflatten(1, (-1, 3))


def doubled(maps: Tensor) -> Tensor:
    """(B, C, h, w) → (B, C, 2h, 2w) as TensorFlow 1 enlarges: cell i comes to lie at 2i, means of
    neighbours between, the last cell twice."""
    for axis in (2, 3):
        cells = maps.shape[axis]
        after = torch.cat([maps.narrow(axis, 1, cells - 1), maps.narrow(axis, cells - 1, 1)], axis)
        maps = torch.stack([maps, (maps + after) / 2], axis + 1).flatten(axis, axis + 1)
    return maps
