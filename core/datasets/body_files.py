"""Reads bodies from the files of COCO, Leeds Sports Pose Extended and MPII.

Convention: 14 keypoints are in LSP's order, which MPII has too but for its pelvis and thorax;
17 in COCO's. Left and right are the person's own. N bodies, K keypoints.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.bodies import Bodies, Body
from core.datasets.coco import Annotations, read_annotations
from core.errors import TableError, TrainingError
from core.files import leads_out
from core.media.json_objects import TOP_LEVEL, is_list, iterate_json_objects
from core.pose.boxes import Box, bounding_box, clip_box
from core.pose.skeletons.table import COCO_17, LSP_14
from core.pose.types import Floats

# LSP's 14 among MPII's 16: without 6, the pelvis, and 7, the thorax
_LSP_IN_MPII = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 8, 9)
_MPII_SIZE = 16
_MPII_SIDE_PX = 200.0  # of a person's square at a scale of 1
_MPII_SHIFT_PX = 15.0  # at a scale of 1, by which the square is moved down to include the feet
_MPII_FIELDS = ("image", "joints", "joints_vis", "scale", "center")
_HELD_OUT = "held out"
_HELD_OUT_FRACTION = 0.2


def read_bodies(path: Path, pictures: Path | None = None) -> Bodies:
    """Read labelled bodies in any known format; hold out files named val… or, without them, a fifth
    of the pictures. Raise TrainingError for other paths, TableError for a damaged file.

    Args:
        path: a folder with joints.csv and images/ (LSP Extended) or with COCO's annotations/ of
            person_keypoints_*.json and a folder of pictures each (train2017, val2017, …); or one
            file: COCO's annotations, or MPII's list.
        pictures: the folder of a file's pictures; None: the file's own.
    """
    if path.is_file():
        pictures = pictures or path.parent
        if is_list(path):
            return Bodies(LSP_14, hold_out_pictures(read_mpii(path, pictures)))
        bodies = convert_coco_bodies(read_annotations(path), pictures)
        return Bodies(COCO_17, hold_out_pictures(bodies))
    if (path / "joints.csv").is_file():
        return Bodies(LSP_14, hold_out_pictures(read_lspet(path)))
    files = sorted((path / "annotations").glob("person_keypoints_*.json"))
    if not files:
        raise TrainingError(
            f"{path} has neither joints.csv with images/ (Leeds Sports Pose Extended) nor "
            f"annotations/person_keypoints_….json (COCO): give a folder that has"
        )
    bodies = []
    for file in files:
        part = file.stem.removeprefix("person_keypoints_")
        held_out = part if part.startswith("val") else ""
        bodies += convert_coco_bodies(read_annotations(file), path / part, held_out)
    has_held_out = any(body.held_out for body in bodies)
    return Bodies(COCO_17, bodies if has_held_out else hold_out_pictures(bodies))


def hold_out_pictures(bodies: list[Body]) -> list[Body]:
    """Return the bodies with those in a random fifth of the pictures held out (fixed seed)."""
    pictures = sorted({body.picture for body in bodies})
    order = np.random.default_rng(0).permutation(len(pictures))
    held_out = {pictures[i] for i in order[: round(_HELD_OUT_FRACTION * len(pictures))]}
    return [
        replace(body, held_out=_HELD_OUT) if body.picture in held_out else body for body in bodies
    ]


def read_lspet(folder: Path) -> list[Body]:
    """Read the bodies of Leeds Sports Pose Extended from joints.csv (name_x, name_y, name_v; v = 0:
    not labelled) and images/, skipping people with fewer than two labelled keypoints. Raise
    TableError for another table, or a picture outside the folder."""
    path = folder / "joints.csv"
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise TableError(f"{path} can't be read: {' '.join(str(error).split())[:100]}") from error
    names = [j.replace("right_", "r_").replace("left_", "l_") for j in LSP_14.joints]
    columns = [f"{name}_{part}" for name in names for part in "xyv"]
    if missing := [name for name in ("image", *columns) if name not in table]:
        raise TableError(
            f"{path.name} has no column {missing[0]}; expected are image, {', '.join(columns)}"
        )
    try:
        values = table[columns].to_numpy(np.float32).reshape(-1, LSP_14.size, 3)
    except ValueError as error:
        raise TableError(f"{path.name}: {error}: expected are numbers") from error
    bodies = []
    keypoints = mask_unlabelled(values[..., :2], values[..., 2])
    for name, points in zip(table["image"].astype(str), keypoints, strict=True):
        if leads_out(name):
            raise TableError(f"{path.name}: “{name[:60]}” leads out of images")
        if np.isfinite(points).all(axis=1).sum() >= 2:
            bodies.append(Body(folder / "images" / name, points, bounding_box(points)))
    return bodies


def read_mpii(path: Path, pictures: Path) -> list[Body]:
    """Read the bodies of an MPII annotation list (JSON), with LSP's 14 keypoints. The box is a
    square of 200 px × scale, its centre moved down by 15 px × scale (Xiao et al. 2018); positions
    in the file start at 1. Raise TableError for a damaged entry, or a picture outside `pictures`.
    """
    bodies: list[Body] = []
    for _, number, row in iterate_json_objects(path, TOP_LEVEL):
        where = f"{path.name}: entry {number}"
        if missing := [name for name in _MPII_FIELDS if name not in row]:
            raise TableError(f"{where} has no {missing[0]}; expected are {', '.join(_MPII_FIELDS)}")
        try:
            joints = np.asarray(row["joints"], np.float32).reshape(_MPII_SIZE, 2)
            is_visible = np.asarray(row["joints_vis"], np.float32).reshape(_MPII_SIZE)
            scale, (x, y) = float(row["scale"]), np.asarray(row["center"], np.float32).reshape(2)
        except (TypeError, ValueError) as error:
            raise TableError(f"{where}: {error}") from error
        image = str(row["image"])
        if leads_out(image):
            raise TableError(f"{where}: “{image[:60]}” leads out of {pictures.name}")
        keypoints = mask_unlabelled(joints - 1, is_visible)
        side = scale * _MPII_SIDE_PX
        x0, y0 = np.array([x, y + _MPII_SHIFT_PX * scale]) - 1 - side / 2
        box = Box.from_xywh(float(x0), float(y0), side, side)
        bodies.append(Body(pictures / image, keypoints[list(_LSP_IN_MPII)], box))
    return bodies


def convert_coco_bodies(annotations: Annotations, pictures: Path, held_out: str = "") -> list[Body]:
    """Convert COCO annotations to bodies, with boxes clipped to the picture. Crowds and people
    without labelled keypoints are only `unlabelled` boxes of the other bodies in their picture (as
    Xiao et al. 2018)."""
    bodies, others = [], defaultdict[int, list[Box]](list)
    for person in annotations.persons:
        image = annotations.images.get(person.image_id)
        box = None if image is None else clip_box(Box.from_xywh(*person.bbox), image.size_hw)
        if image is None or box is None:
            continue
        keypoints = mask_unlabelled(person.keypoints[:, :2], person.keypoints[:, 2])
        if person.iscrowd or np.isnan(keypoints).all():
            others[image.id].append(box)
            continue
        path = pictures / image.file_name
        bodies.append(Body(path, keypoints, box, held_out, image.id, person.area))
    return [replace(body, unlabelled=tuple(others[body.image_id])) for body in bodies]


def mask_unlabelled(points: NDArray[Any], visibility: NDArray[Any]) -> Floats:
    """Return (…, K, 2) keypoints with NaN where (…, K) `visibility` is 0 or less."""
    return np.where((visibility > 0)[..., None], points, np.nan).astype(np.float32)
