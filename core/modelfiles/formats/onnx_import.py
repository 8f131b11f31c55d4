"""Imports a body net from an ONNX file (RTMPose, or a published net that was exported elsewhere):
checks it in a worker, which a hostile graph may crash, and adds the preprocessing of its entry:
`pictures` uint8 RGB (N, H, W, 3) in, `beliefs` or `simcc_x` and `simcc_y` out.
"""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import WeightsError, WorkerError
from core.media.limits import MODEL
from core.modelfiles.catalogue import PublishedWeights, Scaling
from core.modelfiles.formats import check_file
from core.modelfiles.graph_checks import find_cost_fault, find_graph_fault
from core.modelfiles.onnx_session import open_session
from core.workers.channel import Arrays
from core.workers.child import limit_worker_memory
from core.workers.process import use_worker

PICTURES, MAPS, AXES = "pictures", "beliefs", ("simcc_x", "simcc_y")
_PREFIX = "given/"  # of every name in the graph, so that none equals ours
_MAX_OPERATIONS = 2e11  # ViTPose-H, the largest published, takes 1.2e11
_TIMEOUT_S, _START_TIMEOUT_S = 10.0, 60.0
_DEFAULT_HW = (256, 192)


def import_onnx(
    path: Path, entry: PublishedWeights, joints: int
) -> tuple[bytes, dict[str, Any], dict[str, int]]:
    """Check an untrusted ONNX body net in a worker and add its preprocessing; return the graph, its
    metadata, and its counts of arrays and parameters. Raises WeightsError if it isn't such a net.

    Args:
        path: a graph with one input (N, 3, H, W) float32 and one output (N, J, h, w), or two, (N,
            J, positions along x) and (N, J, positions along y).
        joints: J of the entry's skeleton.
    """
    check_file(path, MODEL.max_onnx_bytes)
    options = {
        "path": str(path.resolve()),
        "joints": joints,
        "title": entry.about,
        "input_hw": entry.input_hw or _DEFAULT_HW,
        "scaling": asdict(entry.scalings[0]),
    }
    try:
        with use_worker(__name__) as worker:
            worker.call("prepare", timeout_s=_START_TIMEOUT_S)
            answer, [content] = worker.call("wrap", options, timeout_s=_TIMEOUT_S)
    except WorkerError as error:
        raise WeightsError(f"{path.name} can't be used: {error}") from error
    return content.tobytes(), {**answer["about"], **asdict(entry.reading)}, answer["counted"]


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Handle "prepare" (load libraries, then limit memory) or "wrap" in the worker."""
    if command == "wrap":
        return _wrap_file(**options)
    # what is loaded before the limit does not count as the graph's memory
    import onnx.compose  # noqa: F401
    import onnxruntime  # noqa: F401

    limit_worker_memory()
    return {}, []


def _wrap_file(
    path: str, joints: int, title: str, input_hw: tuple[int, int], scaling: dict[str, Any]
) -> tuple[dict[str, Any], Arrays]:
    """Check an untrusted graph and its output shapes, and add its preprocessing; return its
    metadata and counts, and the new graph's bytes. Errors as `import_onnx`."""
    import onnx

    file, data = Path(path).name, Path(path).read_bytes()
    if fault := find_graph_fault(data) or find_cost_fault(data, _MAX_OPERATIONS):
        raise WeightsError(f"{file} {fault}")
    height, width = input_hw
    shapes = _run_output_shapes(data, file, (height, width))
    if len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][1] == joints:
        outputs: tuple[str, ...] = (MAPS,)
        stride = width // shapes[0][-1]
    elif [shape[1:2] for shape in shapes if len(shape) == 3] == [(joints,)] * 2:
        outputs, stride = AXES, 4
        if shapes[0][2] * height != shapes[1][2] * width:
            raise WeightsError(
                f"{file} has {shapes[0][2]} positions along x and {shapes[1][2]} along y, which "
                f"does not fit a picture of {height}x{width}"
            )
    else:
        raise WeightsError(
            f"{file} has outputs {shapes}, expected are maps (1, {joints}, h, w), or positions "
            f"along x and y, (1, {joints}, …) each: it is another net than {title}"
        )
    about = {"input_hw": [height, width], "stride": stride, "stages": 1}
    about |= {"joints": joints, "background": False}
    content = _add_preprocessing(data, outputs, shapes, Scaling(**scaling))
    tensors = onnx.load_model_from_string(data).graph.initializer
    counted = {"arrays": len(tensors), "parameters": sum(math.prod(one.dims) for one in tensors)}
    return {"about": about, "counted": counted}, [np.frombuffer(content, np.uint8)]


def _run_output_shapes(data: bytes, file: str, input_hw: tuple[int, int]) -> list[tuple[int, ...]]:
    """Run the graph on a black picture; return its output shapes. Raises WeightsError."""
    try:
        session = open_session(data)
        inputs = session.get_inputs()
        outputs = session.run(None, {inputs[0].name: np.zeros((1, 3, *input_hw), np.float32)})
    except Exception as error:  # onnxruntime raises any type
        detail = str(error).strip().splitlines()[0][:160]
        raise WeightsError(
            f"{file} does not run on a picture of {input_hw[0]}x{input_hw[1]}, (1, 3, H, W) "
            f"float32: {detail}"
        ) from None
    return [tuple(output.shape) for output in outputs]


def _add_preprocessing(
    data: bytes, outputs: tuple[str, ...], shapes: list[tuple[int, ...]], scaling: Scaling
) -> bytes:
    """Prepend transposition, cast, channel order and scaling to a graph for uint8 RGB input; rename
    its outputs to ours."""
    import onnx.compose
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.compose.add_prefix(onnx.load_model_from_string(data), _PREFIX, inplace=True)
    graph = model.graph
    initial = {one.name for one in graph.initializer}
    net_input = next(one for one in graph.input if one.name not in initial)
    batch = net_input.type.tensor_type.shape.dim[0].dim_value or "N"
    constants: dict[str, Any] = {
        "order": np.array([2, 1, 0] if scaling.channels == "BGR" else [0, 1, 2], np.int64),
        "factor": np.full((3, 1, 1), np.reshape(scaling.factor, (-1, 1, 1)), np.float32),
        "offset": np.full((3, 1, 1), np.reshape(scaling.offset, (-1, 1, 1)), np.float32),
        "maps": np.array([-1, 1, *shapes[0][1:]], np.int64),
    }
    node = helper.make_node
    before = [
        node("Transpose", [PICTURES], ["rows"], perm=[0, 3, 1, 2]),
        node("Cast", ["rows"], ["float"], to=TensorProto.FLOAT),
        node("Gather", ["float", "order"], ["turned"], axis=1),
        node("Mul", ["turned", "factor"], ["scaled"]),
        node("Add", ["scaled", "offset"], [net_input.name]),
    ]
    net_outputs = [one.name for one in graph.output]
    if outputs == (MAPS,):
        after = [node("Reshape", [net_outputs[0], "maps"], [MAPS])]
    else:
        pairs = zip(net_outputs, outputs, strict=True)
        after = [node("Identity", [inner], [ours]) for inner, ours in pairs]
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.output[:]
    graph.input.remove(net_input)
    graph.node.extend(nodes)
    tensors = [numpy_helper.from_array(array, key) for key, array in constants.items()]
    graph.initializer.extend(tensors)
    value = helper.make_tensor_value_info
    graph.input.append(value(PICTURES, TensorProto.UINT8, [batch, None, None, 3]))
    graph.output.extend(value(one, TensorProto.FLOAT, None) for one in outputs)
    return model.SerializeToString()
