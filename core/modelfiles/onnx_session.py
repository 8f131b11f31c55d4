"""Opens ONNX graphs: onnxruntime on the CPU, quiet, without its reports to its maker; and looks
through those that are not trusted."""

import os
from functools import cache
from typing import Any

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}


def open_session(data: bytes, *, threads: int = 1, memory: int | None = None) -> Any:
    """An onnxruntime session of a graph's bytes; raises onnxruntime's own errors.

    One thread by default: more only fight with the camera's.

    Args:
        memory: for an untrusted graph: it fails where it would take more bytes than that. The
            first such limit holds for the whole process.
    """
    # It reports to its maker, and keeps a device id in the home folder, unless this is set before
    # its first import; its own switch in the API comes too late for the first report.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    without = []
    if memory is not None:
        _limit_memory(memory)
        options.add_session_config_entry("session.use_env_allocators", "1")
        without = ["ConstantFolding"]  # would run parts of the graph before the limit holds
    return onnxruntime.InferenceSession(
        data, options, providers=["CPUExecutionProvider"], disabled_optimizers=without
    )


@cache
def _limit_memory(memory: int) -> None:
    """The arena that sessions may be told to share."""
    import onnxruntime as ort

    place = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    arena = ort.OrtArenaCfg({"max_mem": memory, "arena_extend_strategy": 1})
    ort.create_and_register_allocator(place, arena)


def fault_of_graph(data: bytes) -> str | None:
    """What is wrong with an untrusted graph, to be said after its name; None where nothing outside
    the file is referred to and no operator but the standard's is used."""
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # protobuf's own error type is not public
        return "is no ONNX file"
    nodes = [*model.graph.node, *(node for f in model.functions for node in f.node)]
    domains = {node.domain for node in nodes} | {o.domain for o in model.opset_import}
    if not domains <= _DOMAINS:
        foreign = sorted(domains - _DOMAINS)
        return f"uses operators of {foreign}, allowed are the standard's alone"
    for node in nodes:  # a loop might have no end, and what is inside would escape this look
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            return f"uses {node.op_type}, which holds a graph: none in a graph is allowed"
    if any(
        t.data_location == onnx.TensorProto.EXTERNAL or t.external_data for t in _tensors(model)
    ):
        return "refers to data outside the file, which is not allowed"
    return None


def _tensors(model: Any) -> list[Any]:
    """Every tensor that a graph holds, those of sparse ones and of attributes too."""
    nodes = [*model.graph.node, *(node for f in model.functions for node in f.node)]
    attributes = [attribute for node in nodes for attribute in node.attribute]
    sparse = [*model.graph.sparse_initializer]
    for attribute in attributes:
        sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
    return [
        *model.graph.initializer,
        *(attribute.t for attribute in attributes),
        *(tensor for attribute in attributes for tensor in attribute.tensors),
        *(part for one in sparse for part in (one.values, one.indices)),
    ]
