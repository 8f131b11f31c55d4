"""ImageNet backbones, in torchvision's layout, that pose nets begin their training with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles.catalogue import WEIGHTS
from core.modelfiles.converted_weights import load_weights, read_published_arrays, verify_weights
from core.modelfiles.formats.array_names import Arrays
from core.modelfiles.weights_entry import Scaling


@dataclass(frozen=True, eq=False)
class Backbone:
    """A pretrained backbone for a net: its arrays by the net's names, its catalogue name, its file,
    the file's sha256, and the licence if it is the published one."""

    about: dict[str, Any]
    arrays: Arrays


def read_backbone(net: str, source: str, weights_folder: Path) -> Backbone:
    """Read a net's backbone from a file, or from converted weights by their name; raise
    WeightsError if the net has no backbone, or the weights are missing, damaged or another net's.
    """
    backbones = {entry.net: name for name, entry in WEIGHTS.items() if entry.backbone}
    name, file = backbones.get(net.partition(".")[0]), Path(source)
    if name is None:
        raise WeightsError(f"no backbone is published for {net}, only for {', '.join(backbones)}")
    published = WEIGHTS[name].sources[0]
    if source in WEIGHTS:
        if source != name:
            raise WeightsError(f"{source} is no backbone of a {net}, that is {name}: name it")
        arrays, record = load_weights(name, weights_folder), verify_weights(name, weights_folder)
        file_name, sha256 = str(record["source"]), str(record["source_sha256"])
    elif file.is_file():
        arrays, file_name, sha256 = read_published_arrays(name, file), file.name, sha256_of(file)
    else:
        raise WeightsError(
            f"{source} is no file: name torchvision's {published.file}, or {name} "
            f"after `python -m core weights fetch {name}`"
        )
    about = {"name": name, "source": file_name, "sha256": sha256}
    if sha256.startswith(published.sha256_start):
        about["licence"] = published.licence
    return Backbone(about, arrays)


def fill_net(net: nn.Module, arrays: Arrays) -> None:
    """Copy the arrays into a net; parameters that have no array stay unchanged."""
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    net.load_state_dict(tensors, strict=False)


def backbone_scaling(about: dict[str, Any]) -> Scaling:
    """Return how a net with this backbone scales pictures."""
    return WEIGHTS[about["name"]].scalings[0]
