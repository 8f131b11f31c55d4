"""Published weights in our nets: a file to use, and the answer that they must give.

Expected peaks: OpenPose's hand net on the 200 x 200 picture of an OK sign that pytorch-openpose's
repository calls hand.jpg, by OpenPose's recipe; there the net numbers the fingers from the wrong
side, which is its answer nevertheless.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from core.errors import WeightsError
from core.learning.netfile import Prepared, save_net
from core.nets import build_net
from core.pose.heatmaps import decode_openpose, decode_seed, openpose_inputs, openpose_maps
from core.pose.types import Floats, Picture
from core.weights.entries import Scaling
from core.weights.layouts import Arrays
from core.weights.model_folder import write_net
from core.weights.published import given_graph, load_weights
from core.weights.table import WEIGHTS

OPENPOSE_HAND = "cpm.openpose_hand"
_PEAKS = (
    (100, 173),
    (125, 148),
    (150, 130),
    (168, 112),
    (163, 93),
    (69, 112),
    (54, 84),
    (46, 66),
    (42, 47),
    (83, 104),
    (81, 66),
    (79, 40),
    (78, 17),
    (97, 95),
    (107, 55),
    (112, 29),
    (117, 8),
    (112, 97),
    (138, 71),
    (153, 78),
    (158, 91),
)
_CASE_SIZE = (200, 200)
_SEED_HEIGHT = 368
_FARTHEST_PX = 3.0  # libraries resize and blur a little differently


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
    scaling = scaling or entry.scalings[0]
    return Prepared(net, scaling.factor, scaling.offset, scaling.channels == "BGR").eval()


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
    if given := given_graph(name, weights_folder):
        graph, described = given
        write_net(nets_folder / name, graph, {"name": name, **described, **about})
        return nets_folder / name
    prepared, scaling = published_net(name, weights_folder), entry.scalings[0]
    save_net(
        prepared.net,
        nets_folder / name,
        name,
        about,
        scale=scaling.factor,
        offset=scaling.offset,
        bgr=scaling.channels == "BGR",
    )
    return nets_folder / name


def openpose_keypoints(prepared: Prepared, rgb: Picture) -> tuple[Floats, Floats]:
    """A hand's keypoints (J, 2) in a picture that it fills, and their scores, by OpenPose's
    recipe."""
    stacks = []
    with torch.no_grad():
        for picture in openpose_inputs(rgb):
            output = prepared(torch.from_numpy(picture)[None])
            stacks.append(output[0, -1].numpy())
    return decode_openpose(openpose_maps(stacks, (rgb.shape[0], rgb.shape[1]))[:-1])


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


def check_openpose_hand(weights_folder: Path, picture: Picture) -> dict[str, Any]:
    """Ask OpenPose's hand net the question whose answer is known.

    Returns:
        keypoints, and farthest_px from the expected peaks.

    Raises:
        WeightsError: another answer, or another picture.
    """
    if picture.shape[:2] != _CASE_SIZE:
        raise WeightsError(
            f"the known answer is about a picture of 200 x 200 pixels, this one has "
            f"{picture.shape[1]} x {picture.shape[0]}: give pytorch-openpose's hand.jpg"
        )
    found, _ = openpose_keypoints(published_net(OPENPOSE_HAND, weights_folder), picture)
    away = np.linalg.norm(found - np.array(_PEAKS), axis=1)
    wrong = int((~(away <= _FARTHEST_PX)).sum())  # a keypoint that was not found is NaN away
    if wrong:
        raise WeightsError(
            f"{wrong} of {len(_PEAKS)} keypoints are not within {_FARTHEST_PX:.0f} px of the known "
            "answer: these are other weights, or the picture is another"
        )
    farthest = float(away.max())
    return {"joints": len(_PEAKS), "farthest_px": round(farthest, 2)}
