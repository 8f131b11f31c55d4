"""A body net that somebody has as ONNX (RTMPose, a published net that was exported elsewhere): it
is checked, and gets the preprocessing that its entry of the table names, so that it is used as
every other net: `pictures` uint8 RGB (N, H, W, 3) in, `beliefs` or `simcc_x` and `simcc_y` out.
"""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import WeightsError, WorkerError
from core.modelfiles.graph_checks import fault_of_costs
from core.modelfiles.limits import MAX_GIVEN_NET_BYTES, check_file
from core.modelfiles.onnx_session import fault_of_graph, open_session
from core.modelfiles.weights_entry import Channels, Scaling, Weights
from core.workers.process import borrowed_worker

PICTURES, MAPS, AXES = "pictures", "beliefs", ("simcc_x", "simcc_y")
_PREFIX = "given/"  # of every name in the graph, so that none meets ours
_MAX_OPERATIONS = 2e11  # ViTPose-H, the largest published, takes 1.2e11
_TIMEOUT_S, _START_TIMEOUT_S = 10.0, 60.0
_WORKER = "core.modelfiles.net_worker"


def given_net(
    path: Path, entry: Weights, joints: int
) -> tuple[bytes, dict[str, Any], dict[str, int]]:
    """The graph with its preprocessing, what its metadata say of it, and how many arrays and
    parameters it has. All of it is found in a worker.

    Args:
        path: the graph as it was given: one input (N, 3, H, W) float32; one output (N, J, h, w), or
            two (N, J, places along x) and (N, J, places along y).
        joints: J of the entry's skeleton.

    Raises:
        WeightsError: no ONNX, more than plain operators, of another shape than the entry's net, or
            it takes too long or too much memory.
    """
    check_file(path, MAX_GIVEN_NET_BYTES)
    options = {
        "path": str(path.resolve()),
        "joints": joints,
        "title": entry.about,
        "input_hw": entry.input_hw or (256, 192),
        "scaling": asdict(entry.scalings[0]),
    }
    try:
        with borrowed_worker(_WORKER) as worker:
            worker.call("prepare", timeout_s=_START_TIMEOUT_S)
            answer, [content] = worker.call("wrap", options, timeout_s=_TIMEOUT_S)
    except WorkerError as error:
        raise WeightsError(f"{path.name} can't be used: {error}") from error
    about = {**answer["about"], **asdict(entry.reading)}
    return content.tobytes(), about, answer["counted"]


def wrap_net(
    path: str, joints: int, title: str, input_hw: tuple[int, int], scaling: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """What `given_net` says, in the process that may be lost.

    Raises:
        WeightsError: as `given_net`.
    """
    file, data = Path(path).name, Path(path).read_bytes()
    if fault := fault_of_graph(data) or fault_of_costs(data, _MAX_OPERATIONS):
        raise WeightsError(f"{file} {fault}")
    height, width = input_hw
    shapes = _answered(data, file, (height, width))
    if len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][1] == joints:
        outputs: tuple[str, ...] = (MAPS,)
        stride = width // shapes[0][-1]
    elif [shape[1:2] for shape in shapes if len(shape) == 3] == [(joints,)] * 2:
        outputs, stride = AXES, 4
        if shapes[0][2] * height != shapes[1][2] * width:
            raise WeightsError(
                f"{file} has {shapes[0][2]} and {shapes[1][2]} places along its axes, which does "
                f"not fit a picture of {height}x{width}"
            )
    else:
        raise WeightsError(
            f"{file} answers with {shapes}, expected are maps (1, {joints}, h, w), or places "
            f"along x and y, (1, {joints}, …) each: it is another net than {title}"
        )
    about = {
        "input_hw": [height, width],
        "stride": stride,
        "stages": 1,
        "joints": joints,
        "background": False,
    }
    counted = _counted(data)
    content = _wrapped(data, outputs, shapes, Scaling(**scaling))
    return {"about": about, "counted": counted}, [np.frombuffer(content, np.uint8)]


def _counted(data: bytes) -> dict[str, int]:
    import onnx

    tensors = onnx.load_model_from_string(data).graph.initializer
    return {"arrays": len(tensors), "parameters": sum(math.prod(one.dims) for one in tensors)}


def _answered(data: bytes, file: str, input_hw: tuple[int, int]) -> list[tuple[int, ...]]:
    """The shapes of its outputs on a black picture."""
    try:
        session = open_session(data)
        fed = session.get_inputs()
        answers = session.run(None, {fed[0].name: np.zeros((1, 3, *input_hw), np.float32)})
    except Exception as error:  # onnxruntime lets any error through
        detail = str(error).strip().splitlines()[0][:160]
        raise WeightsError(
            f"{file} can't be asked about one picture of {input_hw[0]}x{input_hw[1]}, (1, 3, H, W) "
            f"float32: {detail}"
        ) from None
    return [tuple(answer.shape) for answer in answers]


def _wrapped(
    data: bytes, outputs: tuple[str, ...], shapes: list[tuple[int, ...]], scaling: Scaling
) -> bytes:
    """Transposed, cast, in the net's order of channels, scaled; and the outputs under our names."""
    import onnx.compose
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.compose.add_prefix(onnx.load_model_from_string(data), _PREFIX, inplace=True)
    graph = model.graph
    initial = {one.name for one in graph.initializer}
    fed = next(one for one in graph.input if one.name not in initial)
    count = fed.type.tensor_type.shape.dim[0].dim_value or "N"
    constants = {
        "order": np.array([2, 1, 0] if scaling.channels == "BGR" else [0, 1, 2], np.int64),
        "factor": _per_channel(scaling.factor),
        "offset": _per_channel(scaling.offset),
        "maps": np.array([-1, 1, *shapes[0][1:]], np.int64),
    }
    node = helper.make_node
    before = [
        node("Transpose", [PICTURES], ["rows"], perm=[0, 3, 1, 2]),
        node("Cast", ["rows"], ["float"], to=TensorProto.FLOAT),
        node("Gather", ["float", "order"], ["turned"], axis=1),
        node("Mul", ["turned", "factor"], ["scaled"]),
        node("Add", ["scaled", "offset"], [fed.name]),
    ]
    theirs = [one.name for one in graph.output]
    if outputs == (MAPS,):
        after = [node("Reshape", [theirs[0], "maps"], [MAPS])]
    else:
        pairs = zip(theirs, outputs, strict=True)
        after = [node("Identity", [inner], [ours]) for inner, ours in pairs]
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.output[:]
    graph.input.remove(fed)
    graph.node.extend(nodes)
    tensors = [numpy_helper.from_array(array, key) for key, array in constants.items()]
    graph.initializer.extend(tensors)
    value = helper.make_tensor_value_info
    graph.input.append(value(PICTURES, TensorProto.UINT8, [count, None, None, 3]))
    graph.output.extend(value(one, TensorProto.FLOAT, None) for one in outputs)
    content: bytes = model.SerializeToString()
    return content


def _per_channel(numbers: Channels) -> Any:
    return np.broadcast_to(np.array(numbers, np.float32).reshape(-1, 1, 1), (3, 1, 1))
