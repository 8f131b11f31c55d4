"""The arrays of each net by name and shape, in the net's order, and how the names in published
files become these. Nets themselves are not known here, so that nothing waits for torch.

Batch normalisation's `num_batches_tracked` is left out everywhere: nothing in use reads it.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

Shape = tuple[int, ...]
Shapes = dict[str, Shape]
Arrays = dict[str, NDArray[Any]]

# ------------------------------------------------------------------------------------------- CPM

_STEM = {
    "conv1_1": 64,
    "conv1_2": 64,
    "conv2_1": 128,
    "conv2_2": 128,
    "conv3_1": 256,
    "conv3_2": 256,
    "conv3_3": 256,
    "conv3_4": 256,
    "conv4_1": 512,
    "conv4_2": 512,
}
_REST = {
    "hand": {"conv4_3": 512, "conv4_4": 512, "conv5_1": 512, "conv5_2": 512, "conv5_3_CPM": 128},
    "body": {
        "conv4_3_CPM": 256,
        "conv4_4_CPM": 256,
        "conv4_5_CPM": 256,
        "conv4_6_CPM": 256,
        "conv4_7_CPM": 128,
    },
}
_STAGE_1 = {"hand": ("conv6_1_CPM", "conv6_2_CPM"), "body": ("conv5_1_CPM", "conv5_2_CPM")}
_FEATURES = 128


def cpm_shapes(subject: str, stages: int, joints: int) -> Shapes:
    """Of a convolutional pose machine of a "hand" or a "body"."""
    maps, centre = joints + 1, int(subject == "body")
    convolutions: list[tuple[str, int, int, int]] = []  # layer, in, out, side of the kernel
    channels = 3
    for layer, wide in (_STEM | _REST[subject]).items():
        convolutions.append((layer, channels, wide, 3))
        channels = wide
    first, last = _STAGE_1[subject]
    convolutions += [(first, _FEATURES, 512, 1), (last, 512, maps, 1)]
    for stage in range(2, stages + 1):
        widths = (maps + _FEATURES + centre, *[128] * 6, maps)
        for i, (wide_in, wide_out) in enumerate(pairwise(widths), 1):
            convolutions.append((f"Mconv{i}_stage{stage}", wide_in, wide_out, 7 if i <= 5 else 1))
    shapes: Shapes = {}
    for layer, wide_in, wide_out, side in convolutions:
        shapes[f"{layer}.weight"] = (wide_out, wide_in, side, side)
        shapes[f"{layer}.bias"] = (wide_out,)
    return shapes


def cpm_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """A port's own module before a layer (`model1_0.conv1_1.weight`) is left out."""
    short = ((".".join(name.split(".")[-2:]), array) for name, array in arrays.items())
    return once(file, short)


def once(file: str, named: Iterator[tuple[str, NDArray[Any]]]) -> Arrays:
    """The arrays by name.

    Raises:
        WeightsError: two have one name.
    """
    arrays: Arrays = {}
    for name, array in named:
        if name in arrays:
            raise WeightsError(f"{file}: “{name}” comes twice, so whose it is can't be told")
        arrays[name] = array
    return arrays


# ---------------------------------------------------------------------------------------- ResNets

_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
_HEAD = 256


def norm_shapes(name: str, channels: int) -> Shapes:
    """Of a batch normalisation."""
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (channels,) for part in parts}


def resnet_shapes(depth: int) -> Shapes:
    """Of a ResNet without its classifier, as torchvision names its arrays."""
    shapes: Shapes = {"conv1.weight": (64, 3, 7, 7)} | norm_shapes("bn1", 64)
    channels = 64
    for stage, (count, width) in enumerate(zip(_BLOCKS[depth], (64, 128, 256, 512), strict=True)):
        for i in range(count):
            wide = width * (4 if depth >= 50 else 1)
            kernels = ((width, 1), (width, 3), (wide, 1)) if depth >= 50 else ((width, 3),) * 2
            block, wide_in = f"layer{stage + 1}.{i}", channels
            for k, (wide_out, side) in enumerate(kernels, 1):
                shapes[f"{block}.conv{k}.weight"] = (wide_out, wide_in, side, side)
                shapes |= norm_shapes(f"{block}.bn{k}", wide_out)
                wide_in = wide_out
            if i == 0 and (stage > 0 or channels != wide):
                shapes[f"{block}.downsample.0.weight"] = (wide, channels, 1, 1)
                shapes |= norm_shapes(f"{block}.downsample.1", wide)
            channels = wide
    return shapes


def pose_resnet_shapes(depth: int, joints: int) -> Shapes:
    """Of a ResNet with three deconvolutions."""
    channels = 2048 if depth >= 50 else 512
    return (
        resnet_shapes(depth)
        | _doubling_shapes(channels, 3)
        | {"final_layer.weight": (joints, _HEAD, 1, 1), "final_layer.bias": (joints,)}
    )


def _doubling_shapes(channels: int, count: int) -> Shapes:
    shapes: Shapes = {}
    for i in range(count):
        shapes[f"deconv_layers.{3 * i}.weight"] = (channels, _HEAD, 4, 4)
        shapes |= norm_shapes(f"deconv_layers.{3 * i + 1}", _HEAD)
        channels = _HEAD
    return shapes


