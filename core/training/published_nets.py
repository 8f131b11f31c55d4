"""Published weights in our nets: as a torch module, as a model folder, and as the ImageNet backbone
that a pose net begins its training with."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles.catalogue import WEIGHTS, Scaling
from core.modelfiles.converted_weights import (
    load_imported_graph,
    load_weights,
    read_published_arrays,
    verify_weights,
)
from core.modelfiles.formats.array_names import Arrays
from core.modelfiles.model_folder import write_net
from core.nets import build_net
from core.pose.heatmaps import decode_upsampled_argmax
from core.pose.types import Floats, Picture
from core.training.net_export import PreprocessedNet, save_net


def read_backbone(net: str, source: str, weights_folder: Path) -> tuple[dict[str, Any], Arrays]:
    """Read a net's pretrained backbone from a file, or from converted weights by their name. Return
    its catalogue name, file, sha256, and the licence if it is the published one; and its arrays by
    the net's names. Raise WeightsError if the net has no backbone, or the weights are missing,
    damaged or another net's."""
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
    return about, arrays


def fill_net(net: nn.Module, arrays: Arrays) -> None:
    """Copy the arrays into a net; parameters that have no array stay unchanged."""
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    net.load_state_dict(tensors, strict=False)


OPENPOSE_HAND = "cpm.openpose_hand"
_SEED_INPUT_ROWS = 368


def load_published_net(
    name: str, weights_folder: Path, scaling: Scaling | None = None
) -> PreprocessedNet:
    """Load a net with its published weights and preprocessing, by default with the scaling it was
    trained with; raise WeightsError if missing, altered, or another net's or backbone's."""
    arrays, entry = load_weights(name, weights_folder), WEIGHTS[name]
    if entry.backbone:
        raise WeightsError(f"{name} is the backbone of a {entry.net}: train the rest of it first")
    net = build_net(entry.net, **({"input_hw": entry.input_hw} if entry.input_hw else {}))
    fill_net(net, arrays)
    return PreprocessedNet(net, scaling or entry.scalings[0]).eval()


def save_published_net(name: str, weights_folder: Path, nets_folder: Path) -> Path | None:
    """Write the model folder of a published net's converted weights and return it; return None for
    a backbone, which is only part of a net. Raise WeightsError if they are missing or altered."""
    entry, folder = WEIGHTS[name], nets_folder / name
    if entry.backbone:
        return None
    about = {"about": entry.about, "skeleton": entry.skeleton, **asdict(entry.reading)}
    if imported := load_imported_graph(name, weights_folder):
        graph, metadata = imported
        write_net(folder, graph, {"name": name, **metadata, **about})
    else:
        net = load_published_net(name, weights_folder).net
        save_net(net, folder, name, about, entry.scalings[0])
    return folder


def locate_seed_keypoints(net: PreprocessedNet, rgb: Picture) -> Floats:
    """Return each map's maximum, background included, as (J+1, 2) x, y in picture pixels. The last
    stage's maps are resized to the picture, as in Hand-Pose-Classification."""
    height, width = rgb.shape[:2]
    resized = cv2.resize(rgb, (int(width / height * _SEED_INPUT_ROWS), _SEED_INPUT_ROWS))
    with torch.no_grad():
        maps = net(torch.from_numpy(np.asarray(resized, np.uint8))[None])[0, -1].numpy()
    keypoints, _ = decode_upsampled_argmax(maps, (height, width))
    return keypoints
