"""A trained net as a file to use: `model.onnx` and `metadata.json` in a folder.

Convention: the graph holds the preprocessing, so that every net is used alike: `pictures` uint8
RGB (N, I, I, 3) → `heatmaps` float32 (N, S, J+1, h, w). The metadata carry the graph's sha256.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import WeightsError
from core.files import write_whole
from core.learning.onnx_file import onnx_bytes
from core.nets import NETS, PoseNet, build_net
from core.pose.types import Picture
from core.weights.onnx_session import open_session

MODEL, METADATA = "model.onnx", "metadata.json"
_TOLERANCE = 1e-4  # largest difference between torch and the saved graph


class Prepared(nn.Module):
    """A net with its preprocessing.

    Args:
        scale: multiplies pixel values 0..255.
        offset: is added after that.
        bgr: the net wants blue first.
    """

    def __init__(self, net: PoseNet, scale: float, offset: float, bgr: bool) -> None:
        super().__init__()
        self.net, self.scale, self.offset, self.bgr = net, scale, offset, bgr

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 RGB (N, I, I, 3) → heatmaps (N, S, J+1, h, w)."""
        x = pictures.permute(0, 3, 1, 2).float() * self.scale + self.offset
        output: Tensor = self.net(x.flip(1) if self.bgr else x)
        return output


def save_net(
    net: PoseNet,
    folder: Path,
    name: str,
    about: Mapping[str, Any],
    *,
    scale: float = 1 / 255,
    offset: float = 0.0,
    bgr: bool = False,
) -> None:
    """Write the folder of a net; its graph is run once and must answer as torch does.

    Raises:
        WeightsError: the saved graph answers differently.
    """
    folder.mkdir(parents=True, exist_ok=True)
    prepared = Prepared(net, scale, offset, bgr).eval()
    size, _ = net.input_hw
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, size, size, 3), np.uint8)
    example = torch.from_numpy(pictures)
    content = onnx_bytes(
        prepared, (example,), ["pictures"], ["beliefs"], ({0: torch.export.Dim("hands", min=1)},)
    )
    with torch.no_grad():
        _check(content, pictures, prepared(example).numpy())
    write_whole(folder / MODEL, content)
    metadata = {
        "name": name,
        "input_size": size,
        "stride": net.stride,
        "stages": net.stages,
        "joints": net.joints,
        "sha256": hashlib.sha256(content).hexdigest(),
        **about,
    }
    write_whole(folder / METADATA, (json.dumps(metadata, indent=2) + "\n").encode())


def save_trained(weights: Path, folder: Path, name: str, about: Mapping[str, Any]) -> None:
    """Write the folder of a net from what its training left."""
    net = build_net(name)
    net.load_state_dict(load_file(weights))
    save_net(net, folder, name, {"skeleton": NETS[name].skeleton, **about})


def _check(content: bytes, pictures: Picture, expected: NDArray[np.float32]) -> None:
    (found,) = open_session(content).run(["beliefs"], {"pictures": pictures})
    error = float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))
    if not error <= _TOLERANCE:
        raise WeightsError(
            f"the saved net answers {error:.1e} off, at most {_TOLERANCE:.0e} is allowed"
        )
