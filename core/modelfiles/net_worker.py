"""Strangers' pose nets in a child process: a hostile graph costs that process alone. See
`core.workers`."""

from typing import Any

from core.modelfiles.formats.onnx_import import wrap_net
from core.workers.channel import Arrays
from core.workers.child import limit_worker_memory


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Answer a request: `prepare`, or `wrap` a net's file as `wrap_net` does."""
    if command == "wrap":
        return wrap_net(**options)
    # what is loaded by now does not count as the net's memory
    import onnx.compose  # noqa: F401
    import onnxruntime  # noqa: F401

    limit_worker_memory()
    return {}, []
