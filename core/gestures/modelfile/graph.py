"""An ONNX graph recorded node by node: `Graph` replaces the array library `xp`, so features that
compute with its arrays record their operations. The first axis is the batch, of any length.

torch.onnx is not used, because its exporter takes 4.7 s of one core per gesture net, and this 6 ms,
while the user waits for the model. torch's older exporter takes 0.12 s and is deprecated.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET, _IR = 20, 10
_ROWS = 2  # of the example arrays


def _make_operator(operator: str, ufunc: Any) -> Callable[["Array", Any], "Array"]:
    """Return a method that adds a binary operator on another array or a constant to the graph."""

    def add(self: "Array", other: Any) -> "Array":
        if not isinstance(other, Array):
            other = self.graph.constant(np.asarray(other, np.float32))
        return self.graph.node(operator, self, other, like=ufunc(self.like, other.like))

    return add


class Array:
    """An array of the graph, with the operators that features use.

    Attributes:
        like: an example array of its shape and type.
    """

    __array_ufunc__ = None  # makes numpy use the operators of this class

    def __init__(self, graph: "Graph", name: str, like: NDArray[Any]) -> None:
        self.graph, self.name, self.like = graph, name, like

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; its first number has no meaning."""
        return self.like.shape

    def __getitem__(self, key: Any) -> "Array":
        """Index each axis by an integer, a list of indices or a slice; None adds an axis."""
        parts = _expand_key(key if isinstance(key, tuple) else (key,), self.like.ndim)
        found, axes = self, [part for part in parts if part is not None]
        for axis, part in reversed([*enumerate(axes)]):  # so that axes stay valid
            found = found._index_axis(axis, part)
        left = [part for part in parts if not isinstance(part, int)]
        new = [axis for axis, part in enumerate(left) if part is None]
        if not new:
            return found
        like = np.expand_dims(found.like, new)
        return self.graph.node("Unsqueeze", found, self.graph.constant(np.array(new)), like=like)

    def _index_axis(self, axis: int, part: Any) -> "Array":
        """Add an operator that indexes one axis by a number, a list or a slice."""
        like, constant = self.like, self.graph.constant
        if isinstance(part, slice):
            if part == slice(None):
                return self
            ends = [constant(np.array([i])) for i in (part.start, part.stop, axis)]
            like = np.take(like, range(part.start, part.stop), axis)
            return self.graph.node("Slice", self, *ends, like=like)
        index = constant(np.array(part))
        return self.graph.node("Gather", self, index, like=np.take(like, part, axis), axis=axis)

    def reshape(self, *shape: int) -> "Array":
        """Change the shape; the first number is -1."""
        wanted = self.graph.constant(np.array(shape))
        return self.graph.node("Reshape", self, wanted, like=self.like.reshape(shape))

    def __neg__(self) -> "Array":
        return self.graph.node("Neg", self, like=-self.like)

    __add__ = _make_operator("Add", np.add)
    __sub__ = _make_operator("Sub", np.subtract)
    __mul__ = _make_operator("Mul", np.multiply)
    __truediv__ = _make_operator("Div", np.divide)
    __matmul__ = _make_operator("MatMul", np.matmul)
    __gt__ = _make_operator("Greater", np.greater)
    __lt__ = _make_operator("Less", np.less)
    _equals = _make_operator("Equal", np.equal)

    def __ne__(self, other: Any) -> "Array":  # type: ignore[override]
        same = self._equals(other)
        return self.graph.node("Not", same, like=~same.like)

    __hash__ = None  # type: ignore[assignment]


def _expand_key(key: tuple[Any, ...], axes: int) -> list[Any]:
    """Expand "..." and missing trailing parts, so that an index key has a part for each axis."""
    named = sum(part is not None and part is not Ellipsis for part in key)
    rest = [slice(None)] * (axes - named)
    if Ellipsis not in key:
        return [*key, *rest]
    at = key.index(Ellipsis)
    return [*key[:at], *rest, *key[at + 1 :]]


