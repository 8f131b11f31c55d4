"""Converts TF.js graph models to ONNX, with numpy and onnx alone: a function for each operation."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.errors import WeightsError
from core.lab.movenet.onnx_builder import TO_LAST, OnnxBuilder
from core.lab.movenet.tfjs_graph import TfjsGraph, TfjsNode


def convert_to_onnx(graph: TfjsGraph, outputs: Mapping[str, str], pictures: str) -> bytes:
    """Convert the part of a graph that computes `outputs`.

    Args:
        outputs: tensor → its name in the ONNX graph. A heatmap tensor (N, h, w, J) under a name
            that ends in “:maps” is written as (N, 1, J, h, w), without the ending.
        pictures: the name for the input, uint8 (N, H, W, 3) of the placeholder's shape.

    Raises WeightsError: an operation is unknown, or used in a way that isn't converted.
    """
    builder = OnnxBuilder(graph, pictures)
    for node in graph.order_nodes(outputs):
        if node.operation not in _CONVERTERS:
            raise WeightsError(f"“{node.name}” is a {node.operation}, which isn't converted")
        _CONVERTERS[node.operation](builder, node)
    return builder.finish(outputs)


Converter = Callable[[OnnxBuilder, TfjsNode], None]


def _convert_constant(builder: OnnxBuilder, node: TfjsNode) -> None:
    """Leave a constant until an operation needs it: a kernel is needed in another layout."""
    builder.constant(node.name)


def _convert_elementwise(kind: str) -> Converter:
    """Return the converter of an operation on each number, in the layout that all inputs have."""

    def convert(builder: OnnxBuilder, node: TfjsNode) -> None:
        if all(one in builder.channels_first for one in node.inputs):
            names = [builder.channels_first[one] for one in node.inputs]
            builder.channels_first[node.name] = builder.add(kind, names)
        else:
            names = [builder.as_last(one) for one in node.inputs]
            builder.channels_last[node.name] = builder.add(kind, names)

    return convert


def _convert_floor_division(builder: OnnxBuilder, node: TfjsNode) -> None:
    """Convert a division of indices and sizes, which are never negative."""
    if node.attributes.get("T") != "DT_INT32":
        raise WeightsError(f"“{node.name}” rounds a division of floats, which isn't converted")
    _convert_elementwise("Div")(builder, node)


def _convert_squared_difference(builder: OnnxBuilder, node: TfjsNode) -> None:
    difference = builder.add("Sub", [builder.as_last(one) for one in node.inputs])
    builder.channels_last[node.name] = builder.add("Mul", [difference, difference])


def _convert_cast(builder: OnnxBuilder, node: TfjsNode) -> None:
    types = {"DT_FLOAT": 1, "DT_INT32": 7, "DT_BOOL": 9}  # onnx's FLOAT, INT64 and BOOL
    to = types[node.attributes["DstT"]]
    name = builder.add("Cast", [builder.as_last(node.inputs[0])], to=to)
    builder.channels_last[node.name] = name


def _convert_convolution(builder: OnnxBuilder, node: TfjsNode) -> None:
    """Convert a (depthwise) convolution with its bias and activation."""
    kernel, options = builder.constant(node.inputs[1]), _read_window(node)
    if "Depthwise" in node.operation:
        height, width, channels, each = kernel.shape
        kernel = kernel.transpose(2, 3, 0, 1).reshape(channels * each, 1, height, width)
        options["group"] = channels
    else:
        kernel = kernel.transpose(3, 2, 0, 1)
    fused = node.attributes.get("fused_ops", [])
    if fused not in ([], ["BiasAdd"], ["BiasAdd", "Relu"], ["BiasAdd", "Relu6"]):
        raise WeightsError(f"“{node.name}” is fused with {fused}, which isn't converted")
    bias = [builder.as_last(node.inputs[2])] if fused else []
    kernel_name = builder.add_constant(np.ascontiguousarray(kernel))
    name = builder.add("Conv", [builder.as_first(node.inputs[0]), kernel_name, *bias], **options)
    if "Relu" in fused:
        name = builder.add("Relu", [name])
    if "Relu6" in fused:
        limits = [builder.add_constant(np.float32(one)) for one in (0, 6)]
        name = builder.add("Clip", [name, *limits])
    builder.channels_first[node.name] = name


def _convert_max_pool(builder: OnnxBuilder, node: TfjsNode) -> None:
    options = _read_window(node) | {"kernel_shape": node.attributes["ksize"][1:3]}
    options.pop("dilations")
    name = builder.add("MaxPool", [builder.as_first(node.inputs[0])], **options)
    builder.channels_first[node.name] = name


def _read_window(node: TfjsNode) -> dict[str, Any]:
    """Read the padding, strides and dilations of a convolution or pooling of (N, H, W, C)."""
    padding, layout = node.attributes["padding"], node.attributes.get("data_format", "NHWC")
    if padding not in ("SAME", "VALID") or layout != "NHWC":
        raise WeightsError(f"“{node.name}” pads {padding} in {layout}, which isn't converted")
    return {
        "auto_pad": "SAME_UPPER" if padding == "SAME" else "VALID",
        "strides": node.attributes["strides"][1:3],
        "dilations": node.attributes.get("dilations", [1, 1, 1, 1])[1:3],
    }


def _convert_resize(builder: OnnxBuilder, node: TfjsNode) -> None:
    if node.attributes.get("align_corners") or not node.attributes.get("half_pixel_centers"):
        raise WeightsError(f"“{node.name}” resizes without half-pixel centres: not converted")
    picture = builder.as_first(node.inputs[0])
    ends = [builder.add_constant([one]) for one in (0, 2)]
    batch = builder.add("Slice", [builder.add("Shape", [picture]), *ends])
    size = builder.add("Concat", [batch, builder.as_last(node.inputs[1])], axis=0)
    options: dict[str, Any] = {"coordinate_transformation_mode": "half_pixel"}
    name = builder.add("Resize", [picture, "", "", size], mode="linear", **options)
    builder.channels_first[node.name] = name


def _convert_shape(builder: OnnxBuilder, node: TfjsNode) -> None:
    tensor = node.inputs[0]
    if tensor in builder.channels_last:
        name = builder.add("Shape", [builder.channels_last[tensor]])
    else:
        shape = builder.add("Shape", [builder.channels_first[tensor]])
        name = builder.add("Gather", [shape, builder.add_constant(TO_LAST)])
    builder.channels_last[node.name] = name


def _convert_plain(kind: str) -> Converter:
    """Return the converter of an operation that ONNX has with the same inputs."""

    def convert(builder: OnnxBuilder, node: TfjsNode) -> None:
        names = [builder.as_last(one) for one in node.inputs]
        builder.channels_last[node.name] = builder.add(kind, names)

    return convert


def _convert_squeeze(builder: OnnxBuilder, node: TfjsNode) -> None:
    axes = builder.add_constant(node.attributes["squeeze_dims"])
    name = builder.add("Squeeze", [builder.as_last(node.inputs[0]), axes])
    builder.channels_last[node.name] = name


def _convert_expand(builder: OnnxBuilder, node: TfjsNode) -> None:
    axes = builder.add_constant(builder.constant(node.inputs[1]).reshape(1))
    name = builder.add("Unsqueeze", [builder.as_last(node.inputs[0]), axes])
    builder.channels_last[node.name] = name


def _convert_pack(builder: OnnxBuilder, node: TfjsNode) -> None:
    axis = node.attributes.get("axis", 0)
    axes = builder.add_constant([axis])
    parts = [builder.add("Unsqueeze", [builder.as_last(one), axes]) for one in node.inputs]
    builder.channels_last[node.name] = builder.add("Concat", parts, axis=axis)


def _convert_unpack(builder: OnnxBuilder, node: TfjsNode) -> None:
    whole, axis = builder.as_last(node.inputs[0]), node.attributes.get("axis", 0)
    for i in range(node.attributes["num"]):
        index = builder.add_constant(np.int64(i))
        name = builder.add("Gather", [whole, index], axis=axis)
        builder.channels_last[_output(node, i)] = name


def _convert_concat(builder: OnnxBuilder, node: TfjsNode) -> None:
    *parts, axis = node.inputs
    names = [builder.as_last(one) for one in parts]
    name = builder.add("Concat", names, axis=int(builder.constant(axis)))
    builder.channels_last[node.name] = name


def _convert_split(builder: OnnxBuilder, node: TfjsNode) -> None:
    axis, whole = int(builder.constant(node.inputs[0])), builder.as_last(node.inputs[1])
    count = node.attributes["num_split"]
    name = builder.add("Split", [whole], outputs=count, axis=axis)
    for i in range(count):
        builder.channels_last[_output(node, i)] = name if i == 0 else f"{name}:{i}"


def _convert_top_k(builder: OnnxBuilder, node: TfjsNode) -> None:
    count = builder.add_constant(builder.constant(node.inputs[1]).reshape(1))
    name = builder.add("TopK", [builder.as_last(node.inputs[0]), count], outputs=2)
    builder.channels_last |= {node.name: name, _output(node, 1): f"{name}:1"}


def _convert_arg_max(builder: OnnxBuilder, node: TfjsNode) -> None:
    axis = int(builder.constant(node.inputs[1]))
    name = builder.add("ArgMax", [builder.as_last(node.inputs[0])], axis=axis, keepdims=0)
    builder.channels_last[node.name] = name


def _convert_reduction(builder: OnnxBuilder, node: TfjsNode) -> None:
    """Convert Sum, whose axes are an input in ONNX, or Max, where they are an attribute."""
    axes = np.atleast_1d(builder.constant(node.inputs[1])).tolist()
    whole, keep = builder.as_last(node.inputs[0]), int(node.attributes.get("keep_dims", False))
    if node.operation == "Sum":
        name = builder.add("ReduceSum", [whole, builder.add_constant(axes)], keepdims=keep)
    else:
        name = builder.add("ReduceMax", [whole], axes=axes, keepdims=keep)
    builder.channels_last[node.name] = name


def _convert_fill(builder: OnnxBuilder, node: TfjsNode) -> None:
    size, value = (builder.as_last(one) for one in node.inputs)
    builder.channels_last[node.name] = builder.add("Expand", [value, size])


def _convert_strided_slice(builder: OnnxBuilder, node: TfjsNode) -> None:
    """Convert x[begin:end:step, …] where each place may also be a new axis or a single index."""
    begin, end, step = (builder.constant(one).tolist() for one in node.inputs[1:])
    masks = ("begin_mask", "end_mask", "new_axis_mask", "shrink_axis_mask")
    no_begin, no_end, new, shrink = (node.attributes.get(one, 0) for one in masks)
    if node.attributes.get("ellipsis_mask", 0) or any(one != 1 for one in step):
        raise WeightsError(f"“{node.name}” slices with an ellipsis or steps: not converted")
    cuts: list[tuple[int, int, int]] = []  # first, end, axis
    added: list[int] = []
    dropped: list[int] = []
    axis = 0
    for i in range(len(begin)):
        bit = 1 << i
        if new & bit:
            added.append(axis - len(dropped) + len(added))
            continue
        first = 0 if no_begin & bit and not shrink & bit else begin[i]
        last = end[i] if not (no_end & bit or shrink & bit) else np.iinfo(np.int64).max
        if shrink & bit:
            dropped.append(axis)
            last = first + 1 if first != -1 else last
        if (first, last) != (0, np.iinfo(np.int64).max):
            cuts.append((first, last, axis))
        axis += 1
    name = builder.as_last(node.inputs[0])
    if cuts:
        name = builder.add("Slice", [name, *map(builder.add_constant, zip(*cuts, strict=True))])
    if dropped:
        name = builder.add("Squeeze", [name, builder.add_constant(dropped)])
    if added:
        name = builder.add("Unsqueeze", [name, builder.add_constant(added)])
    builder.channels_last[node.name] = name


def _output(node: TfjsNode, i: int) -> str:
    """Return the name of a node's output number i."""
    return f"{node.name}:{i}" if i else node.name


