"""Renames the arrays of published files to those of our nets' `state_dict`.

Batch normalisation's `num_batches_tracked` is dropped everywhere: inference does not use it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError

Arrays = dict[str, NDArray[Any]]


def rename_cpm_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Drop the module that a PyTorch port has before a layer: `model1_0.conv1_1.weight`."""
    return _collect_unique(file, ((".".join(n.split(".")[-2:]), a) for n, a in arrays.items()))


def _collect_unique(file: str, named: Iterable[tuple[str, NDArray[Any]]]) -> Arrays:
    """Collect (name, array) pairs in a dict; raise WeightsError for duplicate names."""
    arrays: Arrays = {}
    for name, array in named:
        if name in arrays:
            raise WeightsError(f"{file}: two arrays are named “{name}”: get the file again")
        arrays[name] = array
    return arrays


def rename_resnet_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Strip prefixes from a pose_resnet's array names; drop torchvision's classifier."""
    prefix = re.compile(r"^(module\.)?(backbone\.|head\.|keypoint_head\.)?")
    used = (
        (prefix.sub("", name), array)
        for name, array in arrays.items()
        if not name.endswith("num_batches_tracked") and not name.startswith("fc.")
    )
    return _collect_unique(file, used)


# transformers' and mmpose's names → ours
_VITPOSE_NAMES = {
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
_VITPOSE_RULES = [
    (re.compile(rf"(?:module\.)?{pattern}(\.weight|\.bias|\.running_\w+)?"), name)
    for pattern, name in _VITPOSE_NAMES.items()
]


def rename_vitpose_arrays(file: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Rename transformers' or mmpose's ViTPose arrays to ours; merge query, key and value. A class
    token's position embedding is added to the patches' embeddings, as in both published nets."""
    used = (item for item in arrays.items() if not item[0].endswith("num_batches_tracked"))
    renamed = _collect_unique(file, ((_rename_vitpose_array(n), array) for n, array in used))
    for name in [name for name in renamed if ".attention.query." in name]:
        parts = [name.replace("query", part) for part in ("query", "key", "value")]
        if not all(part in renamed for part in parts):
            raise WeightsError(f"{file}: “{name}” lacks its key or value: get the file again")
        qkv = np.concatenate([renamed.pop(part) for part in parts])
        renamed[name.replace("query", "qkv")] = qkv
    places = renamed.get("places")
    if places is not None and places.ndim == 3 and places.shape[1] % 2:
        renamed["places"] = places[:, 1:] + places[:, :1]
    return renamed


def _rename_vitpose_array(name: str) -> str:
    """Return our name for a ViTPose array; the same name if no rule matches."""
    for pattern, ours in _VITPOSE_RULES:
        if match := pattern.fullmatch(name):
            return match.expand(ours) + (match.group(pattern.groups) or "")
    return name