class Graph:
    """The recorded nodes, with the numpy and torch functions that features use as methods."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._constants: dict[tuple[Any, ...], Array] = {}

    def input(self, name: str, kind: Any, *shape: int) -> Array:
        """Add an input of shape (N, *shape) with a variable N, and return it."""
        array = Array(self, name, np.zeros((_ROWS, *shape), kind))
        self._inputs.append(_declare_value(array))
        return array

    def constant(self, value: Any, name: str = "") -> Array:
        """Add a number or array as a constant; equal unnamed constants are stored once."""
        value = np.asarray(value)
        key = (name, value.dtype.str, value.shape, value.tobytes())
        name = name or f"constant_{len(self._constants)}"
        return self._constants.setdefault(key, Array(self, name, value))

    def node(self, operator: str, *inputs: Array, like: NDArray[Any], **attributes: Any) -> Array:
        """Add an ONNX operator and return its output, whose shape and type are those of `like`."""
        found = Array(self, f"{operator.lower()}_{len(self._nodes)}", np.asarray(like))
        names = [array.name for array in inputs]
        self._nodes.append(helper.make_node(operator, names, [found.name], **attributes))
        return found

    def to_bytes(self, outputs: Mapping[str, Array]) -> bytes:
        """Serialise the graph with these named outputs, dropping unused nodes and constants."""
        wanted, nodes = {array.name for array in outputs.values()}, []
        for node in reversed(self._nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                nodes.append(node)
        nodes = nodes[::-1] + [
            helper.make_node("Identity", [array.name], [name]) for name, array in outputs.items()
        ]
        constants = [
            numpy_helper.from_array(np.asarray(array.like, order="C"), array.name)
            for array in self._constants.values()
            if array.name in wanted
        ]
        declared = [_declare_value(Array(self, name, a.like)) for name, a in outputs.items()]
        graph = helper.make_graph(nodes, "gestures", self._inputs, declared, constants)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="mudra")
        model.ir_version = _IR
        return model.SerializeToString()

    # ------------------------------------------------------------------ methods of numpy and torch

    def sqrt(self, x: Array) -> Array:
        """Square root."""
        return self.node("Sqrt", x, like=np.sqrt(x.like))

    def amax(self, x: Array, axis: int) -> Array:
        """Maximum along an axis."""
        axes = self.constant(np.array([axis]))
        return self.node("ReduceMax", x, axes, like=x.like.max(axis), keepdims=0)

    def mean(self, x: Array, axis: int) -> Array:
        """Mean along an axis."""
        along = self.constant(np.array([axis]))
        return self.node("ReduceMean", x, along, like=x.like.mean(axis), keepdims=0)

    def log(self, x: Array) -> Array:
        """Natural logarithm."""
        return self.node("Log", x, like=np.log(np.maximum(x.like, np.float32(1e-30))))

    def minimum(self, a: Array, b: Array) -> Array:
        """Elementwise minimum."""
        return self.node("Min", a, b, like=np.minimum(a.like, b.like))

    def isfinite(self, x: Array) -> Array:
        """Whether elements are neither NaN nor infinite."""
        return self.node("Abs", x, like=np.abs(x.like)) < np.inf

    def where(self, chosen: Array, a: Array, b: Array) -> Array:
        """Elements of a where `chosen` is true, else of b."""
        return self.node("Where", chosen, a, b, like=np.where(chosen.like, a.like, b.like))

    def zeros_like(self, x: Array) -> Array:
        """A scalar 0, which broadcasts."""
        return self.constant(np.float32(0))

    def ones_like(self, x: Array) -> Array:
        """A scalar 1, which broadcasts."""
        return self.constant(np.float32(1))

    def stack(self, arrays: Sequence[Array], axis: int) -> Array:
        """Stack along a new last axis (-1)."""
        return self.concatenate([array[..., None] for array in arrays], axis)

    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array:
        """Concatenate along an axis."""
        like = np.concatenate([array.like for array in arrays], axis)
        return self.node("Concat", *arrays, like=like, axis=axis)


def _declare_value(array: Array) -> Any:
    """Declare an input or output with a batch of any length."""
    kind = TensorProto.BOOL if array.like.dtype == bool else TensorProto.FLOAT
    return helper.make_tensor_value_info(array.name, kind, ["samples", *array.shape[1:]])
