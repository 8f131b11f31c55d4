"""A graph whose cost follows from values, or is too high, is refused before it runs."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.modelfiles.graph_checks import find_cost_fault
from core.paths import Paths

node = helper.make_node


def graph(nodes, constants=None, shape=("N", 4)) -> bytes:
    """A graph from `x`, float32, to `y`."""
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(v), k) for k, v in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(made, opset_imports=opsets).SerializeToString()


@pytest.mark.parametrize("model", sorted(Paths.shipped_models.glob("*/model.onnx")), ids=str)
def test_what_ships_is_allowed(model: Path):
    assert find_cost_fault(model.read_bytes(), 1e9) is None


@pytest.mark.parametrize("model", [Paths.starter, Paths.arms], ids=str)
def test_what_ships_is_allowed_for_many_samples_at_once(model: Path):
    assert find_cost_fault((model / "model.onnx").read_bytes(), 1e9, 8192) is None


def test_a_cost_that_grows_with_the_square_of_the_samples_is_refused():
    square = graph([node("Transpose", ["x"], ["t"]), node("MatMul", ["x", "t"], ["y"])])
    for samples in (1, 25):  # 4 x 25 to transpose, 4 x 25² to multiply: 104 each
        assert find_cost_fault(square, 104, samples) is None
    fault = find_cost_fault(square, 104, 8192)
    assert re.match(r"takes .* multiplications for [\d,]+ samples, at most", fault)


def test_a_size_that_grows_from_the_second_sample_on_is_refused():
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Sub", ["s", "first"], ["more"]),
        node("Mul", ["more", "k"], ["side"]),
        node("ConstantOfShape", ["side"], ["y"]),
    ]
    sizes = {"first": [1, 0], "k": [100, 100]}
    assert find_cost_fault(graph(nodes, sizes), 1e3) is None
    assert "multiplications for" in find_cost_fault(graph(nodes, sizes), 1e3, 8192)
    nodes[2] = node("Max", ["more", "k"], ["side"])  # which shape inference does not compute
    fault = find_cost_fault(graph(nodes, sizes), 1e3, 8192)
    assert fault == "uses ConstantOfShape with a result whose size is unknown before it runs"


def test_a_matrix_product_costs_rows_by_columns_by_their_length():
    weights = {"w": np.ones((4, 5), np.float32)}
    data = graph([node("MatMul", ["x", "w"], ["y"])], weights)
    assert find_cost_fault(data, 20) is None  # 1 x 4 by 4 x 5
    assert "20 multiplications" in find_cost_fault(data, 19)


@pytest.mark.parametrize(
    ("nodes", "operator"),
    [
        ([node("NonZero", ["x"], ["y"])], "NonZero"),
        (
            [node("Cast", ["x"], ["n"], to=TensorProto.INT64), node("Expand", ["one", "n"], ["y"])],
            "Expand",
        ),
        (
            [
                node("Shape", ["x"], ["s"]),
                node("Cast", ["x"], ["n"], to=TensorProto.INT64),
                node("Add", ["s", "n"], ["sum"]),
                node("ConstantOfShape", ["sum"], ["y"]),
            ],
            "ConstantOfShape",
        ),
    ],
)
def test_a_size_that_follows_from_values_is_refused(nodes, operator):
    fault = find_cost_fault(graph(nodes, {"one": np.float32([1])}), 1e9)
    assert fault == f"uses {operator} with a result whose size depends on values"


def test_a_size_that_follows_from_the_input_s_shape_is_allowed():
    nodes = [node("Shape", ["x"], ["s"]), node("Expand", ["one", "s"], ["y"])]
    assert find_cost_fault(graph(nodes, {"one": np.float32([1])}), 1e9) is None


def test_a_huge_array_a_long_graph_and_a_wrong_order_are_refused():
    large = graph([node("ConstantOfShape", ["s"], ["y"])], {"s": [40_000, 40_000]})
    assert "1,600,000,000 numbers" in find_cost_fault(large, 1e12)
    names = ["x", *(f"n{i}" for i in range(20_000)), "y"]
    chain = [node("Identity", [a], [b]) for a, b in pairwise(names)]
    assert "20,001 operators" in find_cost_fault(graph(chain), 1e12)
    assert "before its inputs are computed" in find_cost_fault(graph(chain[:2][::-1]), 1e12)
