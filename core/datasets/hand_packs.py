"""Builds the pack of hand crops that the light CPM learns from: pictures, and a teacher's
keypoints.

The teacher is MediaPipe's hand landmarker, by the way every still goes. Held out are whole sources
(hand_crops); a fifth of the pictures (hagrid_crops), whose names say no person, so that one may be
on both sides, as in the HaGRID frames that hand_crops has; and a block of consecutive sessions
(digits).
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
from core.pose.skeletons.hand_keypoints import KNUCKLES, WRIST
from core.pose.types import Floats, Picture

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
_UNSEEN_TWICE_WEIGHT = 0.3  # where the teacher saw no hand when it looked again
_BONES = (
    (0, 1, 2, 3, 4),
    (0, 5, 6, 7, 8),
    (5, 9, 10, 11, 12),
    (9, 13, 14, 15, 16),
    (13, 17, 18, 19, 20),
    (0, 17),
)


def make_pack(
    data: Path,
    out: Path,
    landmarks: Path,
    make_keypoints: Callable[[str], None],
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Write the pack of `hand_crops/` and `hand_images/` under `data`; returns its crops. Pictures
    that can't be read are left out, and counted in the log.

    Args:
        landmarks: folder of SOURCE.parquet with the keypoints of each folder of hand_images.
        make_keypoints: called for a source whose keypoints are missing there.
    """
    for name in PICTURE_SOURCES:
        if not (landmarks / f"{name}.parquet").is_file():
            make_keypoints(name)
    progress = progress or (lambda done, total: None)

    unreadable: list[Path] = []

    def counted() -> Iterator[Hand]:
        for done, hand in enumerate(_all_hands(data, landmarks, unreadable), 1):
            progress(done, None)
            yield hand

    crops = write_pack(out, counted())
    if unreadable:
        log.warning(
            "pictures that can't be read and are left out: %d, the first is %s",
            len(unreadable),
            unreadable[0],
        )
    return crops


def held_out_pictures(data: Path) -> dict[str, list[Path]]:
    """The pictures that measure, by set: "hagrid", "crops", "digits"."""
    table = pd.read_csv(data / "hand_crops" / "crops.csv")
    crops = table.loc[table["source_repo"].isin(HELD_OUT_SOURCES), "file"]
    hagrid = sorted((data / "hand_images" / "hagrid_crops").rglob("*.jpg"))
    digits = sorted((data / "hand_images" / "digits").rglob("*.*"))
    return {
        "hagrid": [path for path in hagrid if _is_held_out_picture(path.name)],
        "crops": [data / "hand_crops" / file for file in crops],
        "digits": [path for path in digits if _of_last_sessions(path.name)],
    }


def _all_hands(data: Path, landmarks: Path, unreadable: list[Path]) -> Iterator[Hand]:
    """The hands one by one; pictures that can't be read are added to the list."""
    yield from _hands_of_crops(data / "hand_crops", unreadable)
    for name in PICTURE_SOURCES:
        yield from _hands_of_pictures(name, data / "hand_images" / name, landmarks, unreadable)


def _hands_of_crops(folder: Path, unreadable: list[Path]) -> Iterator[Hand]:
    table = pd.read_csv(folder / "crops.csv")
    for row, keypoints in zip(table.itertuples(), _keypoints(table), strict=True):
        picture = _read(folder / str(row.file), unreadable)
        if picture is not None:
            weight = _UNSEEN_TWICE_WEIGHT if row.teacher_err == "nodet" else 1.0
            held = "crops" if row.source_repo in HELD_OUT_SOURCES else ""
            yield Hand(picture, keypoints, str(row.source_repo), held, weight)


def _hands_of_pictures(
    name: str, folder: Path, landmarks: Path, unreadable: list[Path]
) -> Iterator[Hand]:
    table = pd.read_parquet(landmarks / f"{name}.parquet")
    held = _held_out(name, table["source"].tolist())
    for i, keypoints in enumerate(_keypoints(table)):
        picture = _read(folder / str(table["source"][i]), unreadable)
        if picture is not None:
            mask = hand_mask(picture, keypoints) if name == "digits" else None
            yield Hand(picture, keypoints, name, held[i], 1.0, mask)


def _held_out(name: str, files: list[str]) -> list[str]:
    if name == "hagrid_crops":
        return ["hagrid" if _is_held_out_picture(Path(file).name) else "" for file in files]
    if name == "digits":
        return ["digits" if _of_last_sessions(Path(file).name) else "" for file in files]
    return [""] * len(files)


def _is_held_out_picture(file_name: str) -> bool:
    """Whether a picture is of the fifth that its name's hash chooses, whoever it shows."""
    return hashlib.sha256(file_name.encode()).digest()[0] % 5 == 0


def _of_last_sessions(file_name: str) -> bool:
    """Whether a picture of the digits is of the last fifth: people came one after the other."""
    return int(re.findall(r"\d+", file_name)[-1]) > _LAST_TRAINING_DIGIT


def _keypoints(table: pd.DataFrame) -> Floats:
    columns = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]
    return table[columns].to_numpy(np.float32).reshape(-1, 21, 2)


def _read(path: Path, unreadable: list[Path]) -> Picture | None:
    try:
        return read_picture(path)
    except MudraError:
        unreadable.append(path)
        return None


def hand_mask(rgb: Picture, keypoints: Floats) -> NDArray[np.uint8]:
    """The hand before a plain background, (H, W) uint8 with 255 on the hand, by GrabCut
    (Rother et al. 2004) begun from thick bones; everything far from them may be background.
    """
    height, width = rgb.shape[:2]
    x, y = keypoints[:, 0], keypoints[:, 1]
    longer = max(float(np.ptp(x)), float(np.ptp(y)), 8.0)
    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    for colour, share in ((cv2.GC_PR_FGD, 0.16), (cv2.GC_FGD, 0.04)):
        for bone in _BONES:
            line = np.round(keypoints[list(bone)]).astype(np.int32)
            cv2.polylines(labels, [line], False, int(colour), max(1, round(share * longer)))
    palm = np.round(keypoints[[WRIST, *KNUCKLES]]).astype(np.int32)
    cv2.fillPoly(labels, [palm], int(cv2.GC_FGD))
    state = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.grabCut(bgr, labels, (0, 0, 0, 0), *state, 3, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return np.where(found, 255, 0).astype(np.uint8)
