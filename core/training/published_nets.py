"""Published weights in our nets: ready to be asked, and as a file to use."""

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from core.errors import WeightsError
from core.modelfiles.catalogue import WEIGHTS
from core.modelfiles.converted_weights import load_imported_graph, load_weights
from core.modelfiles.formats.array_names import Arrays
from core.modelfiles.model_folder import write_net
from core.modelfiles.weights_entry import Scaling
from core.nets import build_net
from core.pose.heatmaps import decode_seed
from core.pose.types import Floats, Picture
from core.training.netfile import Prepared, save_net

OPENPOSE_HAND = "cpm.openpose_hand"
_SEED_HEIGHT = 368  # rows of the picture that the net is shown


def published_net(name: str, weights_folder: Path, scaling: Scaling | None = None) -> Prepared:
    """The net with its published weights and preprocessing, ready to be asked.

    Args:
        scaling: how pictures are fed; None: as the net was trained.

    Raises:
        WeightsError: missing, altered or not this net's.
    """
    arrays, entry = load_weights(name, weights_folder), WEIGHTS[name]
    if entry.trunk:
        raise WeightsError(f"{name} is the trunk of a {entry.net}: train the rest of it first")
    net = build_net(entry.net, **({"input_hw": entry.input_hw} if entry.input_hw else {}))
    _fill(net, arrays)
    return Prepared(net, scaling or entry.scalings[0]).eval()


def _fill(net: nn.Module, arrays: Arrays) -> None:
    """What is not in the arrays stays: a normalisation's count of batches."""
    tensors = {key: torch.from_numpy(value) for key, value in arrays.items()}
    net.load_state_dict(tensors, strict=False)


def make_usable(name: str, weights_folder: Path, nets_folder: Path) -> Path | None:
    """Write the net's folder from its converted weights, to be chosen by its name; None where they
    are a trunk's, which is no net yet.

    Raises:
        WeightsError: missing, altered or not this net's.
    """
    entry = WEIGHTS[name]
    if entry.trunk:
        return None
    about = {"about": entry.about, "skeleton": entry.skeleton, **asdict(entry.reading)}
    if given := load_imported_graph(name, weights_folder):
        graph, described = given
        write_net(nets_folder / name, graph, {"name": name, **described, **about})
        return nets_folder / name
    net = published_net(name, weights_folder).net
    save_net(net, nets_folder / name, name, about, entry.scalings[0])
    return nets_folder / name


def seed_points(prepared: Prepared, rgb: Picture) -> Floats:
    """The highest pixel of every map, background included, (J+1, 2) x, y in picture pixels, as
    Hand-Pose-Classification takes them: 368 rows, the last stage's maps at the picture's size.
    """
    height, width = rgb.shape[:2]
    fed = cv2.resize(rgb, (int(width / height * _SEED_HEIGHT), _SEED_HEIGHT))
    with torch.no_grad():
        maps = prepared(torch.from_numpy(np.asarray(fed, np.uint8))[None])[0, -1].numpy()
    points, _ = decode_seed(maps, (height, width))
    return points
