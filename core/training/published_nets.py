"""Published weights in our nets: as a torch module, and as a model folder."""

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import torch

from core.errors import WeightsError
from core.modelfiles.catalogue import WEIGHTS
from core.modelfiles.converted_weights import load_imported_graph, load_weights
from core.modelfiles.model_folder import write_net
from core.modelfiles.weights_entry import Scaling
from core.nets import build_net
from core.pose.heatmaps import decode_upsampled_argmax
from core.pose.types import Floats, Picture
from core.training.backbone import fill_net
from core.training.net_export import save_net
from core.training.preprocessing import PreprocessedNet

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
