"""An ONNX graph written node by node. `Graph` stands for the array library `xp`: features that are
given its arrays write down what they do. Convention: the first axis is the batch, of any length.

Not torch.onnx: its exporter needs 4.7 s of one core for a gesture net each time, its libraries
already imported, and this 6 ms, while somebody waits for a model to use. torch's older exporter
needs 0.12 s and is deprecated.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET, _IR = 20, 10
_ROWS = 2  # of the arrays that show the shapes
_ANY = "samples"


class Array:
    """One of the graph's arrays: its name there, and what stands for its content to show the
    shape. Knows the operators that features use."""

    __array_ufunc__ = None  # numpy leaves operators to this class

    def __init__(self, graph: "Graph", name: str, like: NDArray[Any]) -> None:
        self.graph, self.name, self.like = graph, name, like

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape; the first number means nothing."""
        return self.like.shape

    def __getitem__(self, key: Any) -> "Array":
        """Whole axes, an index, a list of indices, a slice or a new axis (None) for each axis."""
        parts = _of_all_axes(key if isinstance(key, tuple) else (key,), self.like.ndim)
        found, axes = self, [part for part in parts if part is not None]
        for axis, part in reversed([*enumerate(axes)]):  # from the last, so that numbers stay true
            found = found._taken(axis, part)
        left = [part for part in parts if not isinstance(part, int)]
        new = [axis for axis, part in enumerate(left) if part is None]
        if not new:
            return found
        like = np.expand_dims(found.like, new)
        return self.graph.node("Unsqueeze", found, self.graph.constant(np.array(new)), like=like)

    def _taken(self, axis: int, part: Any) -> "Array":
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
        """Another shape; its first number is -1."""
        wanted = self.graph.constant(np.array(shape))
        return self.graph.node("Reshape", self, wanted, like=self.like.reshape(shape))

    def __neg__(self) -> "Array":
        return self.graph.node("Neg", self, like=-self.like)

    def __add__(self, other: Any) -> "Array":
        return self._with("Add", other, np.add)

    def __sub__(self, other: Any) -> "Array":
        return self._with("Sub", other, np.subtract)

    def __mul__(self, other: Any) -> "Array":
        return self._with("Mul", other, np.multiply)

    def __truediv__(self, other: Any) -> "Array":
        return self._with("Div", other, np.divide)

    def __matmul__(self, other: Any) -> "Array":
        return self._with("MatMul", other, np.matmul)

    def __gt__(self, other: Any) -> "Array":
        return self._with("Greater", other, np.greater)

    def __lt__(self, other: Any) -> "Array":
        return self._with("Less", other, np.less)

    def __ne__(self, other: Any) -> "Array":  # type: ignore[override]
        same = self._with("Equal", other, np.equal)
        return self.graph.node("Not", same, like=~same.like)

    __hash__ = None  # type: ignore[assignment]

    def _with(self, operator: str, other: Any, numpys: Any) -> "Array":
        if not isinstance(other, Array):
            other = self.graph.constant(np.asarray(other, np.float32))
        return self.graph.node(operator, self, other, like=numpys(self.like, other.like))


def _of_all_axes(key: tuple[Any, ...], axes: int) -> list[Any]:
    """The key with a part for each axis, "..." and what is missing at the end written out."""
    named = sum(part is not None and part is not Ellipsis for part in key)
    rest = [slice(None)] * (axes - named)
    if Ellipsis not in key:
        return [*key, *rest]
    at = key.index(Ellipsis)
    return [*key[:at], *rest, *key[at + 1 :]]


class Graph:
    """The nodes so far; its methods are those of numpy and torch that features use."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._constants: dict[tuple[Any, ...], Array] = {}

    def input(self, name: str, kind: Any, *shape: int) -> Array:
        """An argument of (N, *shape)."""
        array = Array(self, name, np.zeros((_ROWS, *shape), kind))
        self._inputs.append(_declared(array))
        return array

    def constant(self, value: Any, name: str = "") -> Array:
        """A number or array that is part of the graph; unnamed, the same one is kept once."""
        value = np.asarray(value)
        key = (name, value.dtype.str, value.shape, value.tobytes())
        name = name or f"constant_{len(self._constants)}"
        return self._constants.setdefault(key, Array(self, name, value))

    def node(self, operator: str, *inputs: Array, like: NDArray[Any], **attributes: Any) -> Array:
        """One of ONNX's operators; `like` has the shape and type of what it gives."""
        found = Array(self, f"{operator.lower()}_{len(self._nodes)}", np.asarray(like))
        names = [array.name for array in inputs]
        self._nodes.append(helper.make_node(operator, names, [found.name], **attributes))
        return found

    def to_bytes(self, outputs: Mapping[str, Array]) -> bytes:
        """The ONNX file that gives these, without the nodes that nothing needs."""
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
        gives = [_declared(Array(self, name, array.like)) for name, array in outputs.items()]
        graph = helper.make_graph(nodes, "gestures", self._inputs, gives, constants)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="mudra")
        model.ir_version = _IR
        content: bytes = model.SerializeToString()
        return content

    # ------------------------------------------------------------------ as numpy and torch have it

    def sqrt(self, x: Array) -> Array:
        """Square root."""
        return self.node("Sqrt", x, like=np.sqrt(x.like))

    def amax(self, x: Array, axis: int) -> Array:
        """Largest along an axis, which goes."""
        along = self.constant(np.array([axis]))
        return self.node("ReduceMax", x, along, like=x.like.max(axis), keepdims=0)

    def mean(self, x: Array, axis: int) -> Array:
        """Mean along an axis, which goes."""
        along = self.constant(np.array([axis]))
        return self.node("ReduceMean", x, along, like=x.like.mean(axis), keepdims=0)

    def log(self, x: Array) -> Array:
        """Natural logarithm."""
        return self.node("Log", x, like=np.log(np.maximum(x.like, np.float32(1e-30))))

    def minimum(self, a: Array, b: Array) -> Array:
        """The smaller of each two."""
        return self.node("Min", a, b, like=np.minimum(a.like, b.like))

    def isfinite(self, x: Array) -> Array:
        """Neither NaN nor infinite."""
        size = self.node("Abs", x, like=np.abs(x.like))
        return size < np.inf

    def where(self, chosen: Array, a: Array, b: Array) -> Array:
        """a where chosen, else b."""
        return self.node("Where", chosen, a, b, like=np.where(chosen.like, a.like, b.like))

    def zeros_like(self, x: Array) -> Array:
        """A zero; it spreads over any shape."""
        return self.constant(np.float32(0))

    def ones_like(self, x: Array) -> Array:
        """A one; it spreads over any shape."""
        return self.constant(np.float32(1))

    def stack(self, arrays: Sequence[Array], axis: int) -> Array:
        """Along a new last axis (-1)."""
        return self.concatenate([array[..., None] for array in arrays], axis)

    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array:
        """Along an axis."""
        like = np.concatenate([array.like for array in arrays], axis)
        return self.node("Concat", *arrays, like=like, axis=axis)


def _declared(array: Array) -> Any:
    """How an input or output is declared: the batch of any length."""
    kind = TensorProto.BOOL if array.like.dtype == bool else TensorProto.FLOAT
    return helper.make_tensor_value_info(array.name, kind, [_ANY, *array.shape[1:]])
