"""The gesture nets: from keypoints to probabilities and a rejection score.

Convention: N samples, K keypoints, F features, C gestures.
"""

from collections.abc import Iterable
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
    """Features, their standardisation, and an MLP of two hidden layers; `forward` is saved."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, features: FeatureSet, classes: int, hidden: int) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.zeros(features.count))
        self.register_buffer("spread", torch.ones(features.count))
        self.layers = _build_layers(features.count, hidden, hidden // 2, classes)

    @classmethod
    def create_random(
        cls, data: GestureData, features: NDArray[Any], hidden: int, generator: torch.Generator
    ) -> "GestureNet":
        """Create a random net for the data's gestures, standardised by their (N, F) features."""
        net = cls(data.feature_set, len(data.gestures), hidden)
        net.mean = torch.from_numpy(features.mean(0).astype(np.float32))
        # the constant keeps features that hardly vary in the samples from exploding in use
        net.spread = torch.from_numpy((features.std(0) + 0.02).astype(np.float32))
        init_weights(net.layers, generator)
        return net

    def standardise(self, x: torch.Tensor) -> torch.Tensor:
        """Scale (N, F) features to the training samples' mean 0 and standard deviation 1."""
        return (x - self.mean) / self.spread

    def logits(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Compute (N, C) logits of (N, F) features; dropout is on if a generator is given."""
        return _apply_layers(self.layers, self.standardise(x), generator)

    def forward(self, keypoints: torch.Tensor, mirrored_view: torch.Tensor) -> torch.Tensor:
        """Compute (N, C) probabilities of (N, K, D) keypoints."""
        return torch.softmax(self.logits(self.features(keypoints, mirrored_view, torch)), 1)


class RejectionHead(nn.Module):
    """A small net that separates gestures from `none` and synthetic outliers. If the gesture net
    has the class `none`, its log-odds of `none` get the same weight."""

    def __init__(self, feature_count: int, none: int | None, generator: torch.Generator) -> None:
        super().__init__()
        self.none = none
        self.layers = _build_layers(feature_count, _HEAD_HIDDEN, _HEAD_HIDDEN // 2, 1)
        init_weights(self.layers, generator)

    def log_odds(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Compute the head's own (N,) log-odds of (N, F) features; a generator turns on dropout."""
        return _apply_layers(self.layers, x, generator)[:, 0]

    def forward(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Compute the (N,) rejection score, 0 to 1, of (N, F) standardised features, averaged with
        the log-odds of `none` in the gesture net's (N, C) logits."""
        own = self.log_odds(x)
        if self.none is None:
            return torch.sigmoid(own)
        others = torch.cat([logits[:, : self.none], logits[:, self.none + 1 :]], 1)
        none_odds = logits[:, self.none] - torch.logsumexp(others, 1)
        return torch.sigmoid((own + none_odds) / 2)


class OpenSetNet(nn.Module):
    """A gesture net, and a rejection head on its features and logits; `forward` is saved."""

    def __init__(self, net: GestureNet, head: RejectionHead) -> None:
        super().__init__()
        self.net, self.head = net, head

    def forward(
        self, keypoints: torch.Tensor, mirrored_view: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute (N, C) probabilities and (N,) rejection scores of (N, K, D) keypoints."""
        x = self.net.features(keypoints, mirrored_view, torch)
        logits = self.net.logits(x)
        return torch.softmax(logits, 1), self.head(self.net.standardise(x), logits)


def run_net(net: nn.Module, data: GestureData) -> list[NDArray[np.float32]]:
    """Return a net's outputs for the samples: (N, C) probabilities and, for an `OpenSetNet`, (N,)
    rejection scores."""
    with torch.no_grad():
        out = net(torch.from_numpy(data.keypoints), torch.from_numpy(data.mirrored_view))
    return [one.numpy() for one in (out if isinstance(out, tuple) else (out,))]


def _build_layers(*sizes: int) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))


def init_weights(layers: Iterable[nn.Module], generator: torch.Generator) -> None:
    """Initialise linear layers and convolutions: Kaiming-uniform weights, biases 0."""
    for layer in layers:
        assert isinstance(layer, nn.Linear | nn.Conv1d) and layer.bias is not None
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)


def _apply_layers(
    layers: nn.ModuleList, x: torch.Tensor, generator: torch.Generator | None
) -> torch.Tensor:
    """Apply linear layers: ReLU after all but the last, dropout if a generator is given."""
    for layer in layers[:-1]:
        x = apply_dropout(torch.relu(layer(x)), generator)
    return layers[-1](x)


def apply_dropout(x: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """Set random elements to 0 and scale up the others; change nothing without a generator."""
    if generator is None:
        return x
    return x * (torch.rand(x.shape, generator=generator) >= _DROPOUT) / (1 - _DROPOUT)
