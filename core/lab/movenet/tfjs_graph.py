"""Reads TF.js graph models: `model.json`, the graph and its list of weights, and a `.bin` with the
weights one after another, float16 where they were stored so.
"""

import base64
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

_DTYPES = {"float16": "<f2", "float32": "<f4", "int32": "<i4", "bool": "|b1"}


@dataclass(frozen=True)
class TfjsNode:
    """One operation: its inputs are tensors, named `node` or `node:output`."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TfjsGraph:
    """A graph's nodes, and the arrays of its constants by name."""

    nodes: Mapping[str, TfjsNode]
    weights: Mapping[str, NDArray[Any]]

    def order_nodes(self, outputs: Iterable[str]) -> list[TfjsNode]:
        """Order the nodes that `outputs` need, each after its inputs; raise WeightsError for a
        missing node or a cycle."""
        sorter: TopologicalSorter[str] = TopologicalSorter()
        waiting, seen = [node_of(one) for one in outputs], set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            if name not in self.nodes:
                raise WeightsError(f"the graph has no node “{name}”: it is another model")
            seen.add(name)
            needed = [node_of(one) for one in self.nodes[name].inputs]
            sorter.add(name, *needed)
            waiting += needed
        try:
            return [self.nodes[name] for name in sorter.static_order()]
        except CycleError as error:
            raise WeightsError(f"the graph has a cycle: {' → '.join(error.args[1])}") from None


def node_of(tensor: str) -> str:
    """Return the name of the node that computes a tensor: “split:1” → “split”."""
    return tensor.split(":")[0]


def read_tfjs_graph(model: bytes, weights: bytes) -> TfjsGraph:
    """Read a model's two files; raise WeightsError if they aren't a TF.js graph model."""
    try:
        about = json.loads(model)
        nodes = (_read_node(one) for one in about["modelTopology"]["node"])
        listed = [one for group in about["weightsManifest"] for one in group["weights"]]
        return TfjsGraph({one.name: one for one in nodes}, _split_weights(listed, weights))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"this isn't a TF.js graph model, model.json with its .bin ({error!r:.120})"
        ) from None


def _read_node(node: Mapping[str, Any]) -> TfjsNode:
    inputs = tuple(one for one in node.get("input", ()) if not one.startswith("^"))
    attributes = {key: _read_attribute(value) for key, value in node.get("attr", {}).items()}
    return TfjsNode(node["name"], node["op"], inputs, attributes)


def _read_attribute(value: Mapping[str, Any]) -> Any:
    """Read an attribute: {"i": "1"}, {"b": true}, {"s": base64}, {"type": "DT_…"} or a list."""
    kind, content = next(iter(value.items()), ("", ""))  # type: tuple[str, Any]
    if kind == "list":
        items = next(iter(content.items()), None) if content else None
        return [_read_attribute({items[0]: one}) for one in items[1]] if items else []
    if kind == "i":
        return int(content)
    return base64.b64decode(content).decode() if kind == "s" else content


def _split_weights(listed: Iterable[Mapping[str, Any]], content: bytes) -> dict[str, NDArray[Any]]:
    """Cut the `.bin` into the listed arrays; a float16 array stays float16."""
    arrays, start = {}, 0
    for one in listed:
        stored = one.get("quantization", {}).get("dtype", one["dtype"])
        if stored not in _DTYPES or min(one["shape"], default=0) < 0:
            raise WeightsError(f"“{one['name']}” is stored as {stored}, {one['shape']}: not read")
        dtype = np.dtype(_DTYPES[stored])
        end = start + dtype.itemsize * math.prod(one["shape"])
        if end > len(content):
            raise WeightsError(f"the .bin ends at {len(content)} bytes, inside “{one['name']}”")
        arrays[one["name"]] = np.frombuffer(content[start:end], dtype).reshape(one["shape"])
        start = end
    if start != len(content):
        raise WeightsError(f"the .bin has {len(content)} bytes, its arrays {start}")
    return arrays
