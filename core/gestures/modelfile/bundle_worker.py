"""Checks untrusted gesture models in a child process, so that a hostile graph harms only that
process. See `core.workers`."""

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError
from core.gestures.modelfile.bundle import check_answers, read_bundle
from core.gestures.modelfile.gesture_model import GestureModel
from core.modelfiles.graph_checks import find_cost_fault
from core.workers.channel import Arrays
from core.workers.child import limit_worker_memory

_MAX_OPERATIONS = 1e9  # for one sample; ours take 1e5 to 1e7
_ROWS = 16  # random poses that a folder's models are run on


def handle(command: str, options: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Handle a worker's request: `prepare` (load libraries, limit the memory), check a `file` (see
    `check_bundle`) or a `folder` (see `check_folder`). The reply is empty."""
    if command == "file":
        _check_file(Path(options["path"]), options["name"])
    elif command == "folder":
        _check_folder(Path(options["path"]))
    else:
        # the memory limit is above what is loaded by now
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401

        limit_worker_memory()
    return {}, []


def _check_file(path: Path, name: str) -> None:
    """Check a `.gesture` file, its costs and test vectors; raise MudraError if a check fails."""
    bundle = read_bundle(path)
    for one in (bundle, bundle.motions):
        if one is not None:
            _check_costs(one.model, name)
    check_answers(bundle, name)


def _check_folder(path: Path) -> None:
    """Check the costs of a folder's models and run them on random poses; raise ModelError if they
    are too high. Models that can't be read or run pass the check."""
    try:
        model = GestureModel.load(path)
        models = [model] if model.steps is not None else [model, model.motions]
    except ModelError:
        return
    for one in models:
        if one is not None:
            _check_costs(one, path.name)
            poses = np.random.default_rng(_ROWS).normal(300, 100, (_ROWS, *one.shape))
            try:
                one.predict(poses.astype(np.float32), np.zeros(_ROWS, bool))
            except ModelError:
                continue


def _check_costs(model: GestureModel, name: str) -> None:
    """Raise ModelError if a sample, alone or in a batch, needs more than _MAX_OPERATIONS."""
    import onnx

    graph = onnx.load_model_from_string(model.onnx)
    for value in graph.graph.input:
        if value.name == "keypoints":  # in early models the number of keypoints is open
            for dim, size in zip(value.type.tensor_type.shape.dim[1:], model.shape, strict=False):
                dim.dim_value = dim.dim_value or size
    if fault := find_cost_fault(graph.SerializeToString(), _MAX_OPERATIONS, model.max_batch):
        raise ModelError(f"{name}: its model {fault}")
