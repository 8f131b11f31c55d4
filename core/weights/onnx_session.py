"""Opens ONNX graphs: onnxruntime on the CPU, quiet, without its reports to its maker."""

import os
from typing import Any


def open_session(data: bytes, *, threads: int = 1) -> Any:
    """An onnxruntime session of a graph's bytes; raises onnxruntime's own errors.

    One thread by default: more only fight with the camera's.
    """
    # It reports to its maker, and keeps a device id in the home folder, unless this is set before
    # its first import; its own switch in the API comes too late for the first report.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
