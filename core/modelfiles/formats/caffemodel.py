"""Reads the weights of a `.caffemodel`: the few fields of Caffe's caffe.proto that contain them."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from core.errors import WeightsError

_MESSAGES = {  # message → field → number, type; “+” marks repeated fields
    "Net": {"layers": (2, "+V1Layer"), "layer": (100, "+Layer")},
    "Layer": {"name": (1, "bytes"), "blobs": (7, "+Blob")},
    "V1Layer": {"name": (4, "bytes"), "blobs": (6, "+Blob")},
    "Blob": {
        "num": (1, "int64"),
        "channels": (2, "int64"),
        "height": (3, "int64"),
        "width": (4, "int64"),
        "data": (5, "+float"),
        "shape": (7, "Shape"),
        "double_data": (8, "+double"),
    },
    "Shape": {"dim": (1, "+int64")},
}
_LEGACY_SHAPE = ("num", "channels", "height", "width")
_MAX_DIMENSIONS = 8


def read_caffemodel(path: Path) -> dict[str, list[NDArray[Any]]]:
    """Read a .caffemodel as layer name → arrays, as stored: kernels (O, I, H, W), biases (O,) or
    (1, 1, 1, O). Raises WeightsError: the file is truncated or not a caffemodel."""
    try:
        net = _build_net_message().FromString(path.read_bytes())
        layers: dict[str, list[NDArray[Any]]] = {}
        for layer in (*net.layer, *net.layers):
            name = layer.name.decode()
            if layer.blobs and name in layers:
                raise ValueError(f"two layers are named “{name}”")
            if layer.blobs:
                layers[name] = [_blob_to_array(blob) for blob in layer.blobs]
    except (DecodeError, ValueError) as error:
        raise WeightsError(
            f"{path.name} is cut off or not a .caffemodel ({error}): get the file again"
        ) from None
    if not layers:
        raise WeightsError(f"{path.name} is not a .caffemodel with weights: no layer has any")
    return layers


def _blob_to_array(blob: Any) -> NDArray[Any]:
    """Convert a Caffe blob to an array; raise ValueError if shape and data don't match."""
    kind, numbers = ("f8", blob.double_data) if blob.double_data else ("f4", blob.data)
    shape = [len(numbers)]
    if blob.HasField("shape"):
        shape = list(blob.shape.dim)
    elif any(blob.HasField(side) for side in _LEGACY_SHAPE):
        shape = [getattr(blob, side) if blob.HasField(side) else 1 for side in _LEGACY_SHAPE]
    fits = len(shape) <= _MAX_DIMENSIONS and min(shape, default=0) >= 0
    if not fits or math.prod(shape) != len(numbers):
        raise ValueError(f"a blob of shape {shape[:_MAX_DIMENSIONS]} has {len(numbers)} values")
    return np.fromiter(numbers, kind, len(numbers)).reshape(shape)


@cache
def _build_net_message() -> Any:
    """Build a protobuf class for Caffe's NetParameter with only the fields for weights."""
    file = descriptor_pb2.FileDescriptorProto(name="mudra_caffe.proto", package="mudra_caffe")
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            field = described.field.add(name=name, number=number)
            field.label = field.LABEL_REPEATED if kind[0] == "+" else field.LABEL_OPTIONAL
            kind = kind.removeprefix("+")
            if kind in _MESSAGES:
                field.type, field.type_name = field.TYPE_MESSAGE, f".mudra_caffe.{kind}"
            else:
                field.type = getattr(field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("mudra_caffe.Net"))
