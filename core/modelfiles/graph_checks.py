"""What an untrusted ONNX graph may cost, judged before it runs: work and memory must follow from
the graph and the number of samples alone, never from the values, and be within a limit.
"""

import math
from collections.abc import Mapping
from typing import Any

MAX_NODES = 20_000
MAX_TENSOR = 2**27  # numbers in one array, 512 MB as float32

# operators whose result's size depends on values
_DATA_DEPENDENT = {
    "NonZero",
    "Unique",
    "Compress",
    "NonMaxSuppression",
    "ImageDecoder",
    "StringSplit",
    "SequenceAt",
    "ConcatFromSequence",
    "SplitToSequence",
    "Multinomial",
}
# operators, and which of their inputs say the result's size
_SIZE_INPUTS = {
    "Reshape": (1,),
    "Expand": (1,),
    "ConstantOfShape": (0,),
    "Tile": (1,),
    "Slice": (1, 2, 3, 4),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "Unsqueeze": (1,),
    "Squeeze": (1,),
    "Split": (1,),
    "Resize": (1, 2, 3),
    "Upsample": (1,),
    "TopK": (1,),
    "OneHot": (1,),
    "MaxUnpool": (2,),
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "AffineGrid": (1,),
    "DFT": (1, 2),
    "STFT": (1, 3),
    "HannWindow": (0,),
    "HammingWindow": (0,),
    "BlackmanWindow": (0,),
    "MelWeightMatrix": (0, 1, 2, 3, 4),
}
_REDUCE = "Reduce"  # ReduceMax and its kin: the axes are the second input


def fault_of_costs(data: bytes, max_operations: float) -> str | None:
    """What is wrong with an untrusted graph's costs, to be said after its name; None where all is
    well.

    Args:
        max_operations: multiplications for one sample.
    """
    import onnx

    model = onnx.load_model_from_string(data)
    if len(model.graph.node) > MAX_NODES:
        return f"has {len(model.graph.node):,} operators, at most {MAX_NODES:,} are allowed"
    if model.functions:
        return "has functions of its own: export it with them inlined"
    return _fault_of_sizes(model.graph) or _fault_of_amount(model, max_operations)


def _fault_of_sizes(graph: Any) -> str | None:
    """Where the size of a result follows from the values of an input."""
    constants = {one.name for one in graph.initializer}
    constants |= {one.values.name for one in graph.sparse_initializer}
    of_values = {one.name for one in graph.input} - constants
    known = constants | of_values | {""}
    for node in graph.node:
        if not known.issuperset(node.input):
            return f"uses {node.op_type} before what it needs"
        sizes = (1,) if node.op_type.startswith(_REDUCE) else _SIZE_INPUTS.get(node.op_type, ())
        chosen = {node.input[index] for index in sizes if index < len(node.input)}
        if node.op_type in _DATA_DEPENDENT or chosen & of_values:
            return f"uses {node.op_type} with a result whose size depends on values"
        known.update(node.output)
        if node.op_type not in ("Shape", "Size") and of_values.intersection(node.input):
            of_values.update(node.output)
    return None


def _fault_of_amount(model: Any, max_operations: float) -> str | None:
    """Too large an array, or too many multiplications for one sample, where shapes are known
    beforehand; what is not known is left to the clock."""
    from onnx import shape_inference

    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].dim_value:
            dims[0].dim_value = 1
    try:
        graph = shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception as error:  # its own error type is not public
        return f"has shapes that contradict each other ({str(error).splitlines()[0][:100]})"
    shapes = {one.name: tuple(one.dims) for one in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if all(dim.HasField("dim_value") for dim in dims):
            shapes[value.name] = tuple(dim.dim_value for dim in dims)
    if (largest := max(map(math.prod, shapes.values()), default=0)) > MAX_TENSOR:
        return f"makes an array of {largest:,} numbers, at most {MAX_TENSOR:,} are allowed"
    operations = sum(_operations(node, shapes) for node in graph.node)
    if operations > max_operations:
        return (
            f"takes {operations:.2g} multiplications for one sample, at most "
            f"{max_operations:.2g} are allowed"
        )
    return None


def _operations(node: Any, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Multiplications of a node; 0 where its shapes are not known."""
    size = math.prod(shapes.get(node.output[0], (0,))) if node.output else 0
    first, second = (shapes.get(name, ()) for name in (*node.input, "", "")[:2])
    if node.op_type in ("MatMul", "Gemm", "Einsum"):
        return size * max(first[-2:], default=1)
    if node.op_type in ("Conv", "ConvTranspose"):
        return size * math.prod(second[1:])
    return size
