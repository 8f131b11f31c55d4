"""Convolutional Pose Machines (Wei et al. 2016, section 3; hands: Simon et al. 2017, section 3).

A stem computes features F of the picture; stage 1 predicts each keypoint's heatmap from F; every
later stage refines the heatmaps from F and the previous stage's, so that keypoints inform others.

Legend: B pictures, S stages, J keypoints, J+1 maps (the last is the background), H W picture,
h w map (H/stride, W/stride), F features.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

# The VGG-19 stem: layers by their names in the published Caffe nets, so that their weights need no
# renaming, with output channels; 0 is a pool, which halves the size.
_SHARED = {
    **{"conv1_1": 64, "conv1_2": 64, "pool1": 0, "conv2_1": 128, "conv2_2": 128, "pool2": 0},
    **{"conv3_1": 256, "conv3_2": 256, "conv3_3": 256, "conv3_4": 256, "pool3": 0},
    **{"conv4_1": 512, "conv4_2": 512},
}
_STEMS = {
    "hand": _SHARED
    | {"conv4_3": 512, "conv4_4": 512, "conv5_1": 512, "conv5_2": 512, "conv5_3_CPM": 128},
    "body": _SHARED | {f"conv4_{i}_CPM": 256 for i in range(3, 7)} | {"conv4_7_CPM": 128},
}
_STAGE_1 = {"hand": ("conv6_1_CPM", "conv6_2_CPM"), "body": ("conv5_1_CPM", "conv5_2_CPM")}
_FEATURES = 128
_CENTRE_SIGMA = 21.0  # px of the input


class VggCPM(nn.Module):
    """The published nets: a VGG-19 stem, a 1x1 stage, then stages of five 7x7 convolutions.

    Args:
        subject: "hand" (OpenPose's) or "body" (the paper's VGG variant, which also reads a map
            of the person's centre).
        stages: S, at least 1.
        joints: J.
        input_size: side of the square that it was made for, px; any multiple of 8 works.
        stride: 8, or 4 without the second pool.
    """

    background = True

    def __init__(
        self, subject: str, *, stages: int, joints: int, input_size: int = 368, stride: int = 8
    ) -> None:
        super().__init__()
        self.subject, self.stages, self.joints = subject, stages, joints
        self.input_hw, self.stride = (input_size, input_size), stride
        self._stem = dict(_STEMS[subject])
        if stride == 4:
            del self._stem["pool2"]
        maps, centre = joints + 1, int(subject == "body")
        self._add_stem()
        first, last = _STAGE_1[subject]
        self.add_module(first, nn.Conv2d(_FEATURES, 512, 1))
        self.add_module(last, nn.Conv2d(512, maps, 1))
        for stage in range(2, stages + 1):
            widths = (maps + _FEATURES + centre, 128, 128, 128, 128, 128, 128, maps)
            for i, (wide_in, wide_out) in enumerate(pairwise(widths), 1):
                kernel = 7 if i <= 5 else 1
                name = f"Mconv{i}_stage{stage}"
                self.add_module(name, nn.Conv2d(wide_in, wide_out, kernel, padding=kernel // 2))

    def _add_stem(self) -> None:
        """Register the stem's 3x3 convolutions under their published names."""
        channels = 3
        for name, wide in self._stem.items():
            if wide:
                self.add_module(name, nn.Conv2d(channels, wide, 3, padding=1))
                channels = wide

    def forward(self, pictures: Tensor) -> Tensor:
        """Predict the heatmaps of every stage, (B, S, J+1, h, w), from pictures (B, 3, H, W) in the
        weights' channel order and scaling."""
        features = self._extract_features(pictures)
        first, last = _STAGE_1[self.subject]
        maps = self._apply_conv(last, functional.relu(self._apply_conv(first, features)))
        stages = [maps]
        extra = [self._make_centre_map(pictures)] if self.subject == "body" else []
        for stage in range(2, self.stages + 1):
            x = torch.cat([maps, features, *extra], 1)
            for i in range(1, 7):
                x = functional.relu(self._apply_conv(f"Mconv{i}_stage{stage}", x))
            maps = self._apply_conv(f"Mconv7_stage{stage}", x)
            stages.append(maps)
        return torch.stack(stages, 1)

    def _extract_features(self, x: Tensor) -> Tensor:
        """Apply the VGG stem: 3x3 convolutions with ReLU, and 2x2 max pooling."""
        for name, wide in self._stem.items():
            x = functional.relu(self._apply_conv(name, x)) if wide else functional.max_pool2d(x, 2)
        return x

    def _apply_conv(self, name: str, x: Tensor) -> Tensor:
        return self.get_submodule(name)(x)

    def _make_centre_map(self, pictures: Tensor) -> Tensor:
        """Make the body net's additional input, (B, 1, h, w): a Gaussian at the picture's centre,
        average-pooled to map size."""
        count, _, height, width = pictures.shape
        y = torch.arange(height, device=pictures.device, dtype=pictures.dtype) - height // 2
        x = torch.arange(width, device=pictures.device, dtype=pictures.dtype) - width // 2
        gauss = torch.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * _CENTRE_SIGMA**2))
        pooled = functional.avg_pool2d(gauss[None, None], 9, self.stride, ceil_mode=True)
        return pooled.expand(count, -1, -1, -1)


