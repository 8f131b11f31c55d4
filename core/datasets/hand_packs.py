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
_BONES = (
    (0, 1, 2, 3, 4),
    (0, 5, 6, 7, 8),
    (5, 9, 10, 11, 12),
    (9, 13, 14, 15, 16),
    (13, 17, 18, 19, 20),
    (0, 17),
)


def make_hand_pack(
    data: Path,
    out: Path,
    landmarks: Path,
    make_keypoints: Callable[[str], None],
    progress: Progress = ignore_progress,
) -> int:
    """Write the pack of hand_crops/ and hand_images/ under `data`; return its number of crops.
    Keypoints of hand_images are in `landmarks`, made where missing; unreadable pictures are counted
    in the log."""
    for name in PICTURE_SOURCES:
        if not (landmarks / f"{name}.parquet").is_file():
            make_keypoints(name)
    unreadable: list[Path] = []

    def read_hands() -> Iterator[Hand]:
        yield from _read_crop_hands(data / "hand_crops", unreadable)
        for name in PICTURE_SOURCES:
            yield from _read_source_hands(name, data / "hand_images" / name, landmarks, unreadable)

    def count_hands() -> Iterator[Hand]:
        for done, hand in enumerate(read_hands(), 1):
            progress(done)
            yield hand

    crops = write_pack(out, count_hands())
    if unreadable:
        log.warning(
            "skipped %d unreadable pictures, the first is %s", len(unreadable), unreadable[0]
        )
    return crops


def _read_crop_hands(folder: Path, unreadable: list[Path]) -> Iterator[Hand]:
    """Yield the hands of hand_crops/, with less weight where no detector confirmed them."""
    table = pd.read_csv(folder / "crops.csv")
    for row, keypoints in zip(table.itertuples(), _select_keypoints(table), strict=True):
        picture = _try_read_picture(folder / str(row.file), unreadable)
        if picture is not None:
            weight = _UNCONFIRMED_WEIGHT if row.teacher_err == "nodet" else 1.0
            held_out = "crops" if row.source_repo in HELD_OUT_SOURCES else ""
            yield Hand(picture, keypoints, str(row.source_repo), held_out, weight)


def _read_source_hands(
    name: str, folder: Path, landmarks: Path, unreadable: list[Path]
) -> Iterator[Hand]:
    """Yield the hands of a source in hand_images/, those of "digits" with a mask."""
    table = pd.read_parquet(landmarks / f"{name}.parquet")
    for file, keypoints in zip(table["source"], _select_keypoints(table), strict=True):
        picture = _try_read_picture(folder / str(file), unreadable)
        if picture is not None:
            mask = segment_hand(picture, keypoints) if name == "digits" else None
            held_out = choose_held_out_set(name, Path(file).name)
            yield Hand(picture, keypoints, name, held_out, 1.0, mask)


def choose_held_out_set(source: str, file_name: str) -> str:
    """Return the name of the held-out set that a source's picture belongs to, "" for training."""
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


def _try_read_picture(path: Path, unreadable: list[Path]) -> Picture | None:
    """Read a picture; if it can't be read, add its path to the list and return None."""
    try:
        return read_picture(path)
    except MudraError:
        unreadable.append(path)
        return None


def segment_hand(rgb: Picture, keypoints: Floats) -> NDArray[np.uint8]:
    """Segment a hand on a plain background by GrabCut (Rother et al. 2004), from thick lines along
    its bones: (H, W) uint8, 255 on the hand."""
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
