"""A small net of palms for tests: a palm is what is 500 mm deep."""

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def save_seeing_net(folder: Path) -> None:
    """Write a net for frames of 24 x 32 px whose heatmap is 1 in a cell of 4 x 4 px that is 500 mm
    deep on average, 0.5 in one of 600; the depth is the average."""
    node, frames = helper.make_node, TensorProto.FLOAT
    constants = {
        "channel": np.array([1], np.int64),
        "one": np.array(500, np.float32),
        "other": np.array(600, np.float32),
        "half": np.array(0.5, np.float32),
    }
    nodes = [
        node("Unsqueeze", ["frames", "channel"], ["pictures"]),
        node("AveragePool", ["pictures"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
        node("Squeeze", ["pooled", "channel"], ["depth_mm"]),
        node("Equal", ["depth_mm", "one"], ["is_one"]),
        node("Cast", ["is_one"], ["first"], to=frames),
        node("Equal", ["depth_mm", "other"], ["is_other"]),
        node("Cast", ["is_other"], ["second"], to=frames),
        node("Mul", ["second", "half"], ["halved"]),
        node("Add", ["first", "halved"], ["palm"]),
    ]
    graph = helper.make_graph(
        nodes,
        "seeing",
        [helper.make_tensor_value_info("frames", frames, ["n", 24, 32])],
        [helper.make_tensor_value_info(name, frames, ["n", 6, 8]) for name in ("palm", "depth_mm")],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    content = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    about = {"name": "palmnet.mine", "input": "depth frame", "input_hw": [24, 32], "stride": 4}
    sha256 = hashlib.sha256(content).hexdigest()
    (folder / "model.onnx").write_bytes(content)
    (folder / "metadata.json").write_text(json.dumps(about | {"sha256": sha256}))