_ELEMENTWISE = {
    "AddV2": "Add",
    "AddN": "Sum",
    "Sub": "Sub",
    "Mul": "Mul",
    "RealDiv": "Div",
    "Maximum": "Max",
    "Minimum": "Min",
    "Sigmoid": "Sigmoid",
    "Sqrt": "Sqrt",
    "Exp": "Exp",
    "Abs": "Abs",
    "Reciprocal": "Reciprocal",
    "Less": "Less",
    "Greater": "Greater",
    "GreaterEqual": "GreaterOrEqual",
    "Equal": "Equal",
    "LogicalAnd": "And",
    "Select": "Where",
    "Identity": "Identity",
}
_PLAIN = {
    "Reshape": "Reshape",
    "GatherNd": "GatherND",
    "Tile": "Tile",
    "Range": "Range",
    "Size": "Size",
}
_CONVERTERS: dict[str, Converter] = {
    **{name: _convert_elementwise(kind) for name, kind in _ELEMENTWISE.items()},
    **{name: _convert_plain(kind) for name, kind in _PLAIN.items()},
    "Placeholder": OnnxBuilder.add_input,
    "Const": _convert_constant,
    "FloorDiv": _convert_floor_division,
    "SquaredDifference": _convert_squared_difference,
    "Cast": _convert_cast,
    "_FusedConv2D": _convert_convolution,
    "Conv2D": _convert_convolution,
    "FusedDepthwiseConv2dNative": _convert_convolution,
    "DepthwiseConv2dNative": _convert_convolution,
    "MaxPool": _convert_max_pool,
    "ResizeBilinear": _convert_resize,
    "Shape": _convert_shape,
    "Squeeze": _convert_squeeze,
    "ExpandDims": _convert_expand,
    "Pack": _convert_pack,
    "Unpack": _convert_unpack,
    "ConcatV2": _convert_concat,
    "Split": _convert_split,
    "TopKV2": _convert_top_k,
    "ArgMax": _convert_arg_max,
    "Max": _convert_reduction,
    "Sum": _convert_reduction,
    "Fill": _convert_fill,
    "StridedSlice": _convert_strided_slice,
}
