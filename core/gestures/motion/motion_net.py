"""The net of gestures that move: from windows of keypoints to probabilities.

Convention: N windows, T frames, K keypoints, F features of a frame, W channels, C gestures. No
frame looks ahead: what was read of a window's beginning stays true however it goes on.
"""

from typing import Any

import torch
from torch import nn
from torch.nn.functional import pad

from core.gestures.motion.motion_features import MotionFeatures

WIDTH = 64
DILATIONS = (1, 1, 2, 4)  # of convolutions over three frames: the last sees 17
_DROPOUT = 0.2


class MotionNet(nn.Module):
    """Features, their standardisation, temporal convolutions (Bai et al. 2018: causal, dilated,
    with shortcuts), and a layer that reads their mean and their largest values.

    `forward` is what is saved: keypoints (N, T, K, D) and mirrored_view (N,) → (N, C).
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, features: MotionFeatures, classes: int, width: int = WIDTH) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.zeros(features.count))
        self.register_buffer("spread", torch.ones(features.count))
        sizes = (features.count, *[width] * len(DILATIONS))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, 3, dilation=step)
            for a, b, step in zip(sizes, sizes[1:], DILATIONS, strict=False)
        )
        self.last = nn.Linear(2 * width, classes)

    @classmethod
    def fresh(
        cls, features: MotionFeatures, classes: int, x: torch.Tensor, generator: torch.Generator
    ) -> "MotionNet":
        """A net with random weights, standardised by (N, T, F) features."""
        net = cls(features, classes)
        net.mean = x.mean((0, 1))
        net.spread = x.std((0, 1), correction=0) + 0.05
        for layer in (*net.convolutions, net.last):
            assert isinstance(layer, nn.Conv1d | nn.Linear) and layer.bias is not None
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        return net

    def logits(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """(N, T, F) features → (N, C); a generator turns dropout on."""
        x = ((x - self.mean) / self.spread).transpose(1, 2)
        for number, (layer, step) in enumerate(zip(self.convolutions, DILATIONS, strict=True)):
            new = _dropped(torch.relu(layer(pad(x, (2 * step, 0)))), generator)
            x = x + new if number else new
        read = torch.cat([x.mean(2), x.amax(2)], 1)
        found: torch.Tensor = self.last(_dropped(read, generator))
        return found

    def forward(self, keypoints: torch.Tensor, mirrored_view: torch.Tensor) -> torch.Tensor:
        """Probabilities (N, C)."""
        return torch.softmax(self.logits(self.features(keypoints, mirrored_view, torch)), 1)


def _dropped(x: torch.Tensor, generator: torch.Generator | None) -> Any:
    if generator is None:
        return x
    return x * (torch.rand(x.shape, generator=generator) >= _DROPOUT) / (1 - _DROPOUT)
