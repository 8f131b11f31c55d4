"""A graph whose cost follows from values, or is too high, is refused before it runs."""

import re
from pathlib import Path

import pytest
from onnx import parser

from core.modelfiles.graph_checks import find_cost_fault
from core.paths import Paths


def graph(nodes: str, constants: str = "") -> bytes:
    """A graph from `x`, (N, 4) float32, to `y`, in ONNX's own text."""
    head = '<ir_version: 9, opset_import: ["": 18]> graph (float[N, 4] x) => (float[] y)'
    return parser.parse_model(f"{head} <{constants}> {{{nodes}}}").SerializeToString()


@pytest.mark.parametrize("model", sorted(Paths.shipped_models.glob("*/model.onnx")), ids=str)
def test_what_ships_is_allowed(model: Path):
    assert find_cost_fault(model.read_bytes(), 2e9) is None


@pytest.mark.parametrize("model", [Paths.starter, Paths.arms], ids=str)
def test_what_ships_is_allowed_for_many_samples_at_once(model: Path):
    assert find_cost_fault((model / "model.onnx").read_bytes(), 1e9, 8192) is None


def test_a_cost_that_grows_with_the_square_of_the_samples_is_refused():
    square = graph("t = Transpose(x) y = MatMul(x, t)")
    for samples in (1, 25):  # 4 x 25 to transpose, 4 x 25² to multiply: 104 each
        assert find_cost_fault(square, 104, samples) is None
    fault = find_cost_fault(square, 104, 8192)
    assert re.match(r"takes .* multiplications for [\d,]+ samples, at most", fault)


def test_a_size_that_grows_from_the_second_sample_on_is_refused():
    nodes = "s = Shape(x) more = Sub(s, first) side = Mul(more, k) y = ConstantOfShape(side)"
    sizes = "int64[2] first = {1, 0}, int64[2] k = {100, 100}"
    assert find_cost_fault(graph(nodes, sizes), 1e3) is None
    assert "multiplications for" in find_cost_fault(graph(nodes, sizes), 1e3, 8192)
    nodes = nodes.replace("Mul", "Max")  # which shape inference does not compute
    fault = find_cost_fault(graph(nodes, sizes), 1e3, 8192)
    assert fault == "uses ConstantOfShape with a result whose size is unknown before it runs"


def test_a_matrix_product_costs_rows_by_columns_by_their_length():
    data = graph("y = MatMul(x, w)", f"float[4, 5] w = {{{', '.join('1' * 20)}}}")
    assert find_cost_fault(data, 20) is None  # 1 x 4 by 4 x 5
    assert "20 multiplications" in find_cost_fault(data, 19)


@pytest.mark.parametrize(
    ("nodes", "operator"),
    [
        ("y = NonZero(x)", "NonZero"),
        ("n = Cast <to = 7> (x) y = Expand(one, n)", "Expand"),
        (
            "s = Shape(x) n = Cast <to = 7> (x) sum = Add(s, n) y = ConstantOfShape(sum)",
            "ConstantOfShape",
        ),
    ],
)
def test_a_size_that_follows_from_values_is_refused(nodes, operator):
    fault = find_cost_fault(graph(nodes, "float[1] one = {1}"), 1e9)
    assert fault == f"uses {operator} with a result whose size depends on values"


def test_a_size_that_follows_from_the_input_s_shape_is_allowed():
    nodes = "s = Shape(x) y = Expand(one, s)"
    assert find_cost_fault(graph(nodes, "float[1] one = {1}"), 1e9) is None


def test_a_huge_array_a_long_graph_and_a_wrong_order_are_refused():
    large = graph("y = ConstantOfShape(s)", "int64[2] s = {40000, 40000}")
    assert "1,600,000,000 numbers" in find_cost_fault(large, 1e12)
    chain = graph("n0 = Identity(x) " + "".join(f"n{i} = Identity(x) " for i in range(1, 20_001)))
    assert "20,001 operators" in find_cost_fault(chain, 1e12)
    turned = graph("n1 = Identity(n0) n0 = Identity(x)")
    assert "before its inputs are computed" in find_cost_fault(turned, 1e12)
