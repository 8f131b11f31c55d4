"""A vision transformer that predicts heatmaps (Xu et al. 2022, "ViTPose: simple vision transformer
baselines for human pose estimation").

Patches of 16x16 pixels become vectors with a position embedding; every layer is self-attention over
all patches (Dosovitskiy et al. 2021). The classic head doubles the map twice by deconvolutions, the
simple one enlarges it fourfold by interpolation; both predict one map per keypoint.

Legend: B pictures, J keypoints, C channels, P patches, A heads of the attention, H W picture,
h w map (H/4, W/4).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.nets.pose_resnet import HEAD, build_upsampling

_SIZES = {"small": (384, 12), "base": (768, 12)}  # channels, layers
_HEADS = 12
_PATCH = 16
_EPS = 1e-6  # of the layer normalisations


class ViTPose(nn.Module):
    """Heatmaps of one person in the middle of the picture.

    Args:
        size: "small" or "base".
        head: "classic" or "simple".
        joints: J.
        input_hw: (H, W) that it is made for, px, multiples of 16; for others the position
            embedding is interpolated.
    """

    stages, stride, background = 1, 4, False

    def __init__(
        self, size: str, head: str, *, joints: int = 17, input_hw: tuple[int, int] = (256, 192)
    ) -> None:
        super().__init__()
        self.joints, self.input_hw, self.head = joints, input_hw, head
        wide, layers = _SIZES[size]
        self._grid = input_hw[0] // _PATCH, input_hw[1] // _PATCH
        self.places = nn.Parameter(torch.zeros(1, self._grid[0] * self._grid[1], wide))
        self.patches = nn.Conv2d(3, wide, _PATCH, _PATCH, padding=2)
        self.layers = nn.Sequential(*(_Layer(wide) for _ in range(layers)))
        self.norm = nn.LayerNorm(wide, eps=_EPS)
        if head == "classic":
            self.deconv_layers = nn.Sequential(*build_upsampling(wide), *build_upsampling(HEAD))
            self.final_layer = nn.Conv2d(HEAD, joints, 1)
        else:
            self.final_layer = nn.Conv2d(wide, joints, 3, padding=1)
        nn.init.trunc_normal_(self.places, std=0.02)
        nn.init.normal_(self.final_layer.weight, std=0.001)

    def forward(self, pictures: Tensor) -> Tensor:
        """Predict heatmaps of one stage without a background map, (B, 1, J, h, w), from pictures
        (B, 3, H, W) in the weights' channel order and scaling."""
        x = self.patches(pictures)
        grid = x.shape[-2:]
        x = x.flatten(2).transpose(1, 2) + self._resize_position_embedding(*grid)  # (B, P, C)
        x = self.norm(self.layers(x)).transpose(1, 2).unflatten(2, grid)
        if self.head == "classic":
            x = self.deconv_layers(x)
        else:
            x = functional.interpolate(functional.relu(x), scale_factor=4.0, mode="bilinear")
        return self.final_layer(x)[:, None]

    def _resize_position_embedding(self, rows: int, columns: int) -> Tensor:
        """Return the position embedding, (1, P, C), resized to the grid if needed."""
        if (rows, columns) == self._grid:
            return self.places
        embedding = self.places.transpose(1, 2).unflatten(2, self._grid)
        embedding = functional.interpolate(embedding, (rows, columns), mode="bicubic")
        return embedding.flatten(2).transpose(1, 2)


class _Layer(nn.Module):
    """Self-attention over all patches, then an MLP for each; both residual."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(wide, eps=_EPS)
        self.attention = _Attention(wide)
        self.norm2 = nn.LayerNorm(wide, eps=_EPS)
        self.widen = nn.Linear(wide, 4 * wide)
        self.narrow = nn.Linear(4 * wide, wide)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.narrow(functional.gelu(self.widen(self.norm2(x))))


class _Attention(nn.Module):
    """Each head: softmax(Q·Kᵀ/√(C/A))·V over all patches."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(wide, 3 * wide)
        self.out = nn.Linear(wide, wide)

    def forward(self, x: Tensor) -> Tensor:
        """Apply multi-head self-attention to (B, P, C) patches."""
        q, k, v = self.qkv(x).unflatten(2, (3, _HEADS, -1)).permute(2, 0, 3, 1, 4)  # (B, A, P, C/A)
        attended = functional.scaled_dot_product_attention(q, k, v)
        return self.out(attended.transpose(1, 2).flatten(2))
