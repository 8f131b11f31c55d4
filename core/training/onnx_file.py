"""torch module → the bytes of an ONNX file that says nothing about the machine it was made on."""

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def onnx_bytes(
    module: nn.Module,
    example: tuple[Any, ...],
    inputs: list[str],
    outputs: list[str],
    dynamic_shapes: tuple[Mapping[int, Any], ...],
) -> bytes:
    """Export a module; `dynamic_shapes` names the free axes of each input."""
    module.eval()
    # it reports every operator of torchvision that is not installed
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's exporter about its own code
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            verbose=False,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=dynamic_shapes,
        )
    assert program is not None
    model = program.model_proto
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        part.ClearField("metadata_props")  # stack traces, with the paths of this machine
    content: bytes = model.SerializeToString()
    return content