class LightCPM(nn.Module):
    """Our own CPM for a CPU: the same stem + stages, of depthwise-separable blocks.

    The stem's receptive field is small, so that stage 1 recognises a fingertip (or an ankle); the
    later stages are hourglasses, which recognise a hand (or a person).
    Pictures are RGB in 0..1; heatmaps are in 0..1.

    Args:
        joints: J.
        stages: S.
        input_hw: (H, W) that it was made for, px; any multiples of 16 work.
        width: channels of F; the hourglass widens them at its coarser levels.
    """

    stride = 4
    background = True

    def __init__(
        self,
        *,
        joints: int = 21,
        stages: int = 3,
        input_hw: tuple[int, int] = (128, 128),
        width: int = 64,
    ) -> None:
        super().__init__()
        self.joints, self.stages, self.input_hw = joints, stages, input_hw
        maps = joints + 1
        self.stem = nn.Sequential(
            _build_conv_block(3, 24, 3, 2),
            _build_conv_block(24, width, 2, 2),
            _Block(width),
            _Block(width, expand=1),
        )
        self.stage_1 = nn.Sequential(
            _build_conv_block(width, width, 1, 1), nn.Conv2d(width, maps, 1)
        )
        self.later = nn.ModuleList(_Hourglass(width + maps, width, maps) for _ in range(stages - 1))

    def logits(self, pictures: Tensor) -> Tensor:
        """Predict every stage's heatmaps before the sigmoid, (B, S, J+1, h, w), for training."""
        features = self.stem(pictures * 2 - 1)
        maps = self.stage_1(features)
        stages = [maps]
        for stage in self.later:
            maps = stage(torch.cat([features, maps.sigmoid()], 1))
            stages.append(maps)
        return torch.stack(stages, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Predict the heatmaps of every stage, 0..1, (B, S, J+1, h, w)."""
        return self.logits(pictures).sigmoid()


class _Hourglass(nn.Module):
    """Maps at h w from features at h w, h/2 w/2 and h/4 w/4."""

    def __init__(self, channels: int, width: int, maps: int) -> None:
        super().__init__()
        near, middle, deep = width * 3 // 4, width * 3 // 2, width * 2
        self.enter = _build_conv_block(channels, near, 1, 1)
        self.halved = nn.Sequential(_build_conv_block(near, middle, 2, 2), _Block(middle))
        self.quartered = nn.Sequential(
            _build_conv_block(middle, deep, 2, 2), *(_Block(deep) for _ in range(3))
        )
        self.to_middle, self.to_near = nn.Conv2d(deep, middle, 1), nn.Conv2d(middle, near, 1)
        self.join_middle, self.join_near = _Block(middle), _Block(near, expand=1)
        self.say = nn.Conv2d(near, maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Compute maps of the input's size from features at full, half and quarter size, summed
        top-down."""
        near = self.enter(x)
        middle = self.halved(near)
        deep = self.quartered(middle)
        middle = self.join_middle(middle + _upsample_2x(self.to_middle(deep)))
        return self.say(self.join_near(near + _upsample_2x(self.to_near(middle))))


class _Block(nn.Module):
    """Depthwise 3x3, then an inverted 1x1 bottleneck, with a residual connection.

    No normalisation between depthwise and 1x1: a step is a third faster on a CPU without it.
    """

    def __init__(self, channels: int, expand: int = 2) -> None:
        super().__init__()
        wide = channels * expand
        self.spread = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.widen = nn.Conv2d(channels, wide, 1, bias=False)
        self.norm = nn.BatchNorm2d(wide)
        self.narrow = nn.Conv2d(wide, channels, 1, bias=False)
        self.norm_out = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu(self.norm(self.widen(self.spread(x))))
        return x + self.norm_out(self.narrow(wide))


def _build_conv_block(channels: int, out_channels: int, kernel: int, stride: int) -> nn.Sequential:
    """Build convolution, batch normalisation and ReLU. An even kernel gets no padding; with an
    equal stride it divides the map into cells."""
    padding = kernel // 2 if kernel % 2 else 0
    convolution = nn.Conv2d(channels, out_channels, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


def _upsample_2x(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
