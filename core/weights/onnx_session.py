"""Opens ONNX graphs: onnxruntime on the CPU, quiet, without its reports to its maker."""

import os
from functools import cache
from typing import Any


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
