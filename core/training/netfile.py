"""A trained net as a file to use: `model.onnx` and `metadata.json` in a folder.

Convention: the graph holds the preprocessing, so that every net is used alike: `pictures` uint8
RGB (N, H, W, 3) → `beliefs` float32 (N, S, M, h, w), M being J+1 with a background, else J; and
what a net attends to under its own names. A net of depth: `crops` float32 (N, S, S), −1 to 1 in the
hand's cube → `keypoints` float32 (N, K, 3); one that finds palms: `frames` float32 (N, H, W) mm →
`palm`, a heatmap, and `depth_mm`, float32 (N, h, w). The metadata carry the graph's sha256.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import WeightsError
from core.modelfiles.model_folder import write_net
from core.modelfiles.onnx_session import open_session
from core.modelfiles.weights_entry import UNIT_SCALING, Scaling
from core.nets import NETS, PoseNet, build_net
from core.nets.crossinfonet import CrossInfoNet
from core.nets.palmnet import UNIT_MM, PalmNet
from core.nets.pose_resnet import PoseResNet
from core.training.onnx_file import onnx_bytes

_TOLERANCE = 1e-4  # largest difference between torch and the saved graph


class Prepared(nn.Module):
    """A net with its preprocessing: how pictures are fed to it."""

    def __init__(self, net: PoseNet, scaling: Scaling) -> None:
        super().__init__()
        self.net, self.bgr = net, scaling.channels == "BGR"
        self.scale = torch.tensor(scaling.factor, dtype=torch.float32).reshape(-1, 1, 1)
        self.offset = torch.tensor(scaling.offset, dtype=torch.float32).reshape(-1, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 RGB (N, H, W, 3) → heatmaps (N, S, M, h, w)."""
        maps: Tensor = self.net(self._fed(pictures))
        return maps

    def _fed(self, pictures: Tensor) -> Tensor:
        x = pictures.permute(0, 3, 1, 2).float()
        return (x.flip(1) if self.bgr else x) * self.scale + self.offset


class _Attending(Prepared):
    """The same with what the net attends to, for drawing."""

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        assert isinstance(self.net, PoseResNet)
        maps, seen = self.net.with_attention(self._fed(pictures))
        return maps, *seen.values()


def save_net(
    net: PoseNet,
    folder: Path,
    name: str,
    about: Mapping[str, Any],
    scaling: Scaling = UNIT_SCALING,
) -> None:
    """Write the folder of a net; its graph is run once and must answer as torch does.

    Args:
        about: for the metadata; of a body net also `alignment` and `decode`, where its maps are
            not read as `core.pose.map_reading.Reading` has it by itself.

    Raises:
        WeightsError: the saved graph answers differently.
    """
    attends = net.attends if isinstance(net, PoseResNet) else ()
    prepared = (_Attending if attends else Prepared)(net, scaling).eval()
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, *net.input_hw, 3), np.uint8)
    content = _export(prepared, "pictures", pictures, ["beliefs", *attends])
    described = {
        "name": name,
        "input_hw": list(net.input_hw),
        "stride": net.stride,
        "stages": net.stages,
        "joints": net.joints,
        "background": net.background,
    }
    write_net(folder, content, described | dict(about))


class _OfCrops(nn.Module):
    """A net of depth that takes crops without channels."""

    def __init__(self, net: CrossInfoNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        """(N, S, S) → (N, K, 3)."""
        keypoints: Tensor = self.net(crops[:, None])
        return keypoints


def save_depth_net(net: CrossInfoNet, folder: Path, name: str, about: Mapping[str, Any]) -> None:
    """Write the folder of a net of depth; its graph is run once and must answer as torch does.

    Raises:
        WeightsError: the saved graph answers differently.
    """
    crops = np.random.default_rng(0).uniform(-1, 1, (2, *net.input_hw)).astype(np.float32)
    content = _export(_OfCrops(net).eval(), "crops", crops, ["keypoints"])
    described = {
        "name": name,
        "input": "depth",
        "input_hw": list(net.input_hw),
        "joints": net.joints,
        "skeleton": net.skeleton,
    }
    write_net(folder, content, described | dict(about))


class _OfFrames(nn.Module):
    """A palm net that takes frames without channels."""

    def __init__(self, net: PalmNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(N, H, W) mm → the heatmap and the depth in mm, (N, h, w) each."""
        palm, depth = self.net(frames[:, None])[:, 0].unbind(1)
        return palm.sigmoid(), depth * UNIT_MM


def save_palm_net(net: PalmNet, folder: Path, name: str, about: Mapping[str, Any]) -> None:
    """Write the folder of a net that finds palms in frames; its graph is run once and must answer
    as torch does.

    Raises:
        WeightsError: the saved graph answers differently.
    """
    frames = np.random.default_rng(0).uniform(0, 1500, (2, *net.input_hw)).astype(np.float32)
    content = _export(_OfFrames(net).eval(), "frames", frames, ["palm", "depth_mm"])
    described = {
        "name": name,
        "input": "depth frame",
        "input_hw": list(net.input_hw),
        "stride": net.stride,
    }
    write_net(folder, content, described | dict(about))


def save_trained_net(
    weights: Path,
    folder: Path,
    name: str,
    about: Mapping[str, Any],
    build: Mapping[str, Any] | None = None,
    scaling: Scaling = UNIT_SCALING,
) -> None:
    """Write the folder of a net from what its training left.

    Args:
        build: options of the net's class, as it was trained.
        scaling: how pictures were fed.
    """
    net = build_net(name, **(build or {}))
    net.load_state_dict(load_file(weights))
    spec = NETS[name]
    if isinstance(net, CrossInfoNet):
        save_depth_net(net, folder, name, about)
        return
    if isinstance(net, PalmNet):
        save_palm_net(net, folder, name, about)
        return
    described = {"skeleton": spec.skeleton, **asdict(spec.reading), **about}
    save_net(net, folder, name, described, scaling)


def _export(module: nn.Module, input_name: str, example: NDArray[Any], outputs: list[str]) -> bytes:
    """Export a module whose batch size is free.

    Raises:
        WeightsError: the graph answers the example differently than the module.
    """
    pictures, batch = torch.from_numpy(example), {0: torch.export.Dim("hands", min=1)}
    content = onnx_bytes(module, (pictures,), [input_name], outputs, (batch,))
    with torch.no_grad():
        answers = module(pictures)
    expected = answers if isinstance(answers, tuple) else (answers,)
    found = open_session(content).run(outputs, {input_name: example})
    for answer, array in zip(expected, found, strict=True):
        scale = max(1.0, float(answer.abs().max()))
        error = float(np.abs(array - answer.numpy()).max()) / scale
        if not error <= _TOLERANCE:
            raise WeightsError(
                f"the saved net answers {error:.1e} off, at most {_TOLERANCE:.0e} is allowed"
            )
    return content
