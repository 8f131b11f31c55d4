"""Finds a hand in a depth frame: a small net of our own that predicts a heatmap of the palm's
centre and, for every cell, the centre's depth there.

Legend: B batch, H W the frame, h w the maps, a quarter of it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

UNIT_MM = 100.0  # of the depth map
_MAX_DEPTH_MM = 2000.0  # farther counts as missing
_MEAN_DEPTH_MM, _DEPTH_STD_MM = 800.0, 400.0


class PalmNet(nn.Module):
    """A small encoder-decoder on frames (B, 1, H, W) of depth in mm, 0 where missing."""

    joints, stages, stride, background = 1, 1, 4, False
    input_hw = 120, 160  # that it is trained for, px; any multiples of 4 work

    def __init__(self) -> None:
        super().__init__()
        half, near, middle, deep = 16, 32, 48, 56  # channels at 1/2, 1/4, 1/8 and 1/16 of the frame
        self.stem = nn.Sequential(_conv_block(2, half, 2), _conv_block(half, near, 2))
        self.halved = nn.Sequential(_conv_block(near, middle, 2), _Block(middle))
        self.quartered = nn.Sequential(_conv_block(middle, deep, 2), _Block(deep), _Block(deep))
        self.to_middle, self.to_near = nn.Conv2d(deep, middle, 1), nn.Conv2d(middle, near, 1)
        self.join = _conv_block(near, near, 1)
        self.say = nn.Conv2d(near, 2, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Predict a palm-centre heatmap before the sigmoid, and the centre's depth in units of 100
        mm, as (B, 1, 2, h, w), from depth frames in mm."""
        seen = ((frames > 0) & (frames < _MAX_DEPTH_MM)).to(frames.dtype)
        near = self.stem(torch.cat([(frames - _MEAN_DEPTH_MM) / _DEPTH_STD_MM * seen, seen], 1))
        middle = self.halved(near)
        deep = self.quartered(middle)
        middle = middle + _upsample_to(self.to_middle(deep), middle)
        maps = self.say(self.join(near + _upsample_to(self.to_near(middle), near)))
        palm, beyond = maps.split(1, 1)
        depth = beyond + _compute_mean_depth(frames * seen, seen)
        return torch.cat([palm, depth], 1)[:, None]


def _compute_mean_depth(frames: Tensor, seen: Tensor) -> Tensor:
    """Average the valid depths (mm) per output cell, in units of 100 mm; 0 if there are none."""
    stride = PalmNet.stride
    some = functional.avg_pool2d(seen, stride)
    depth = functional.avg_pool2d(frames, stride) / some.clamp(min=1 / stride**2)
    return depth / UNIT_MM


class _Block(nn.Module):
    """Two convolutions with a residual connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv_block(channels, channels, 1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.norm(self.second(self.first(x))))


def _conv_block(channels: int, wide: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, wide, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(wide), nn.ReLU(inplace=True))


def _upsample_to(x: Tensor, target: Tensor) -> Tensor:
    return functional.interpolate(x, size=target.shape[-2:], mode="nearest")
