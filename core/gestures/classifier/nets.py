"""The gesture nets: from keypoints to probabilities, and how far out of distribution a hand lies.

Convention: N samples, K keypoints, F features, C gestures.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.gestures.data import GestureData
from core.gestures.features import FeatureSet

_DROPOUT = 0.2
_HEAD_HIDDEN = 128


class GestureNet(nn.Module):
    """Features, their standardisation, and an MLP of two hidden layers.

    `forward` is what is saved: keypoints (N, K, D) and mirrored_view (N,) → probabilities (N, C).
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, features: FeatureSet, classes: int, hidden: int) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.zeros(features.count))
        self.register_buffer("spread", torch.ones(features.count))
        self.layers = _layers(features.count, hidden, hidden // 2, classes)

    @classmethod
    def fresh(
        cls, data: GestureData, plain: NDArray[Any], hidden: int, generator: torch.Generator
    ) -> "GestureNet":
        """A net with random weights for the data's gestures, standardised by the (N, F) features
        it is to learn from."""
        net = cls(data.feature_set, len(data.gestures), hidden)
        net.mean = torch.from_numpy(plain.mean(0).astype(np.float32))
        # a feature that hardly varies in the samples must not be blown up in use
        net.spread = torch.from_numpy((plain.std(0) + 0.02).astype(np.float32))
        _draw_weights(net.layers, generator)
        return net

    def standardised(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) features of mean 0 and spread 1 over what the net was trained on."""
        return (x - self.mean) / self.spread

    def logits(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """(N, F) features → (N, C); a generator turns dropout on."""
        return _through(self.layers, self.standardised(x), generator)

    def forward(self, keypoints: torch.Tensor, mirrored_view: torch.Tensor) -> torch.Tensor:
        """Probabilities (N, C)."""
        return torch.softmax(self.logits(self.features(keypoints, mirrored_view, torch)), 1)


class RejectionHead(nn.Module):
    """A small net that tells gestures from `none` and from synthetic outliers; where the gesture
    net knows `none`, its log-odds for that count as much."""

    def __init__(self, feature_count: int, none: int | None, generator: torch.Generator) -> None:
        super().__init__()
        self.none = none
        self.layers = _layers(feature_count, _HEAD_HIDDEN, _HEAD_HIDDEN // 2, 1)
        _draw_weights(self.layers, generator)

    def log_odds(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """(N, F) → (N,) of its own, without the gesture net; a generator turns dropout on."""
        return _through(self.layers, x, generator)[:, 0]

    def forward(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """(N, F) features and the gesture net's (N, C) → (N,) how far out of distribution, 0 to
        1."""
        own = self.log_odds(x)
        if self.none is None:
            return torch.sigmoid(own)
        others = torch.cat([logits[:, : self.none], logits[:, self.none + 1 :]], 1)
        of_none = logits[:, self.none] - torch.logsumexp(others, 1)
        return torch.sigmoid((own + of_none) / 2)


class OpenSetNet(nn.Module):
    """A gesture net, and a head that says how far out of its distribution a hand lies.

    `forward` is what is saved: keypoints (N, K, D) and mirrored_view (N,) → probabilities (N, C)
    and rejection (N,). The head is given the standardised features and the net's logits.
    """

    def __init__(self, net: GestureNet, head: RejectionHead) -> None:
        super().__init__()
        self.net, self.head = net, head

    def forward(
        self, keypoints: torch.Tensor, mirrored_view: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities (N, C) and rejection (N,)."""
        x = self.net.features(keypoints, mirrored_view, torch)
        logits = self.net.logits(x)
        return torch.softmax(logits, 1), self.head(self.net.standardised(x), logits)


def _layers(*sizes: int) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))


def _draw_weights(layers: nn.ModuleList, generator: torch.Generator) -> None:
    for layer in layers:
        assert isinstance(layer, nn.Linear)
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)


def _through(
    layers: nn.ModuleList, x: torch.Tensor, generator: torch.Generator | None
) -> torch.Tensor:
    """What the layers make of x, each but the last with a ReLU and, with a generator, dropout."""
    for layer in layers[:-1]:
        x = torch.relu(layer(x))
        if generator is not None:
            kept = torch.rand(x.shape, generator=generator) >= _DROPOUT
            x = x * kept / (1 - _DROPOUT)
    found: torch.Tensor = layers[-1](x)
    return found
