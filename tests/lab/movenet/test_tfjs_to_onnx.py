"""TF.js graph models become ONNX: each operation as numpy computes it, a small net by hand, and
what isn't such a model."""

import json

import numpy as np
import pytest

from core.errors import WeightsError
from core.lab.movenet.tfjs_graph import read_tfjs_graph
from core.lab.movenet.tfjs_to_onnx import convert_to_onnx
from core.modelfiles.graph_checks import find_graph_fault
from core.modelfiles.onnx_session import open_session
from tests.lab.movenet.tfjs_files import node, placeholder, write_model

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (1, 5, 7, 3), np.uint8)
X = PICTURES.astype(np.float32)
TO_FLOAT = node("x", "Cast", ["input"], DstT="DT_FLOAT")
ONES = [1, 1, 1, 1]


def run(nodes, arrays, outputs=("y",), sizes=(1, 5, 7, 3), pictures=PICTURES):
    graph = read_tfjs_graph(*write_model([placeholder(*sizes), TO_FLOAT, *nodes], arrays))
    data = convert_to_onnx(graph, {name: name for name in outputs}, "pictures")
    assert find_graph_fault(data) is None
    return open_session(data).run(list(outputs), {"pictures": pictures})


def ints(*values):
    return np.array(values, np.int32)


def scalar(value, kind=np.int32):
    return np.array(value, kind)


