"""How pictures become a net's input, and trained nets as model files: `model.onnx` and
`metadata.json` in a folder.

Convention: the graph contains the preprocessing, so callers pass raw data: `pictures` uint8
RGB (N, H, W, 3) → `beliefs` float32 (N, S, M, h, w), M being J+1 with a background, else J; and
attention maps under their own names. A depth net: `crops` float32 (N, S, S), −1 to 1 in the
hand's cube → `keypoints` float32 (N, K, 3); a palm net: `frames` float32 (N, H, W) mm →
`palm`, a heatmap, and `depth_mm`, float32 (N, h, w). The metadata have the graph's sha256.
"""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import WeightsError
from core.modelfiles.catalogue import UNIT_SCALING, Scaling
from core.modelfiles.model_folder import write_net
from core.modelfiles.onnx_session import open_session
from core.nets import NETS, PoseNet, build_net
from core.nets.crossinfonet import CrossInfoNet
from core.nets.palmnet import UNIT_MM, PalmNet
from core.nets.pose_resnet import PoseResNet


def scale_pictures(pictures: Tensor, scaling: Scaling = UNIT_SCALING) -> Tensor:
    """Convert (B, H, W, 3) uint8 RGB to a net's float input (B, 3, H, W) by factor, offset and
    channel order; pictures of another type, such as depth (B, H, W, 1), keep their values."""
    planes = pictures.permute(0, 3, 1, 2)
    if pictures.dtype != torch.uint8:
        return planes
    planes = planes.float().flip(1) if scaling.channels == "BGR" else planes.float()
    factor, offset = (
        torch.tensor(part, dtype=torch.float32, device=planes.device).reshape(-1, 1, 1)
        for part in (scaling.factor, scaling.offset)
    )
    return planes * factor + offset


class PreprocessedNet(nn.Module):
    """A net with preprocessing included: its input is uint8 RGB (N, H, W, 3)."""

    def __init__(self, net: PoseNet, scaling: Scaling) -> None:
        super().__init__()
        self.net, self.scaling = net, scaling

    def forward(self, pictures: Tensor) -> Tensor:
        """Return heatmaps (N, S, M, h, w)."""
        return self.net(scale_pictures(pictures, self.scaling))


_TOLERANCE = 1e-4  # largest relative difference between torch and the exported graph


class _AttentionNet(PreprocessedNet):
    """Wraps a net to also return its attention maps, for drawing."""

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        assert isinstance(self.net, PoseResNet)
        maps, attention = self.net.predict_with_attention(scale_pictures(pictures, self.scaling))
        return maps, *attention.values()


class _CropNet(nn.Module):
    """Wraps a depth net to take crops that have no channel axis."""

    def __init__(self, net: CrossInfoNet | PalmNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        """(N, S, S) → (N, K, 3)."""
        return self.net(crops[:, None])


class _FrameNet(_CropNet):
    """Wraps a palm net to take frames that have no channel axis."""

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """(N, H, W) mm → the heatmap and the depth in mm, (N, h, w) each."""
        palm, depth = super().forward(frames)[:, 0].unbind(1)
        return palm.sigmoid(), depth * UNIT_MM


@dataclass(frozen=True, eq=False)
class _Graph:
    """A module to export, with the names of its input and outputs, and its metadata."""

    module: nn.Module
    input_name: str
    example: NDArray[Any]
    outputs: list[str]
    metadata: dict[str, Any]


def save_net(
    net: PoseNet, folder: Path, name: str, about: Mapping[str, Any], scaling: Scaling = UNIT_SCALING
) -> None:
    """Export a net to ONNX and write its model folder with metadata; raise WeightsError if the
    exported graph differs from torch.

    Args:
        about: more metadata; of a body net also `alignment` and `decode`, where its maps are not
            read by the defaults of `core.pose.heatmaps.MapDecoding`.
    """
    graph = _describe_graph(net, scaling)
    write_net(folder, _export_checked(graph), {"name": name, **graph.metadata, **about})


def _describe_graph(net: PoseNet, scaling: Scaling) -> _Graph:
    """Return the module to export with example input, names and metadata, by the net's class."""
    rng, shape = np.random.default_rng(0), (2, *net.input_hw)
    size = {"input_hw": list(net.input_hw)}
    if isinstance(net, CrossInfoNet):
        crops = rng.uniform(-1, 1, shape).astype(np.float32)
        metadata = {"input": "depth", **size, "joints": net.joints, "skeleton": net.skeleton}
        return _Graph(_CropNet(net), "crops", crops, ["keypoints"], metadata)
    if isinstance(net, PalmNet):
        frames = rng.uniform(0, 1500, shape).astype(np.float32)
        metadata = {"input": "depth frame", **size, "stride": net.stride}
        return _Graph(_FrameNet(net), "frames", frames, ["palm", "depth_mm"], metadata)
    attends = net.attends if isinstance(net, PoseResNet) else ()
    module = (_AttentionNet if attends else PreprocessedNet)(net, scaling)
    pictures = rng.integers(0, 256, (*shape, 3), np.uint8)
    metadata = size | {"stride": net.stride, "stages": net.stages}
    metadata |= {"joints": net.joints, "background": net.background}
    return _Graph(module, "pictures", pictures, ["beliefs", *attends], metadata)


def save_trained_net(
    weights: Path,
    folder: Path,
    name: str,
    about: Mapping[str, Any],
    build: Mapping[str, Any] | None = None,
    scaling: Scaling = UNIT_SCALING,
) -> None:
    """Build a net with the options it was trained with, load its trained weights from a file, and
    write its model folder."""
    net = build_net(name, **(build or {}))
    net.load_state_dict(load_file(weights))
    spec = NETS[name]
    if not isinstance(net, CrossInfoNet | PalmNet):
        about = {"skeleton": spec.skeleton, **asdict(spec.reading), **about}
    save_net(net, folder, name, about, scaling)


def _export_checked(graph: _Graph) -> bytes:
    """Export a graph with a variable batch size; raise WeightsError if it differs from torch."""
    example = torch.from_numpy(graph.example)
    content = export_onnx(graph.module.eval(), example, graph.input_name, graph.outputs)
    with torch.no_grad():
        result = graph.module(example)
    expected = result if isinstance(result, tuple) else (result,)
    exported = open_session(content).run(graph.outputs, {graph.input_name: graph.example})
    for tensor, array in zip(expected, exported, strict=True):
        scale = max(1.0, float(tensor.abs().max()))
        error = float(np.abs(array - tensor.numpy()).max()) / scale
        if not error <= _TOLERANCE:
            raise WeightsError(
                f"the exported net differs by {error:.1e}, at most {_TOLERANCE:.0e} is allowed"
            )
    return content


def export_onnx(module: nn.Module, example: Tensor, input_name: str, outputs: list[str]) -> bytes:
    """Export a module to ONNX bytes with a variable batch size, without local paths."""
    # it reports every operator of torchvision that is not installed
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter about its own code
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            verbose=False,
            input_names=[input_name],
            output_names=outputs,
            dynamic_shapes=({0: torch.export.Dim("hands", min=1)},),
        )
    assert program is not None
    model = program.model_proto
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        part.ClearField("metadata_props")  # stack traces with paths
    return model.SerializeToString()
