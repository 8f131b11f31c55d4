"""The gesture net, and its file: one ONNX graph from keypoints to probabilities."""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.errors import ModelError
from core.files import write_whole
from core.gestures.data import GestureData
from core.gestures.features import FeatureSet, feature_set
from core.gestures.model.drift import reference_statistics
from core.gestures.model.gesture_model import METADATA, MODEL, OUTPUTS, GestureModel
from core.gestures.model.provenance import dataset_statistics
from core.gestures.training.augmentation import Meaning
from core.learning.onnx_file import onnx_bytes

_TOLERANCE = 1e-4  # largest difference between torch and the saved graph
_DROPOUT = 0.2


class GestureNet(nn.Module):
    """Features, their standardisation, and an MLP of two hidden layers.

    `forward` is what is saved: keypoints (N, K, 2) and mirrored_view (N,) → probabilities (N, C).
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, features: FeatureSet, classes: int, hidden: int) -> None:
        super().__init__()
        self.features, self.sizes = features, (classes, hidden)
        self.register_buffer("mean", torch.zeros(features.count))
        self.register_buffer("spread", torch.ones(features.count))
        self.layers = nn.ModuleList(
            [
                nn.Linear(features.count, hidden),
                nn.Linear(hidden, hidden // 2),
                nn.Linear(hidden // 2, classes),
            ]
        )

    @classmethod
    def fresh(
        cls, data: GestureData, plain: NDArray[Any], hidden: int, generator: torch.Generator
    ) -> "GestureNet":
        """A net with random weights for the data's gestures, standardised by the (N, F) features
        it is to learn from."""
        net = cls(feature_set(data.skeleton), len(data.gestures), hidden)
        net.mean = torch.from_numpy(plain.mean(0).astype(np.float32))
        # a feature that hardly varies in the samples must not be blown up in use
        net.spread = torch.from_numpy((plain.std(0) + 0.02).astype(np.float32))
        for layer in net.modules():
            if not isinstance(layer, nn.Linear):
                continue
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        return net

    def copy_with(self, weights: dict[str, torch.Tensor]) -> "GestureNet":
        """The same net with other weights."""
        net = GestureNet(self.features, *self.sizes)
        net.load_state_dict(weights)
        return net

    def standardised(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) features of mean 0 and spread 1 over what the net was trained on."""
        return (x - self.mean) / self.spread

    def logits(self, x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """(N, F) features → (N, C); a generator turns dropout on."""
        x = self.standardised(x)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
            if generator is not None:
                kept = torch.rand(x.shape, generator=generator) >= _DROPOUT
                x = x * kept / (1 - _DROPOUT)
        return self.layers[-1](x)

    def forward(self, keypoints: torch.Tensor, mirrored_view: torch.Tensor) -> torch.Tensor:
        """Probabilities (N, C)."""
        return torch.softmax(self.logits(self.features(keypoints, mirrored_view, torch)), 1)


class OpenSetNet(nn.Module):
    """A gesture net, and a head that says how far out of its distribution a hand lies.

    `forward` is what is saved: keypoints (N, K, 2) and mirrored_view (N,) → probabilities (N, C)
    and rejection (N,). The head is given the standardised features and the net's logits.
    """

    def __init__(self, net: GestureNet, head: nn.Module) -> None:
        super().__init__()
        self.net, self.head = net, head

    def forward(
        self, keypoints: torch.Tensor, mirrored_view: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities (N, C) and rejection (N,)."""
        x = self.net.features(keypoints, mirrored_view, torch)
        logits = self.net.logits(x)
        return torch.softmax(logits, 1), self.head(self.net.standardised(x), logits)


def save_model(net: OpenSetNet, data: GestureData, folder: Path, about: dict[str, Any]) -> None:
    """Write model.onnx and metadata.json, each whole or not at all, and check that the saved
    graph answers as the net does.

    Raises:
        ModelError: it does not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MODEL, to_onnx(net, data.keypoints.shape[1]))
    metadata = {
        "format": "mudra-gesture-model",
        "gestures": [asdict(gesture) for gesture in data.gestures],
        "skeleton": data.skeleton,
        "feature_version": net.net.features.version,
        "estimator": data.estimator,
        "threshold": 0.6,
        "samples": len(data),
        "persons": len(np.unique(data.persons)),
        "data_sha256": data_hash(data),
        "census": dataset_statistics(data),
        "usual": _reference_statistics(data),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **about,
    }
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    write_whole(folder / METADATA, text.encode())
    _check_same(net, GestureModel.load(folder), data.take(np.arange(min(64, len(data)))))


def _reference_statistics(data: GestureData) -> dict[str, Any]:
    """How hands were held; the turns and sides that augmentation adds say nothing."""
    meaning, names = Meaning.of(data.gestures), np.array([g.name for g in data.gestures])
    turned, mirrored = names[meaning.turnable.numpy()], names[meaning.mirrors.numpy() >= 0]
    return reference_statistics(data, turned=set(turned.tolist()), mirrored=set(mirrored.tolist()))


def to_onnx(net: OpenSetNet, joints: int) -> bytes:
    """The net as an ONNX file's bytes, batch size free."""
    batch = torch.export.Dim("samples", min=1)
    example = (torch.rand(2, joints, 2), torch.zeros(2, dtype=torch.bool))
    free = ({0: batch}, {0: batch})
    return onnx_bytes(net, example, ["keypoints", "mirrored_view"], [*OUTPUTS], free)


def data_hash(data: GestureData) -> str:
    """sha256 over everything that training reads."""
    digest = hashlib.sha256()
    for array in (data.keypoints, data.mirrored_view, data.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps([g.name for g in data.gestures]).encode())
    for groups in (data.persons, data.sessions, data.recordings):
        digest.update("\n".join(map(str, groups)).encode())
    return digest.hexdigest()


def _check_same(net: OpenSetNet, saved: GestureModel, data: GestureData) -> None:
    answers = saved.predict(data.keypoints, data.mirrored_view)
    with torch.no_grad():
        wanted = net(torch.from_numpy(data.keypoints), torch.from_numpy(data.mirrored_view))
    pairs = zip(answers, wanted, strict=True)
    off = max(float(np.abs(answer - right.numpy()).max()) for answer, right in pairs)
    if not off <= _TOLERANCE:
        raise ModelError(f"the saved model answers {off:.2g} off, at most {_TOLERANCE} is allowed")
