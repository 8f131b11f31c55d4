"""How the names in published files become our nets' own.

Batch normalisation's `num_batches_tracked` is left out everywhere: nothing in use reads it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

Arrays = dict[str, NDArray[Any]]


def cpm_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """A port's own module before a layer (`model1_0.conv1_1.weight`) is left out."""
    short = ((".".join(name.split(".")[-2:]), array) for name, array in arrays.items())
    return _unique(file, short)


def _unique(file: str, named: Iterator[tuple[str, NDArray[Any]]]) -> Arrays:
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


def resnet_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """microsoft's names are ours; mmpose has `backbone.` and `head.` before them (`keypoint_head.`
    before 1.0), whoever trained on several GPUs `module.`; torchvision's classifier is left out."""
    before = re.compile(r"^(module\.)?(backbone\.|head\.|keypoint_head\.)?")
    return _unique(
        file,
        (
            (before.sub("", name), array)
            for name, array in arrays.items()
            if not name.endswith("num_batches_tracked") and not name.startswith("fc.")
        ),
    )


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
    found = _unique(file, ((_vit_name(name), array) for name, array in kept))
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