def resnet_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """microsoft's names are ours; mmpose has `backbone.` and `head.` before them (`keypoint_head.`
    before 1.0), whoever trained on several GPUs `module.`; torchvision's classifier is left out."""
    before = re.compile(r"^(module\.)?(backbone\.|head\.|keypoint_head\.)?")
    return once(
        file,
        (
            (before.sub("", name), array)
            for name, array in arrays.items()
            if not name.endswith("num_batches_tracked") and not name.startswith("fc.")
        ),
    )


# ---------------------------------------------------------------------------------------- ViTPose

VIT_SIZES = {"small": (384, 12), "base": (768, 12)}  # channels, layers
_PATCH = 16


def vitpose_shapes(size: str, classic: bool, input_hw: tuple[int, int], joints: int) -> Shapes:
    """Of a vision transformer with the classic head (two deconvolutions) or the simple one."""
    wide, layers = VIT_SIZES[size]
    patches = (input_hw[0] // _PATCH) * (input_hw[1] // _PATCH)
    shapes: Shapes = {
        "places": (1, patches, wide),
        "patches.weight": (wide, 3, _PATCH, _PATCH),
        "patches.bias": (wide,),
    }
    for i in range(layers):
        for part, (wide_out, wide_in) in {
            "norm1": (wide, 0),
            "attention.qkv": (3 * wide, wide),
            "attention.out": (wide, wide),
            "norm2": (wide, 0),
            "widen": (4 * wide, wide),
            "narrow": (wide, 4 * wide),
        }.items():
            shapes[f"layers.{i}.{part}.weight"] = (wide_out, wide_in) if wide_in else (wide_out,)
            shapes[f"layers.{i}.{part}.bias"] = (wide_out,)
    shapes |= {"norm.weight": (wide,), "norm.bias": (wide,)}
    if classic:
        shapes |= _doubling_shapes(wide, 2)
    last = (joints, _HEAD, 1, 1) if classic else (joints, wide, 3, 3)
    return shapes | {"final_layer.weight": last, "final_layer.bias": (joints,)}


# What stands in transformers' files and in mmpose's, and what it is here.
_VIT_NAMES = {
    r"backbone\.embeddings\.position_embeddings": "places",
    r"backbone\.embeddings\.patch_embeddings\.projection": "patches",
    r"backbone\.encoder\.layer\.(\d+)\.attention\.attention\.(query|key|value)": (
        r"layers.\1.attention.\2"
    ),
    r"backbone\.encoder\.layer\.(\d+)\.attention\.output\.dense": r"layers.\1.attention.out",
    r"backbone\.encoder\.layer\.(\d+)\.layernorm_before": r"layers.\1.norm1",
    r"backbone\.encoder\.layer\.(\d+)\.layernorm_after": r"layers.\1.norm2",
    r"backbone\.encoder\.layer\.(\d+)\.mlp\.fc1": r"layers.\1.widen",
    r"backbone\.encoder\.layer\.(\d+)\.mlp\.fc2": r"layers.\1.narrow",
    r"backbone\.layernorm": "norm",
    r"head\.deconv1": "deconv_layers.0",
    r"head\.batchnorm1": "deconv_layers.1",
    r"head\.deconv2": "deconv_layers.3",
    r"head\.batchnorm2": "deconv_layers.4",
    r"head\.conv": "final_layer",
    r"backbone\.pos_embed": "places",
    r"backbone\.patch_embed\.projection": "patches",
    r"backbone\.layers\.(\d+)\.attn\.qkv": r"layers.\1.attention.qkv",
    r"backbone\.layers\.(\d+)\.attn\.proj": r"layers.\1.attention.out",
    r"backbone\.layers\.(\d+)\.ln1": r"layers.\1.norm1",
    r"backbone\.layers\.(\d+)\.ln2": r"layers.\1.norm2",
    r"backbone\.layers\.(\d+)\.ffn\.layers\.0\.0": r"layers.\1.widen",
    r"backbone\.layers\.(\d+)\.ffn\.layers\.1": r"layers.\1.narrow",
    r"backbone\.ln1": "norm",
    r"head\.(deconv_layers\.\d+|final_layer)": r"\1",
}
_VIT_RULES = [
    (re.compile(rf"(?:module\.)?{pattern}(\.weight|\.bias|\.running_\w+)?"), name)
    for pattern, name in _VIT_NAMES.items()
]


def vitpose_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """transformers' and mmpose's names become ours, queries, keys and values one array; where a
    place stands before the patches' (a class token's), it is added to each, as both nets do."""
    kept = (item for item in arrays.items() if not item[0].endswith("num_batches_tracked"))
    found = once(file, ((_vit_name(name), array) for name, array in kept))
    for name in [name for name in found if ".attention.query." in name]:
        three = [found.pop(name.replace("query", part), None) for part in ("query", "key", "value")]
        if any(part is None for part in three):
            raise WeightsError(f"{file}: “{name}” lacks its key or value: get the file again")
        found[name.replace("query", "qkv")] = np.concatenate([p for p in three if p is not None])
    places = found.get("places")
    if places is not None and places.ndim == 3 and places.shape[1] % 2:
        found["places"] = places[:, 1:] + places[:, :1]
    return found


def _vit_name(name: str) -> str:
    for pattern, ours in _VIT_RULES:
        if match := pattern.fullmatch(name):
            return match.expand(ours) + (match.group(pattern.groups) or "")
    return name
