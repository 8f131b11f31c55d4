"""The training data of `train-net`: a folder, rendered hands, or the pack of a data folder's hand
crops.

Convention: pack and keypoints are stored in the workspace under a hash of their source data, so
that a folder whose pictures changed gets new ones. Held out of a pack, which the light CPM is
trained on, are whole sources (hand_crops); a fifth of the pictures (hagrid_crops), whose names say
no person, so that one may be on both sides, as in hand_crops' HaGRID frames; and a block of
consecutive sessions (digits).
"""

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.bodies import Bodies
from core.datasets.body_files import read_bodies
from core.datasets.depth_hands import ERROR_UNIT_MM, DepthHands
from core.datasets.hand_crops import Hand, read_pack, write_pack
from core.datasets.training_data import TrainingData
from core.errors import MudraError, TrainingError
from core.lab.renderer.rendered_hands import RENDERED, read_or_render_depth_hands
from core.lab.renderer.rendered_scenes import RenderedScenes
from core.lab.starter_data import SOURCES, extract_source_keypoints
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.skeletons.hands import KNUCKLES, WRIST
from core.pose.skeletons.table import SKELETONS
from core.pose.types import Floats, Picture
from core.progress import Progress, ignore_progress

log = logging.getLogger(__name__)
HELD_OUT_SOURCES = frozenset(
    {
        "ASLExplorer/ASLTranslator",
        "Alkholy53/Arabic_sign_language",
        "EPSRC-NUMBERS/Human-Robot_Finger-Counting_Dataset",
        "Kirichovka/Signs-Recognition",
        "kalebcwag/rps_dl",
        "sumitrathor1/gesture-game-controller",
    }
)
_LAST_TRAINING_DIGIT = 5577  # number in the names of the digits: later sessions are held out
_UNCONFIRMED_WEIGHT = 0.3  # if the teacher found no hand the second time
_BONES: list[tuple[int, ...]] = [(0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (5, 9, 10, 11, 12)]
_BONES += [(9, 13, 14, 15, 16), (13, 17, 18, 19, 20), (0, 17)]
_PARTS = ("hand_crops", "hand_images")


def load_training_data(
    paths: Paths, name: str, data: Path, progress: Progress, *, strong: bool = False
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
    landmarks = locate_landmarks(paths, data)
    make_hand_pack(
        data,
        pack,
        landmarks,
        lambda source: extract_source_keypoints(data, landmarks, paths, source),
        progress,
    )
    return pack


def locate_landmarks(paths: Paths, data: Path) -> Path:
    """Return where keypoints found in a data folder's pictures are cached."""
    return paths.workspace / "landmarks" / hash_data_folder(data)


def hash_data_folder(data: Path) -> str:
    """Return a 16-digit hash of a data folder's file names and sizes."""
    found = hashlib.sha256()
    for part in _PARTS:
        for file in sorted(path for path in (data / part).rglob("*") if path.is_file()):
            found.update(f"{file.relative_to(data).as_posix()}\0{file.stat().st_size}\n".encode())
    return found.hexdigest()[:16]


def make_hand_pack(
    data: Path,
    out: Path,
    landmarks: Path,
    make_keypoints: Callable[[str], None],
    progress: Progress = ignore_progress,
) -> int:
    """Write the pack of hand_crops/ and hand_images/ in `data`; return its number of crops.
    Keypoints of hand_images are read from `landmarks`, or made if missing; the log counts
    unreadable pictures."""
    for name in SOURCES:
        if not (landmarks / f"{name}.parquet").is_file():
            make_keypoints(name)
    unreadable: list[Path] = []

    def read_hands() -> Iterator[Hand]:
        done = 0
        for path, keypoints, source, held_out, weight in _list_hands(data, landmarks):
            try:
                rgb = read_picture(path)
            except MudraError:
                unreadable.append(path)
                continue
            done += 1
            progress(done)
            mask = segment_hand(rgb, keypoints) if source == "digits" else None
            yield Hand(rgb, keypoints, source, held_out, weight, mask)

    crops = write_pack(out, read_hands())
    if unreadable:
        log.warning(
            "skipped %d unreadable pictures, the first is %s", len(unreadable), unreadable[0]
        )
    return crops


def _list_hands(data: Path, landmarks: Path) -> Iterator[tuple[Path, Floats, str, str, float]]:
    """Yield each hand's picture, keypoints, source, held-out set and weight; the weight is lower if
    no detector confirmed the hand."""
    folder = data / "hand_crops"
    table = pd.read_csv(folder / "crops.csv")
    for row, keypoints in zip(table.itertuples(), _select_keypoints(table), strict=True):
        weight = _UNCONFIRMED_WEIGHT if row.teacher_err == "nodet" else 1.0
        held_out = "crops" if row.source_repo in HELD_OUT_SOURCES else ""
        yield folder / str(row.file), keypoints, str(row.source_repo), held_out, weight
    for name in SOURCES:
        folder = data / "hand_images" / name
        table = pd.read_parquet(landmarks / f"{name}.parquet")
        for file, keypoints in zip(table["source"], _select_keypoints(table), strict=True):
            yield folder / file, keypoints, name, choose_held_out_set(name, Path(file).name), 1.0


def choose_held_out_set(source: str, file_name: str) -> str:
    """Return the name of the held-out set for a source's picture, "" if it is for training."""
    if source == "hagrid_crops":  # a fifth by the name's hash, whichever person it shows
        return "" if hashlib.sha256(file_name.encode()).digest()[0] % 5 else "hagrid"
    if source == "digits":  # the last fifth, which shows other people
        number = int(re.findall(r"\d+", file_name)[-1])
        return "digits" if number > _LAST_TRAINING_DIGIT else ""
    return ""


def _select_keypoints(table: pd.DataFrame) -> Floats:
    """Return (N, 21, 2) from a table's columns x0, y0, x1, …."""
    columns = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]
    return table[columns].to_numpy(np.float32).reshape(-1, 21, 2)


def segment_hand(rgb: Picture, keypoints: Floats) -> NDArray[np.uint8]:
    """Segment a hand on a plain background by GrabCut (Rother et al. 2004), initialised along its
    bones, as (H, W) uint8 with 255 on the hand."""
    height, width = rgb.shape[:2]
    longer = max(*np.ptp(keypoints, axis=0).tolist(), 8.0)
    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    for label, thickness in ((cv2.GC_PR_FGD, 0.16), (cv2.GC_FGD, 0.04)):
        for bone in _BONES:
            line = np.round(keypoints[list(bone)]).astype(np.int32)
            cv2.polylines(labels, [line], False, int(label), max(1, round(thickness * longer)))
    palm = np.round(keypoints[[WRIST, *KNUCKLES]]).astype(np.int32)
    cv2.fillPoly(labels, [palm], int(cv2.GC_FGD))
    models = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.grabCut(bgr, labels, (0, 0, 0, 0), *models, 3, cv2.GC_INIT_WITH_MASK)
    is_hand = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return np.where(is_hand, 255, 0).astype(np.uint8)
