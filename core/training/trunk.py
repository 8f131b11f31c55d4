"""What a pose net begins its training with: a trunk that was trained on ImageNet, in torchvision's
layout."""

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
class Trunk:
    """A trunk for one net.

    Attributes:
        about: its name in the table, its file, that file's sha256, and the licence where it is the
            published one.
        arrays: by the net's names.
    """

    about: dict[str, Any]
    arrays: Arrays

    def fill(self, net: nn.Module) -> None:
        """Give it to a net; the rest of the net stays."""
        tensors = {name: torch.from_numpy(array) for name, array in self.arrays.items()}
        net.load_state_dict(tensors, strict=False)


def read_trunk(net: str, given: str, weights_folder: Path) -> Trunk:
    """A net's trunk from a file, or from converted weights by their name.

    Raises:
        WeightsError: the net has none, or these are another's, damaged or not there.
    """
    name, file = _name_of_trunk(net), Path(given)
    if given in WEIGHTS:
        if given != name:
            raise WeightsError(f"{given} is no trunk of a {net}, that is {name}: name it")
        arrays, record = load_weights(name, weights_folder), verify_weights(name, weights_folder)
        source, sha256 = str(record["source"]), str(record["source_sha256"])
    elif file.is_file():
        arrays, source, sha256 = read_published_arrays(name, file), file.name, sha256_of(file)
    else:
        raise WeightsError(
            f"{given} is no file: name torchvision's {WEIGHTS[name].sources[0].file}, or {name} "
            f"after `python -m core weights fetch {name}`"
        )
    return Trunk(
        {"name": name, "source": source, "sha256": sha256} | _licence(name, sha256), arrays
    )


def scaling_of(about: dict[str, Any]) -> Scaling:
    """How pictures are fed to a net that began with such a trunk."""
    return WEIGHTS[about["name"]].scalings[0]


def _licence(name: str, sha256: str) -> dict[str, str]:
    published = WEIGHTS[name].sources[0]
    return {"licence": published.licence} if sha256.startswith(published.sha256_start) else {}


def _name_of_trunk(net: str) -> str:
    trunks = {entry.net: name for name, entry in WEIGHTS.items() if entry.trunk}
    kind = net.partition(".")[0]
    if kind not in trunks:
        raise WeightsError(f"no trunk is published for {net}, only for {', '.join(trunks)}")
    return trunks[kind]
