"""A ResNet, three deconvolutions and, where wanted, attention (Xiao et al. 2018, "Simple baselines
for human pose estimation"; attention: Chu et al. 2017, "Multi-context attention", section 4).

The backbone halves the picture five times, the deconvolutions double it three times, a 1x1
convolution predicts one map per keypoint. An attention unit computes a weight 0..1 for every cell
in a few iterations of a small convolution. Holistic units weight each of the three scales before
they are summed; part-wise units weight the finest scale separately for every keypoint.

Layers have the names of the published files: `conv1`, `layer1.0.conv1`, `deconv_layers.0`,
`final_layer`. Legend: B pictures, J keypoints, C channels, H W picture, h w map (H/4, W/4).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

_LARGE = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}  # of bottlenecks
_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)} | _LARGE
_WIDTHS = (64, 128, 256, 512)
HEAD = 256  # channels of each scale
_HEAD_STD = 0.001  # of the head's first random weights (Xiao et al.)


class Attention(NamedTuple):
    """Which attention units a net has."""

    holistic: bool = False  # a unit after each deconvolution
    part_wise: bool = False  # a unit for every keypoint
    kernel_size: int = 3  # side of the units' kernel, odd, cells
    iterations: int = 3  # of each unit


ATTENTIONS = {
    "": Attention(),
    "holistic": Attention(holistic=True),
    "part_wise": Attention(part_wise=True),
    "both": Attention(holistic=True, part_wise=True),
}


class PoseResNet(nn.Module):
    """Heatmaps of one person in the middle of the picture.

    Args:
        depth: 18, 34, 50, 101 or 152 layers of the backbone.
        joints: J.
        input_hw: (H, W) that it is made for, px; any multiples of 32 work.
    """

    stages, stride, background = 1, 4, False

    def __init__(
        self,
        depth: int,
        attention: Attention = ATTENTIONS[""],
        *,
        joints: int = 17,
        input_hw: tuple[int, int] = (256, 192),
    ) -> None:
        super().__init__()
        self.joints, self.input_hw, self.attention = joints, input_hw, attention
        self._add_backbone(depth)
        self.deconv_layers = nn.Sequential(
            *(layer for wide in (self.channels, HEAD, HEAD) for layer in build_upsampling(wide))
        )
        options = attention.kernel_size, attention.iterations
        if attention.holistic:
            self.holistic = nn.ModuleList(AttentionUnits(HEAD, 1, *options) for _ in range(3))
        if attention.part_wise:
            self.part_attention = AttentionUnits(HEAD, joints, *options)
            self.part_layer = nn.Conv2d(HEAD, joints, 1, bias=False)
        self.final_layer = nn.Conv2d(joints if attention.part_wise else HEAD, joints, 1)
        self._init_weights()

    def _add_backbone(self, depth: int) -> None:
        """Add a ResNet's layers, except its classifier, under torchvision's names."""
        block = _Bottleneck if depth in _LARGE else _Basic
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.channels = 64
        for i, (count, width) in enumerate(zip(_BLOCKS[depth], _WIDTHS, strict=True)):
            blocks = []
            for first in (True, *[False] * (count - 1)):
                blocks.append(block(self.channels, width, 2 if first and i else 1))
                self.channels = width * block.widening
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))

    def _init_weights(self) -> None:
        """Initialise the backbone (He) and the head (normal) as Xiao et al. do."""
        for name, module in self.named_modules():
            if isinstance(module, nn.ConvTranspose2d):
                nn.init.normal_(module.weight, std=_HEAD_STD)
            elif isinstance(module, nn.Conv2d) and name.startswith(("conv1", "layer")):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.final_layer.bias)  # type: ignore[arg-type]
        map_layer = self.final_layer
        if self.attention.part_wise:
            # initial maps are as small as without attention: large ones make training diverge
            nn.init.dirac_(self.final_layer.weight)
            map_layer = self.part_layer
        nn.init.normal_(map_layer.weight, std=_HEAD_STD)

    @property
    def attends(self) -> tuple[str, ...]:
        """Names of the maps that `predict_with_attention` returns, in its order."""
        holistic = ("holistic_1", "holistic_2", "holistic_3") if self.attention.holistic else ()
        return (*holistic, "part_wise") if self.attention.part_wise else holistic

    def forward(self, pictures: Tensor) -> Tensor:
        """Predict heatmaps of one stage, without a background map, (B, 1, J, h, w), from pictures
        (B, 3, H, W) in the channel order and scaling of the weights."""
        return self.predict_with_attention(pictures)[0]

    def predict_with_attention(self, pictures: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Predict heatmaps; return them and each attention unit's weights, 0..1, by name.

        Returns:
            (B, 1, J, h, w); "holistic_1", "holistic_2", "holistic_3" (B, 1, h', w') from the
            coarsest scale (a quarter of h w) to the finest, and "part_wise" (B, J, h, w); only
            those that the net has.
        """
        x, scales = self._extract_features(pictures), []
        for i in (0, 3, 6):
            x = self.deconv_layers[i : i + 3](x)
            scales.append(x)
        attention: dict[str, Tensor] = {}
        if self.attention.holistic:
            x = self._sum_weighted_scales(scales, attention)
        if self.attention.part_wise:
            # a unit's weights are the same for all channels: the 1x1 convolution may come first
            attention["part_wise"] = self.part_attention(x)
            x = self.part_layer(x) * attention["part_wise"]
        return self.final_layer(x)[:, None], attention

    def _sum_weighted_scales(self, scales: list[Tensor], attention: dict[str, Tensor]) -> Tensor:
        """Multiply each scale by its attention weights, add these to `attention`, and sum the
        scales at the finest scale's size."""
        attended = []
        for i, (unit, scale) in enumerate(zip(self.holistic, scales, strict=True), 1):
            attention[f"holistic_{i}"] = unit(scale)
            attended.append(scale * attention[f"holistic_{i}"])
        coarse, middle, fine = attended
        coarse = functional.interpolate(coarse, scale_factor=4.0)
        middle = functional.interpolate(middle, scale_factor=2.0)
        return coarse + middle + fine

    def _extract_features(self, pictures: Tensor) -> Tensor:
        """Compute the ResNet backbone's last feature map, of stride 32."""
        x = functional.relu(self.bn1(self.conv1(pictures)))
        x = functional.max_pool2d(x, 3, 2, 1)
        for i in range(1, 5):
            x = self.get_submodule(f"layer{i}")(x)
        return x


