"""CrossInfoNet's weights: the authors' TensorFlow checkpoints, as .npz files of their tensors.

TensorFlow's names are scopes: `nn2/block2/unit_4/bottleneck_v1/conv1/weights`, its kernels
(h, w, in, out). What a training leaves beside them (Adam's moments, counters) is left out.
"""

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from core.pose.skeletons import ICVL_16, MSRA_21, NYU_14
from core.weights.entries import Source, Weights
from core.weights.layouts import Arrays, Shapes, norm_shapes, once

CROSSINFONET = "crossinfonet."

# --------------------------------------------------------------------------------- the arrays

_TRUNK = ((16, 3), (32, 4), (64, 6), (64, 3))  # base channels and units of each part
_STEM, _WIDE, _HIDDEN, _CELLS = 32, 256, 1024, 36
_BRANCHES = {  # keypoints of the palm and of the fingers
    "nyu": (9, 5),
    "icvl": (6, 10),
    "msra": (6, 15),
}


def crossinfonet_shapes(tag: str) -> Shapes:
    """Of the net of that tag, as wide as in the published code."""
    palm, fingers = _BRANCHES[tag]
    shapes = _layer("stem", 1, _STEM, 5)
    channels = _STEM
    for part, (base, units) in enumerate(_TRUNK):
        for unit in range(units):
            shapes |= _bottleneck(f"trunk.{part}.{unit}", channels, 4 * base, base)
            channels = 4 * base
    for part, (base, _) in enumerate(_TRUNK):
        shapes |= _layer(f"lateral.{part}", 4 * base, _WIDE, 1)
    for part in range(len(_TRUNK) - 1):
        shapes |= _layer(f"merge.{part}", _WIDE, _WIDE, 1)
    shapes |= _bottleneck("guidance", _WIDE, _WIDE, _WIDE // 2)
    shapes |= _layer("guidance_maps", _WIDE, palm + fingers, 3)
    shapes |= _branch("palm", palm) | _branch("fingers", fingers)
    return shapes | _layer("hand", 2 * _HIDDEN, 3 * (palm + fingers))


def _branch(name: str, joints: int) -> Shapes:
    return (
        _bottleneck(f"{name}.take", _WIDE, _WIDE, _WIDE // 2)
        | _layer(f"{name}.before_maps", _WIDE, _WIDE, 1)
        | _layer(f"{name}.last_maps", _WIDE, joints, 3)
        | _bottleneck(f"{name}.refine", 2 * _WIDE, _WIDE, _WIDE // 2)
        | _layer(f"{name}.first", _WIDE * _CELLS, _HIDDEN)
        | _layer(f"{name}.second", _HIDDEN, _HIDDEN)
        | _layer(f"{name}.last", _HIDDEN, 3 * joints)
    )


def _bottleneck(name: str, channels: int, wide: int, narrow: int) -> Shapes:
    shortcut = _layer(f"{name}.shortcut", channels, wide, 1) if channels != wide else {}
    return (
        shortcut
        | _layer(f"{name}.conv1", channels, narrow, 1)
        | _layer(f"{name}.conv2", narrow, narrow, 3)
        | _layer(f"{name}.conv3", narrow, wide, 1)
    )


def _layer(name: str, channels: int, wide: int, kernel: int = 0) -> Shapes:
    """A convolution, or without a kernel size a fully connected layer, and its normalisation."""
    shape = (wide, channels, kernel, kernel) if kernel else (wide, channels)
    return {f"{name}.kernel.weight": shape} | norm_shapes(f"{name}.norm", wide)


# ------------------------------------------------------------------------- from TensorFlow's names

_SCOPES = (
    {"conv1": "stem"}
    | {
        f"nn{part}/block{part}/unit_{unit}/bottleneck_v1": f"trunk.{part - 1}.{unit - 1}"
        for part, (_, units) in enumerate(_TRUNK, 1)
        for unit in range(1, units + 1)
    }
    | {f"lateral/res{level}": f"lateral.{level - 2}" for level in range(2, 6)}
    | {f"merge/res{level}": f"merge.{level - 2}" for level in range(2, 5)}
    | {
        "palm_bottleneck": "palm.take",
        "fing_bottleneck": "fingers.take",
        "end_palm_bottleneck": "palm.refine",
        "end_fing_bottleneck": "fingers.refine",
        "htmap_bottleneck": "guidance",
        # numbered as they were made
        "Conv": "palm.before_maps",
        "Conv_1": "palm.last_maps",
        "Conv_2": "fingers.before_maps",
        "Conv_3": "fingers.last_maps",
        "Conv_4": "guidance_maps",
        "fully_connected": "fingers.first",
        "fully_connected_1": "fingers.second",
        "fully_connected_2": "fingers.last",
        "fully_connected_3": "palm.first",
        "fully_connected_4": "palm.second",
        "fully_connected_5": "palm.last",
        "fully_connected_6": "hand",
    }
)
_PARTS = {
    "/weights": ".kernel.weight",
    "/BatchNorm/gamma": ".norm.weight",
    "/BatchNorm/beta": ".norm.bias",
    "/BatchNorm/moving_mean": ".norm.running_mean",
    "/BatchNorm/moving_variance": ".norm.running_var",
}
_LEFT_OVER = re.compile(r"Variable(_\d+)?|beta[12]_power|global_step|.*/Adam(_1)?")


def crossinfonet_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """TensorFlow's names become ours, and its kernels' axes PyTorch's; ours stay as they are.

    Raises:
        WeightsError: two would have one name.
    """
    kept = ((name, array) for name, array in arrays.items() if not _LEFT_OVER.fullmatch(name))
    return once(file, (_ours(name, array) for name, array in kept))


def _ours(name: str, array: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    for part, ours in _PARTS.items():
        layer = _layer_of(name.removesuffix(part)) if name.endswith(part) else None
        if layer is not None:
            return layer + ours, _turned(layer, array) if part == "/weights" else array
    return name, array


def _layer_of(scope: str) -> str | None:
    """Ours for a scope of TensorFlow's, which may be a layer of a bottleneck."""
    if scope in _SCOPES:
        return _SCOPES[scope]
    block, _, layer = scope.rpartition("/")
    return f"{_SCOPES[block]}.{layer}" if block in _SCOPES else None


def _turned(layer: str, kernel: NDArray[Any]) -> NDArray[Any]:
    """(h, w, in, out) → (out, in, h, w); (in, out) → (out, in), where a flattened map's inputs come
    row by row with their channels together, and become channel by channel."""
    if layer.endswith(".first") and kernel.ndim == 2 and len(kernel) % _CELLS == 0:
        cells = kernel.reshape(_CELLS, len(kernel) // _CELLS, -1)
        return cells.transpose(2, 1, 0).reshape(kernel.shape[1], -1)
    return kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T


# ------------------------------------------------------------------------------------- the entries


def _entry(tag: str, skeleton: str, data: str, checkpoint: str) -> Weights:
    where = (
        f"the authors name a checkpoint {checkpoint}.ckpt and don't offer it; whoever has it, and "
        "TensorFlow, writes its tensors: reader = tf.train.load_checkpoint(file); numpy.savez(npz, "
        "**{n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()})"
    )
    licence = f"none stated (dumyy/handpose); trained on {data}: research"
    return Weights(
        CROSSINFONET + tag,
        skeleton,
        f"CrossInfoNet (Du 2019) on {data}, as published: 1024 units in its fully connected layers",
        (Source(f"{checkpoint}.npz", "npz", licence, where=where),),
        (),
    )


DEPTH = {
    CROSSINFONET + tag: _entry(tag, skeleton.name, data, f"crossInfoNet_{file}")
    for tag, skeleton, data, file in (
        ("nyu", NYU_14, "NYU", "NYU"),
        ("icvl", ICVL_16, "ICVL", "ICVL"),
        ("msra", MSRA_21, "MSRA without one of its nine persons", "MSRA0"),
    )
}
