"""Collects an ONNX graph (opset 17) while a TF.js graph is walked through.

Conventions: integers become int64; float16 weights stay so, with a Cast to float32 behind each.
TF's tensors are (N, H, W, C), ONNX's convolutions take (N, C, H, W): a tensor exists in one layout
or both, and is transposed only when an operation needs the other one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.lab.movenet.tfjs_graph import TfjsGraph, TfjsNode

OPSET = 17
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # (N, H, W, C) → (N, C, H, W), and back


class OnnxBuilder:
    """Collects the nodes and constants of the ONNX graph.

    Attributes:
        channels_last: tensor → its name in the ONNX graph, in TF's layout.
        channels_first: the same of tensors that exist as (N, C, H, W).
    """

    def __init__(self, graph: TfjsGraph, pictures: str) -> None:
        self._graph, self._pictures = graph, pictures
        self.channels_last: dict[str, str] = {}
        self.channels_first: dict[str, str] = {}
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._inputs: list[Any] = []

    def add(self, kind: str, inputs: Sequence[str], *, outputs: int = 1, **options: Any) -> str:
        """Append an ONNX operation; return the name of its (first) output, others end in :1 …"""
        from onnx import helper

        name = f"t{len(self._nodes)}"
        names = [name, *(f"{name}:{i}" for i in range(1, outputs))]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **options))
        return name

    def add_constant(self, values: Any) -> str:
        """Add an array, float16 with a Cast behind it; integers as int64. Return its name."""
        array = np.asarray(values)
        if array.dtype.kind == "i":
            array = array.astype(np.int64)
        name = f"c{len(self._constants)}"
        self._constants[name] = array
        return self.add("Cast", [name], to=1) if array.dtype == np.float16 else name

    def constant(self, tensor: str) -> NDArray[Any]:
        """Return the array of a constant tensor; raise WeightsError if it is computed."""
        if tensor not in self._graph.weights:
            raise WeightsError(f"“{tensor}” is computed, a constant is expected there")
        return self._graph.weights[tensor]

    def as_last(self, tensor: str) -> str:
        """Return a tensor's name in TF's layout: a constant is added, another transposed, if need
        be."""
        if tensor in self._graph.weights and tensor not in self.channels_last:
            self.channels_last[tensor] = self.add_constant(self._graph.weights[tensor])
        elif tensor not in self.channels_last:
            first = self.channels_first[tensor]
            self.channels_last[tensor] = self.add("Transpose", [first], perm=TO_LAST)
        return self.channels_last[tensor]

    def as_first(self, tensor: str) -> str:
        """Return a tensor's name as (N, C, H, W), transposed if need be."""
        if tensor not in self.channels_first:
            last = self.as_last(tensor)
            self.channels_first[tensor] = self.add("Transpose", [last], perm=TO_FIRST)
        return self.channels_first[tensor]

    def add_input(self, node: TfjsNode) -> None:
        """Add the pictures; a side of unknown length may have any."""
        from onnx import TensorProto, helper

        dims = [int(one["size"]) for one in node.attributes["shape"]["dim"]]
        shape = [size if size > 0 else axis for size, axis in zip(dims, "NHWC", strict=True)]
        value = helper.make_tensor_value_info(self._pictures, TensorProto.UINT8, shape)
        self._inputs.append(value)
        self.channels_last[node.name] = self._pictures

    def finish(self, outputs: Mapping[str, str]) -> bytes:
        """Name the outputs and return the graph's bytes."""
        from onnx import TensorProto, helper, numpy_helper

        for tensor, name in outputs.items():
            if name.endswith(":maps"):
                axis = self.add_constant([1])
                self._rename(self.add("Unsqueeze", [self.as_first(tensor), axis]), name[:-5])
            else:
                self._rename(self.add("Identity", [self.as_last(tensor)]), name)
        names = [name.removesuffix(":maps") for name in outputs.values()]
        values = [helper.make_tensor_value_info(one, TensorProto.FLOAT, None) for one in names]
        tensors = [numpy_helper.from_array(array, key) for key, array in self._constants.items()]
        graph = helper.make_graph(self._nodes, "graph", self._inputs, values, tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8
        return model.SerializeToString(deterministic=True)

    def _rename(self, output: str, name: str) -> None:
        assert self._nodes[-1].output[0] == output
        self._nodes[-1].output[0] = name
