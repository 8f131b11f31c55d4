"""Hand-made TF.js graph models: nodes and arrays → model.json and .bin."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

Node = dict[str, Any]


def node(name: str, operation: str, inputs: Sequence[str] = (), **attributes: Any) -> Node:
    """Build a node as TF.js writes it."""
    written = {key: write_attribute(value) for key, value in attributes.items()}
    return {"name": name, "op": operation, "input": list(inputs), "attr": written}


def write_attribute(value: Any) -> dict[str, Any]:
    """Write an attribute: text is a type if it begins with DT_, else base64."""
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, str):
        if value.startswith("DT_"):
            return {"type": value}
        return {"s": base64.b64encode(value.encode()).decode()}
    if isinstance(value, dict):
        return {"shape": value}
    items = [write_attribute(one) for one in value]
    kind = next(iter(items[0]))
    return {"list": {kind: [one[kind] for one in items]}}


def placeholder(*sizes: int) -> Node:
    """Build the node of the pictures; −1 is a side of any length."""
    shape = {"dim": [{"size": str(size)} for size in sizes]}
    return node("input", "Placeholder", shape=shape)


def write_model(nodes: Sequence[Node], arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, bytes]:
    """Write model.json, with a Const node for each array, and the .bin; floats become float16."""
    listed, content = [], b""
    for name, array in arrays.items():
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": "int32"}
        if array.dtype.kind == "f":
            array = array.astype("<f2")
            entry |= {"dtype": "float32", "quantization": {"dtype": "float16"}}
        else:
            array = array.astype("<i4")
        listed.append(entry)
        content += array.tobytes()
    topology = {"node": [*(node(name, "Const") for name in arrays), *nodes]}
    about = {"modelTopology": topology, "weightsManifest": [{"paths": ["w"], "weights": listed}]}
    return json.dumps(about).encode(), content
