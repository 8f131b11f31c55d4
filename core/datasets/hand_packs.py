"""Builds the pack of hand crops that the light CPM is trained on, with MediaPipe's keypoints.

Held out are whole sources (hand_crops); a fifth of the pictures (hagrid_crops), whose names say no
person, so that one may be on both sides, as in hand_crops' HaGRID frames; and a block of
consecutive sessions (digits).
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.hand_crops import Hand, write_pack
from core.errors import MudraError
from core.media.pictures import read_picture
from core.pose.skeletons.hands import KNUCKLES, WRIST
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
PICTURE_SOURCES = (
    "emrecandir",
    "thumbs_seed",
    "hagrid_crops",
    "didi",
    "arya",
    "dharshini",
    "digits",
)
_LAST_TRAINING_DIGIT = 5577  # number in the names of the digits: later sessions are held out
_UNCONFIRMED_WEIGHT = 0.3  # if the teacher found no hand the second time
_BONES: list[tuple[int, ...]] = [(0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (5, 9, 10, 11, 12)]
_BONES += [(9, 13, 14, 15, 16), (13, 17, 18, 19, 20), (0, 17)]


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
    for name in PICTURE_SOURCES:
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
    """Yield picture, keypoints, source, held-out set and weight of each hand."""
    folder = data / "hand_crops"
    table = pd.read_csv(folder / "crops.csv")
    for row, keypoints in zip(table.itertuples(), _select_keypoints(table), strict=True):
        weight = _UNCONFIRMED_WEIGHT if row.teacher_err == "nodet" else 1.0
        held_out = "crops" if row.source_repo in HELD_OUT_SOURCES else ""
        yield folder / str(row.file), keypoints, str(row.source_repo), held_out, weight
    for name in PICTURE_SOURCES:
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
