"""A small net of palms for tests: a palm is what is 500 mm deep."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx import numpy_helper, parser

_GRAPH = """<ir_version: 9, opset_import: ["": 18]>
seeing (float[n,24,32] frames) => (float[n,6,8] palm, float[n,6,8] depth_mm)
<int64[1] channel = {1}, float one = {500}, float other = {600}, float half = {0.5}>
{
    pictures = Unsqueeze(frames, channel)
    pooled = AveragePool <kernel_shape = [4, 4], strides = [4, 4]> (pictures)
    depth_mm = Squeeze(pooled, channel)
    is_one = Equal(depth_mm, one)
    first = Cast <to = 1> (is_one)
    is_other = Equal(depth_mm, other)
    second = Cast <to = 1> (is_other)
    halved = Mul(second, half)
    palm = Add(first, halved)
}"""


def save_seeing_net(folder: Path) -> None:
    """Write a net for frames of 24 x 32 px whose heatmap is 1 in a cell of 4 x 4 px that is 500 mm
    deep on average, 0.5 in one of 600; the depth is the average."""
    about = {"name": "palmnet.mine", "input": "depth frame", "input_hw": [24, 32], "stride": 4}
    save_graph(folder, _GRAPH, {}, about)


def save_graph(
    folder: Path, text: str, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]
) -> None:
    """Write a net's folder: a graph in ONNX's own text with these constants, and its metadata."""
    model = parser.parse_model(text)
    held = [numpy_helper.from_array(value, name) for name, value in arrays.items()]
    model.graph.initializer.extend(held)
    content = model.SerializeToString()
    sha256 = hashlib.sha256(content).hexdigest()
    (folder / "model.onnx").write_bytes(content)
    (folder / "metadata.json").write_text(json.dumps({**about, "sha256": sha256}))