def convolve(x, kernel, stride):
    """Convolve (H, W, C) with (h, w, C, O), padded as TF's SAME."""
    (rows, columns), (height, width) = x.shape[:2], kernel.shape[:2]
    out_hw = -(-rows // stride), -(-columns // stride)
    pad = [
        max((out - 1) * stride + k - size, 0)
        for out, k, size in zip(out_hw, (height, width), (rows, columns), strict=True)
    ]
    x = np.pad(x, [*((p // 2, p - p // 2) for p in pad), (0, 0)])
    out = np.zeros((*out_hw, kernel.shape[3]))
    for i in range(out_hw[0]):
        for j in range(out_hw[1]):
            part = x[i * stride : i * stride + height, j * stride : j * stride + width]
            out[i, j] = np.tensordot(part, kernel, 3)
    return out


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("activation", ["", "Relu", "Relu6"])
def test_a_convolution_is_padded_biased_and_cut_off_as_in_tf(stride, activation):
    kernel = RNG.normal(0, 0.01, (3, 3, 3, 4)).astype(np.float16).astype(np.float32)
    bias = np.array([0, 1, 2, -1], np.float32)
    fused = ["BiasAdd", *([activation] if activation else [])]
    options = {"strides": [1, stride, stride, 1], "padding": "SAME", "dilations": ONES}
    convolution = node("y", "_FusedConv2D", ["x", "kernel", "bias"], fused_ops=fused, **options)
    [found] = run([convolution], {"kernel": kernel, "bias": bias})
    expected = convolve(X[0], kernel, stride) + bias
    if activation:
        expected = np.clip(expected, 0, 6 if activation == "Relu6" else None)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def test_a_depthwise_convolution_keeps_channels_apart():
    kernel = RNG.normal(0, 0.01, (3, 3, 3, 2)).astype(np.float16).astype(np.float32)
    options = {"strides": ONES, "padding": "SAME", "dilations": ONES, "data_format": "NHWC"}
    [found] = run(
        [node("y", "DepthwiseConv2dNative", ["x", "kernel"], **options)], {"kernel": kernel}
    )
    each = [convolve(X[0, :, :, c : c + 1], kernel[:, :, c : c + 1], 1) for c in range(3)]
    np.testing.assert_allclose(found[0], np.concatenate(each, axis=-1), atol=1e-4)


def test_pooled_and_resized_maps_meet_in_one_layout():
    pool = node("p", "MaxPool", ["x"], ksize=[1, 5, 5, 1], strides=ONES, padding="SAME")
    difference = node("y", "Sub", ["p", "p"])
    options = {"align_corners": False, "half_pixel_centers": True}
    large = node("large", "ResizeBilinear", ["x", "size"], **options)
    found, twice = run([pool, difference, large], {"size": ints(10, 14)}, ("p", "large"))
    padded = np.pad(X[0], [(2, 2), (2, 2), (0, 0)], constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), (0, 1))
    np.testing.assert_array_equal(found[0], windows.max(axis=(-1, -2)))
    assert twice.shape == (1, 10, 14, 3)
    np.testing.assert_allclose(twice[0, 0, 0], X[0, 0, 0])  # beyond the first centre
    expected = 0.75 * X[0, 0, 0] + 0.25 * X[0, 0, 1]
    np.testing.assert_allclose(twice[0, 0, 1], expected, rtol=1e-5)


def strided(begin, end, **masks):
    names = ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"]
    masks = dict.fromkeys(names, 0) | masks
    arrays = {"b": ints(*begin), "e": ints(*end), "s": ints(*[1] * len(begin))}
    return node("y", "StridedSlice", ["x", "b", "e", "s"], **masks), arrays


CASES = {
    "x[0, 1:3]": (strided([0, 1], [1, 3], shrink_axis_mask=1), X[0, 1:3]),
    "x[:, None, 2:]": (
        strided([0, 0, 2], [0, 0, 0], begin_mask=1, end_mask=5, new_axis_mask=2),
        X[:, None, 2:],
    ),
    "x[:, -1]": (strided([0, -1], [0, 0], begin_mask=1, end_mask=1, shrink_axis_mask=2), X[:, -1]),
    "sum": ((node("y", "Sum", ["x", "a"], keep_dims=False), {"a": ints(1, 2)}), X.sum((1, 2))),
    "max": (
        (node("y", "Max", ["x", "a"], keep_dims=True), {"a": scalar(3)}),
        X.max(3, keepdims=True),
    ),
    "tile": ((node("y", "Tile", ["x", "a"]), {"a": ints(1, 2, 1, 1)}), np.tile(X, (1, 2, 1, 1))),
    "squared": (
        (node("y", "SquaredDifference", ["x", "a"]), {"a": scalar(2.0, float)}),
        (X - 2) ** 2,
    ),
    "squeeze": ((node("y", "Squeeze", ["x"], squeeze_dims=[0]), {}), X[0]),
    "expand": ((node("y", "ExpandDims", ["x", "a"]), {"a": scalar(-1)}), X[..., None]),
    "pack": ((node("y", "Pack", ["x", "x"], axis=1), {}), np.stack([X, X], 1)),
    "concat": (
        (node("y", "ConcatV2", ["x", "x", "a"]), {"a": scalar(2)}),
        np.concatenate([X, X], 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_operation_is_as_numpy_computes_it(name):
    (operation, arrays), expected = CASES[name]
    [found] = run([operation], arrays)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_largest_numbers_are_found_and_their_rows_and_columns():
    """As the decoders do it: flat, top two, row and column by division, values gathered there."""
    nodes = [
        node("flat", "Reshape", ["x", "shape"]),
        node("top", "TopKV2", ["flat", "k"], sorted=True),
        node("row", "FloorDiv", ["top:1", "width"], T="DT_INT32"),
        node("start", "Mul", ["row", "width"]),
        node("column", "Sub", ["top:1", "start"]),
        node("at", "Pack", ["row", "column"], axis=1),
        node("rows", "Reshape", ["x", "shape_of_rows"]),
        node("y", "GatherNd", ["rows", "at"]),
        node("parts", "Split", ["axis", "at_float"], num_split=2),
        node("at_float", "Cast", ["at"], DstT="DT_FLOAT"),
        node("best", "ArgMax", ["flat", "axis_of_best"]),
        node("first", "Cast", ["best"], DstT="DT_FLOAT"),
        node("each", "Unpack", ["at_float"], axis=0, num=2),
    ]
    arrays = {
        "shape": ints(-1),
        "k": scalar(2),
        "width": scalar(21),
        "shape_of_rows": ints(5, 21),
        "axis": scalar(1),
        "axis_of_best": scalar(0),
    }
    outputs = ("y", "parts", "parts:1", "first", "each:1")
    values, rows, columns, first, second = run(nodes, arrays, outputs)
    flat = X.reshape(-1)
    order = np.argsort(-flat, kind="stable")[:2]
    np.testing.assert_array_equal(values, flat[order])
    np.testing.assert_array_equal(rows[:, 0], order // 21)
    np.testing.assert_array_equal(columns[:, 0], order % 21)
    assert first == order[0] and second.tolist() == [order[1] // 21, order[1] % 21]


def test_a_grid_follows_pictures_of_any_size():
    nodes = [
        node("shape", "Shape", ["x"]),
        node("sides", "StridedSlice", ["shape", "b", "e", "s"], shrink_axis_mask=1),
        node("height", "Cast", ["sides"], DstT="DT_FLOAT"),
        node("y", "Range", ["zero", "height", "one"]),
    ]
    arrays = {"b": ints(1), "e": ints(2), "s": ints(1)}
    arrays |= {"zero": scalar(0.0, float), "one": scalar(1.0, float)}
    pictures = np.zeros((1, 9, 4, 3), np.uint8)
    nodes += [node("count", "Size", ["y"]), node("filled", "Fill", ["e", "count_float"])]
    nodes += [node("count_float", "Cast", ["count"], DstT="DT_FLOAT")]
    found, filled = run(nodes, arrays, ("y", "filled"), (1, -1, -1, 3), pictures)
    assert found.tolist() == list(range(9)) and filled.tolist() == [9, 9]


KERNEL = {"kernel": np.zeros((3, 3, 3, 1), np.float32)}
RESIZED = node("y", "ResizeBilinear", ["x", "size"], align_corners=True, half_pixel_centers=False)
SAME = {"strides": ONES, "padding": "SAME"}
FUSED = node("y", "_FusedConv2D", ["x", "kernel"], fused_ops=["Elu"], **SAME)
EXPLICIT = node("y", "Conv2D", ["x", "kernel"], strides=ONES, padding="EXPLICIT")
SLICED, PLACES = strided([0], [1], ellipsis_mask=1)
UNKNOWN = {
    "is a Softmax": ([node("y", "Softmax", ["x"])], {}),
    "has no node “nowhere”": ([node("y", "Abs", ["nowhere"])], {}),
    "a cycle": ([node("y", "Add2", ["z"]), node("z", "Abs", ["y"])], {}),
    "is fused with": ([FUSED], KERNEL),
    "pads EXPLICIT": ([EXPLICIT], KERNEL),
    "resizes without half-pixel": ([RESIZED], {"size": ints(2, 2)}),
    "division of floats": ([node("y", "FloorDiv", ["x", "x"], T="DT_FLOAT")], {}),
    "is computed, a constant is expected": ([node("y", "ExpandDims", ["x", "x"])], {}),
    "ellipsis": ([SLICED], PLACES),
}


@pytest.mark.parametrize("message", UNKNOWN)
def test_what_is_not_converted_is_named(message):
    with pytest.raises(WeightsError, match=message):
        run(*UNKNOWN[message])


GOOD, BIN = write_model([placeholder(1, 5, 7, 3), TO_FLOAT], {"a": np.ones((2, 3))})


def changed(**changes):
    about = json.loads(GOOD)
    about["weightsManifest"][0]["weights"][0] |= changes
    return json.dumps(about).encode()


NO_TYPE = GOOD.replace(b'"DT_FLOAT"', b"{}")
DAMAGED = {
    "no text": (b"\x00\xff", BIN, "isn't a TF.js graph model"),
    "a list": (b"[]", BIN, "isn't a TF.js graph model"),
    "no node": (b'{"modelTopology": {"node": [7]}, "weightsManifest": []}', b"", "isn't a TF.js"),
    "cut off": (NO_TYPE, BIN[:-1], "ends at 11 bytes"),
    "too long": (GOOD, BIN + b"\x00", "has 13 bytes, its arrays 12"),
    "huge": (changed(shape=[2**40, 2**40]), BIN, "ends at 12 bytes"),
    "negative": (changed(shape=[-2, -3]), BIN, "not read"),
    "another type": (changed(quantization={"dtype": "uint8"}), BIN, "stored as uint8"),
    "a shape of text": (changed(shape="23"), BIN, "isn't a TF.js graph model"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_no_such_model_is_an_error(name):
    model, weights, message = DAMAGED[name]
    with pytest.raises(WeightsError, match=message):
        read_tfjs_graph(model, weights)
