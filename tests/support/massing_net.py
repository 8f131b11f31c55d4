"""A small net of depth for tests: a hand's keypoints lie round the middle of what its crop shows,
as on a star of five rays; where the crop shows nothing, round the cube's middle."""

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from core.depth.cubes import SIDE
from core.pose.skeletons.table import HAND_21

_RAYS, _REACH = 5, 0.08  # keypoints a ray; from one to the next, in half the cube's side


def star() -> np.ndarray:
    """(21, 3) in the cube, round its middle; their mean is 0."""
    angles = np.arange(_RAYS) * 2 * np.pi / _RAYS
    rays = np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1)
    steps = _REACH * np.arange(1, 5)[:, None, None] * rays
    return np.concatenate([np.zeros((1, 3)), steps.reshape(-1, 3)]).astype(np.float32)


def save_massing_net(folder: Path) -> None:
    """A net's folder, for `DepthNet`."""
    folder.mkdir(parents=True)
    graph = _graph()
    about = {
        "name": folder.name,
        "input": "depth",
        "input_hw": [SIDE, SIDE],
        "joints": HAND_21.size,
        "skeleton": HAND_21.name,
        "sha256": hashlib.sha256(graph).hexdigest(),
    }
    (folder / "model.onnx").write_bytes(graph)
    (folder / "metadata.json").write_text(json.dumps(about))


def _graph() -> bytes:
    x = np.broadcast_to((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1, (SIDE, SIDE))
    arrays = {
        "x": np.ascontiguousarray(x),
        "y": np.ascontiguousarray(x.T),
        "far": np.array(1, np.float32),
        "least": np.array(1, np.float32),
        "axes": np.array([1, 2], np.int64),
        "star": star(),
    }
    node = helper.make_node
    nodes = [
        node("Less", ["crops", "far"], ["seen"]),
        node("Cast", ["seen"], ["mask"], to=TensorProto.FLOAT),
        node("ReduceSum", ["mask", "axes"], ["count"], keepdims=1),
        node("Max", ["count", "least"], ["some"]),
    ]
    for axis, values in (("u", "x"), ("v", "y"), ("d", "crops")):
        nodes += [
            node("Mul", ["mask", values], [f"{axis}_held"]),
            node("ReduceSum", [f"{axis}_held", "axes"], [f"{axis}_sum"], keepdims=1),
            node("Div", [f"{axis}_sum", "some"], [axis]),
        ]
    nodes += [
        node("Concat", ["u", "v", "d"], ["middle"], axis=2),
        node("Add", ["middle", "star"], ["keypoints"]),
    ]
    crops = helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["hands", SIDE, SIDE])
    said = helper.make_tensor_value_info("keypoints", TensorProto.FLOAT, ["hands", HAND_21.size, 3])
    held = [numpy_helper.from_array(value, name) for name, value in arrays.items()]
    graph = helper.make_graph(nodes, "massing", [crops], [said], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content
