"""Opens ONNX graphs in onnxruntime: on the CPU, without log output and without its telemetry."""

import os
from functools import cache
from typing import Any


def open_session(data: bytes, *, threads: int = 1, max_memory_bytes: int | None = None) -> Any:
    """Open an onnxruntime session of a graph on the CPU, without telemetry; raises onnxruntime's
    own errors. One thread by default, since more compete with the camera's; an untrusted graph
    fails if it needs more than `max_memory_bytes`. The process's first limit applies to all
    untrusted graphs."""
    # onnxruntime sends telemetry, and keeps a device id in the home folder, unless this is set
    # before its first import; the switch in its API comes too late for the first message.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    disabled = []
    if max_memory_bytes is not None:
        _limit_memory(max_memory_bytes)
        options.add_session_config_entry("session.use_env_allocators", "1")
        disabled = ["ConstantFolding"]  # would run parts of the graph before the limit applies
    return onnxruntime.InferenceSession(
        data, options, providers=["CPUExecutionProvider"], disabled_optimizers=disabled
    )


@cache
def _limit_memory(max_bytes: int) -> None:
    """Register one memory arena for all sessions of untrusted graphs."""
    import onnxruntime as ort

    memory = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    arena = ort.OrtArenaCfg({"max_mem": max_bytes, "arena_extend_strategy": 1})
    ort.create_and_register_allocator(memory, arena)
