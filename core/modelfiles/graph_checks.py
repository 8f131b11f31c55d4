"""Checks an untrusted ONNX graph before it runs: it is self-contained, uses standard operators, and
its work and memory follow from the number of samples, not from their values, and are limited.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.words import words

MAX_NODES = 20_000
MAX_TENSOR_NUMBERS = 2**27  # 512 MB as float32
_STANDARD_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}

# operators whose result's size depends on values
_DATA_DEPENDENT = {"NonZero", "Unique", "Compress", "NonMaxSuppression", "ImageDecoder"}
_DATA_DEPENDENT |= {"StringSplit", "Multinomial"}
_DATA_DEPENDENT |= {"SequenceAt", "ConcatFromSequence", "SplitToSequence"}
# operator → those of its inputs that determine the result's size
_FIRST = ("ConstantOfShape", "HannWindow", "HammingWindow", "BlackmanWindow")
_SECOND = {"Reshape", "Expand", "Tile", "Unsqueeze", "Squeeze", "Split", "Upsample", "TopK"}
_SECOND |= {"OneHot", "CenterCropPad", "AffineGrid"}
_SIZE_INPUTS = {
    **dict.fromkeys(_FIRST, (0,)),
    **dict.fromkeys(_SECOND, (1,)),
    **dict.fromkeys(("Col2Im", "DFT"), (1, 2)),
    **dict.fromkeys(("Pad", "STFT"), (1, 3)),
    "MaxUnpool": (2,),
    "Range": (0, 1, 2),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "MelWeightMatrix": (0, 1, 2, 3, 4),
}
_REDUCE = "Reduce"  # ReduceMax, ReduceSum, …: the axes are the second input


def find_graph_fault(data: bytes) -> str | None:
    """Find why a graph is unsafe: operators, nested graphs, external data; None if it is safe."""
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # protobuf's own error type is not public
        return words("is not an ONNX file")
    nodes = [*model.graph.node, *(node for f in model.functions for node in f.node)]
    domains = {node.domain for node in nodes} | {o.domain for o in model.opset_import}
    if unknown := sorted(domains - _STANDARD_DOMAINS):
        return words(
            "uses operators of {unknown}; only standard ONNX operators are allowed", unknown=unknown
        )
    for node in nodes:  # a loop might never end, and a nested graph would evade the other checks
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            return words(
                "uses {operator}, which contains a graph; nested graphs are not allowed",
                operator=node.op_type,
            )
    external = onnx.TensorProto.EXTERNAL
    if any(t.data_location == external or t.external_data for t in _list_tensors(model, nodes)):
        return words("refers to data outside the file, which is not allowed")
    return None


def _list_tensors(model: Any, nodes: list[Any]) -> list[Any]:
    """List every constant tensor in a model, including those in attributes and sparse tensors."""
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


def find_cost_fault(data: bytes, max_operations: float, max_samples: int = 1) -> str | None:
    """Describe why an untrusted graph costs too much to run, for an error; None if it doesn't.

    Args:
        max_operations: multiplications for one sample.
        max_samples: the largest batch; the cost may grow only linearly with the batch size.
    """
    import onnx

    model = onnx.load_model_from_string(data)
    if len(model.graph.node) > MAX_NODES:
        return words(
            "has {count:,} operators, at most {limit:,} are allowed",
            count=len(model.graph.node),
            limit=MAX_NODES,
        )
    if model.functions:
        return words("defines functions: export it with them inlined")
    return _find_dynamic_size(model.graph) or _find_excess(model, max_operations, max_samples)


def _find_dynamic_size(graph: Any) -> str | None:
    """Describe an operator with a data-dependent output size, if any, else None."""
    constants = {one.name for one in graph.initializer}
    constants |= {one.values.name for one in graph.sparse_initializer}
    dynamic = {one.name for one in graph.input} - constants
    known = constants | dynamic | {""}
    for node in graph.node:
        if not known.issuperset(node.input):
            return words("uses {operator} before its inputs are computed", operator=node.op_type)
        sizes = (1,) if node.op_type.startswith(_REDUCE) else _SIZE_INPUTS.get(node.op_type, ())
        size_inputs = {node.input[index] for index in sizes if index < len(node.input)}
        if node.op_type in _DATA_DEPENDENT or size_inputs & dynamic:
            return words(
                "uses {operator} with a result whose size depends on values",
                operator=node.op_type,
            )
        known.update(node.output)
        if node.op_type not in ("Shape", "Size") and dynamic.intersection(node.input):
            dynamic.update(node.output)
    return None


def _find_excess(model: Any, max_operations: float, max_samples: int) -> str | None:
    """Check that inferred array sizes and multiplications per sample are within the limits; return
    a phrase for an error, or None."""
    # one number is random, so that a graph can't be cheap for the numbers that are tried alone
    between = int(np.random.default_rng().integers(1, max_samples, endpoint=True))
    for samples in (1, between, max_samples):
        try:
            shapes = _infer_shapes(model, samples)
        except Exception as error:  # its own error type is not public
            reason = str(error).splitlines()[0][:100]
            return words("has shapes that contradict each other ({reason})", reason=reason)
        largest = max(map(math.prod, shapes.values()), default=0)
        if samples == 1 and largest > MAX_TENSOR_NUMBERS:
            return words(
                "makes an array of {count:,} numbers, at most {limit:,} are allowed",
                count=largest,
                limit=MAX_TENSOR_NUMBERS,
            )
        for node in model.graph.node:
            if max_samples > 1 and not shapes.keys() >= {*node.output} - {""}:
                return words(
                    "uses {operator} with a result whose size is unknown before it runs",
                    operator=node.op_type,
                )
        operations = sum(_count_multiplications(node, shapes) for node in model.graph.node)
        if operations > max_operations * samples:
            number = words("one sample") if samples == 1 else words("{n:,} samples", n=samples)
            return words(
                "takes {operations:.2g} multiplications for {number}, at most {limit:.2g} are "
                "allowed",
                operations=operations,
                number=number,
                limit=max_operations * samples,
            )
    return None


def _infer_shapes(model: Any, samples: int) -> dict[str, tuple[int, ...]]:
    """Infer array name → shape for a number of samples; skip arrays of unknown shape."""
    import onnx
    from onnx import shape_inference

    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    for value in sized.graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].dim_value:
            dims[0].dim_value = samples
    graph = shape_inference.infer_shapes(sized, data_prop=True).graph
    shapes = {one.name: tuple(one.dims) for one in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        array = value.type.tensor_type
        if array.HasField("shape") and all(dim.HasField("dim_value") for dim in array.shape.dim):
            shapes[value.name] = tuple(dim.dim_value for dim in array.shape.dim)
    return shapes


def _count_multiplications(node: Any, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Estimate an operator's multiplications; 0 if the output shape is unknown."""
    size = math.prod(shapes.get(node.output[0], (0,))) if node.output else 0
    first, second = (shapes.get(name, ()) for name in (*node.input, "", "")[:2])
    if node.op_type in ("MatMul", "Gemm", "Einsum"):
        options = {one.name for one in node.attribute}  # with these another axis is summed over
        summed = first[-2:] if options & {"transA", "equation"} else first[-1:]
        return size * max(summed, default=1)
    if node.op_type in ("Conv", "ConvTranspose"):
        return size * math.prod(second[1:])
    return size
