"""The training data of `train-net`: a folder, rendered hands, or the pack of a data folder's hand
crops.

Convention: pack and keypoints are stored in the workspace under a hash of their source data, so
that a folder whose pictures changed gets new ones.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from core.datasets.bodies import Bodies
from core.datasets.body_files import read_bodies
from core.datasets.depth_hands import ERROR_UNIT_MM, DepthHands
from core.datasets.hand_crops import read_pack
from core.datasets.hand_packs import make_hand_pack
from core.datasets.training_data import TrainingData
from core.errors import TrainingError
from core.lab.renderer.rendered_hands import RENDERED, read_or_render_depth_hands
from core.lab.renderer.rendered_scenes import RenderedScenes
from core.lab.starter_data import extract_source_keypoints
from core.paths import Paths
from core.pose.skeletons.table import SKELETONS
from core.progress import Progress

_PARTS = ("hand_crops", "hand_images")


def load_training_data(
    paths: Paths,
    name: str,
    data: Path,
    progress: Progress,
    *,
    strong: bool = False,
) -> TrainingData:
    """Load the named net's training data; `strong` augments bodies more. Raises WeightsError:
    unknown net; TrainingError: the folder has no such data."""
    from core.nets import NETS, build_net  # torch, which takes seconds

    if name not in NETS:
        build_net(name)  # raises and lists the known nets
    if NETS[name].loss == "palm":
        if str(data) != RENDERED:
            raise TrainingError(f"{name} learns from rendered scenes alone: give --data {RENDERED}")
        return RenderedScenes()
    skeleton = SKELETONS.get(NETS[name].skeleton)
    if skeleton is not None and NETS[name].depth:
        return read_or_render_depth_hands(data, skeleton)
    if skeleton is not None and skeleton.is_body:
        bodies = read_bodies(data)
        return Bodies(bodies.skeleton, bodies.bodies, strong=strong)
    return read_pack(prepare_hand_pack(paths, data, progress))


def describe_training_data(
    data: TrainingData, input_hw: tuple[int, int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the net's constructor options for this data, and the metadata stored with the net."""
    if isinstance(data, DepthHands):
        return {}, {"skeleton": data.skeleton.name, "errors_in_mm": ERROR_UNIT_MM}
    if isinstance(data, RenderedScenes):
        return {}, {"licence": "Apache-2.0"}
    if not isinstance(data, Bodies):
        return {}, {}
    build = {"joints": data.skeleton.size, "input_hw": input_hw}
    return build, {"skeleton": data.skeleton.name}


def prepare_hand_pack(paths: Paths, data: Path, progress: Progress) -> Path:
    """Return the folder of packed hand crops for this data; build it if missing. Raises
    TrainingError: no crops, or missing while several processes train."""
    if not all((data / part).is_dir() for part in _PARTS):
        raise TrainingError(f"{data} has no hand_crops/ and hand_images/: give the folder that has")
    pack = paths.workspace / "packs" / hash_data_folder(data)
    if (pack / "table.csv").is_file():
        return pack
    if "RANK" in os.environ:
        raise TrainingError(
            f"several processes can't make the pack of crops at once: train for a minute without "
            f"torchrun first, then {pack} is there"
        )
    landmarks = landmarks_folder(paths, data)
    make_hand_pack(
        data,
        pack,
        landmarks,
        lambda source: extract_source_keypoints(data, landmarks, paths.weights, source),
        progress,
    )
    return pack


def landmarks_folder(paths: Paths, data: Path) -> Path:
    """Return where keypoints found in a data folder's pictures are cached."""
    return paths.workspace / "landmarks" / hash_data_folder(data)


def hash_data_folder(data: Path) -> str:
    """Return a 16-digit hash of a data folder's file names and sizes."""
    found = hashlib.sha256()
    for part in _PARTS:
        for file in sorted(path for path in (data / part).rglob("*") if path.is_file()):
            found.update(f"{file.relative_to(data).as_posix()}\0{file.stat().st_size}\n".encode())
    return found.hexdigest()[:16]