class AttentionUnits(nn.Module):
    """N parallel units: Q = sigmoid(kernel ∗ Q + U), from Q = U on, each with its own kernel.

    This is mean-field inference in a conditional random field (Chu et al., equations 5 and 6).

    Args:
        channels: C.
        units: N.
        kernel_size: odd, cells.
        iterations: at least 1.
    """

    def __init__(self, channels: int, units: int, kernel_size: int, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.unary = nn.Conv2d(channels, units, 3, padding=1, bias=False)
        self.kernel = nn.Conv2d(
            units, units, kernel_size, padding=kernel_size // 2, groups=units, bias=False
        )
        nn.init.normal_(self.unary.weight, std=(2 / (9 * channels + 9)) ** 0.5)  # Glorot's, a unit
        nn.init.normal_(self.kernel.weight, std=1 / kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        """Compute attention weights (B, N, h, w), 0..1, from features (B, C, h, w) by mean-field
        iterations."""
        unary: Tensor = self.unary(x)
        weights = unary
        for _ in range(self.iterations):
            weights = torch.sigmoid(self.kernel(weights) + unary)
        return weights


class _Basic(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016)."""

    widening = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _build_shortcut(channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Apply two convolutions and add the shortcut."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + self.downsample(x))


class _Bottleneck(nn.Module):
    """1x1, 3x3 with the stride, 1x1 to four times the width, with a shortcut (He et al. 2016)."""

    widening = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        wide = width * self.widening
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, wide, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(wide)
        self.downsample = _build_shortcut(channels, wide, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Apply three convolutions and add the shortcut."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return functional.relu(y + self.downsample(x))


def _build_shortcut(channels: int, wide: int, stride: int) -> nn.Sequential:
    """Build a residual shortcut: an identity if shapes agree, else a normalised 1x1 convolution."""
    if stride == 1 and channels == wide:
        return nn.Sequential()
    return nn.Sequential(nn.Conv2d(channels, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))


def build_upsampling(channels: int) -> tuple[nn.Module, ...]:
    """Build a deconvolution to `HEAD` channels that doubles a map, normalisation and ReLU."""
    convolution = nn.ConvTranspose2d(channels, HEAD, 4, 2, 1, bias=False)
    return convolution, nn.BatchNorm2d(HEAD), nn.ReLU(inplace=True)
