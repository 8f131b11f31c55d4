"""Reads bodies from the files of COCO, Leeds Sports Pose (and Extended) and MPII.

Convention: 14 keypoints come in LSP's order, which MPII has too but for its pelvis and thorax;
17 in COCO's. Left and right are the person's own. N bodies, K keypoints.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
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
from core.media.json_objects import TOP_LEVEL, is_list, json_objects
from core.pose.boxes import Box, bounding_box, clip_box
from core.pose.crops import PADDING
from core.pose.skeletons.table import COCO_17, LSP_14
from core.pose.types import Floats

# Where LSP's 14 stand among MPII's 16: without 6, the pelvis, and 7, the thorax
_LSP_IN_MPII = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 8, 9)
_MPII_SIZE = 16
_MPII_SCALE = 200.0  # pixels of a scale of 1
_MPII_LOWER = 15.0  # pixels at a scale of 1 by which a middle is moved, so that the feet are seen
_MPII = ("image", "joints", "joints_vis", "scale", "center")
_HELD_OUT = "held out"


def read_bodies(folder: Path, pictures: Path | None = None) -> Bodies:
    """The bodies of a folder: joints.csv beside images/ (LSPET), or COCO's annotations/ of
    person_keypoints_*.json beside a folder of pictures each, train2017 and val2017 …; or of one
    file: COCO's annotations, or MPII's list. What is called val… is held out; where nothing is, a
    fifth of the pictures.

    Args:
        pictures: of a file, where its pictures lie; else beside it.

    Raises:
        TrainingError: it is none of these.
        TableError: a file that is damaged.
    """
    if folder.is_file():
        return _of_file(folder, pictures or folder.parent)
    if (folder / "joints.csv").is_file():
        return Bodies(LSP_14, hold_out(read_lspet(folder)))
    files = sorted((folder / "annotations").glob("person_keypoints_*.json"))
    if not files:
        raise TrainingError(
            f"{folder} has neither joints.csv with images/ (Leeds Sports Pose Extended) nor "
            f"annotations/person_keypoints_….json (COCO): give a folder that has"
        )
    bodies = []
    for file in files:
        part = file.stem.removeprefix("person_keypoints_")
        held_out = part if part.startswith("val") else ""
        bodies += coco_bodies(read_annotations(file), folder / part, held_out)
    return Bodies(COCO_17, bodies if any(body.held_out for body in bodies) else hold_out(bodies))


def _of_file(path: Path, pictures: Path) -> Bodies:
    if is_list(path):
        return Bodies(LSP_14, hold_out(read_mpii(path, pictures)))
    return Bodies(COCO_17, hold_out(coco_bodies(read_annotations(path), pictures)))


def hold_out(bodies: list[Body], share: float = 0.2, seed: int = 0) -> list[Body]:
    """The same bodies, a share of the pictures held out, drawn at random."""
    pictures = sorted({body.picture for body in bodies})
    drawn = np.random.default_rng(seed).permutation(len(pictures))[: round(share * len(pictures))]
    held_out = {pictures[i] for i in drawn}
    return [
        replace(body, held_out=_HELD_OUT) if body.picture in held_out else body for body in bodies
    ]


def read_lspet(folder: Path) -> list[Body]:
    """The bodies of joints.csv and images/: name_x, name_y and name_v of each keypoint, where v = 0
    means that x and y mean nothing. Whose keypoints are too few for a box is left out.

    Raises:
        TableError: no such table.
    """
    path = folder / "joints.csv"
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise TableError(f"{path} can't be read: {' '.join(str(error).split())[:100]}") from error
    sides = {"right_": "r_", "left_": "l_"}
    names = [_short(joint, sides) for joint in LSP_14.joints]
    wanted = ["image", *(f"{name}_{part}" for name in names for part in "xyv")]
    if missing := [name for name in wanted if name not in table]:
        raise TableError(
            f"{path.name} has no column {missing[0]}; expected are {', '.join(wanted)}"
        )
    try:
        values = table[wanted[1:]].to_numpy(np.float32).reshape(-1, LSP_14.size, 3)
    except ValueError as error:
        raise TableError(f"{path.name}: {error}: expected are numbers") from error
    keypoints = labelled(values[..., :2], values[..., 2])
    files = [folder / "images" / str(name) for name in table["image"]]
    return _with_boxes(files, keypoints)


def read_mpii(path: Path, pictures: Path) -> list[Body]:
    """The bodies of an MPII annotation list (json) or of Newell et al.'s valid.h5, 14 keypoints.

    The box is the square of 200 px × scale round the middle, which is moved down by 15 px × scale
    (Xiao et al. 2018; valid.h5 has that done already); positions begin with 1 in both.

    Raises:
        TableError: an entry that is damaged, or whose picture lies elsewhere.
    """
    bodies: list[Body] = []
    for row in _mpii_json(path) if path.suffix == ".json" else _mpii_h5(path):
        try:
            joints = np.asarray(row["joints"], np.float32).reshape(_MPII_SIZE, 2)
            seen = np.asarray(row["joints_vis"], np.float32).reshape(_MPII_SIZE)
            scale, (x, y) = float(row["scale"]), np.asarray(row["center"], np.float32).reshape(2)
        except (TypeError, ValueError) as error:
            raise TableError(f"{path.name}: entry {len(bodies) + 1}: {error}") from error
        image = str(row["image"])
        if leads_out(image):
            raise TableError(
                f"{path.name}: entry {len(bodies) + 1}: “{image[:60]}” leads out of {pictures.name}"
            )
        keypoints = labelled(joints - 1, seen)
        middle = np.array([x, y + row["lower"] * scale]) - 1
        side = scale * _MPII_SCALE * row["padded"]
        corner = middle - side / 2
        box = Box.from_xywh(float(corner[0]), float(corner[1]), side, side)
        bodies.append(Body(pictures / image, keypoints[list(_LSP_IN_MPII)], box))
    return bodies


def _mpii_json(path: Path) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for _, number, item in json_objects(path, TOP_LEVEL):
        if missing := [name for name in _MPII if name not in item]:
            raise TableError(
                f"{path.name}: entry {number} has no {missing[0]}; expected are {', '.join(_MPII)}"
            )
        rows.append(item | {"lower": _MPII_LOWER, "padded": 1.0})
    return rows


def _mpii_h5(path: Path) -> list[Mapping[str, Any]]:
    import h5py

    with h5py.File(path) as file:
        columns = [file[name][()] for name in ("imgname", "part", "visible", "scale", "center")]
    return [
        {
            "image": name.decode(),
            "joints": part,
            "joints_vis": (part > 0).all(axis=1),
            "scale": scale,
            "center": center,
            "lower": 0.0,
            "padded": 1 / PADDING,
        }
        for name, part, _, scale, center in zip(*columns, strict=True)
    ]


def coco_bodies(annotations: Annotations, pictures: Path, held_out: str = "") -> list[Body]:
    """Who is labelled with at least one keypoint and is no crowd (as Xiao et al. 2018 take them),
    with the box cut to the picture, and the boxes of the picture's others; 17 keypoints."""
    bodies, others = [], defaultdict[int, list[Box]](list)
    for person in annotations.persons:
        image = annotations.images.get(person.image_id)
        box = None if image is None else clip_box(Box.from_xywh(*person.bbox), image.size_hw)
        if image is None or box is None:
            continue
        if person.iscrowd or not (person.keypoints[:, 2] > 0).any():
            others[image.id].append(box)
            continue
        keypoints = labelled(person.keypoints[:, :2], person.keypoints[:, 2])
        path, area = pictures / image.file_name, person.area
        bodies.append(Body(path, keypoints, box, held_out, image.id, area))
    return [replace(body, unlabelled=tuple(others[body.image_id])) for body in bodies]


def labelled(points: NDArray[Any], seen: NDArray[Any]) -> Floats:
    """(…, K, 2) keypoints, NaN where (…, K) `seen` is 0 or less."""
    return np.where((seen > 0)[..., None], points, np.nan).astype(np.float32)


def _with_boxes(files: Collection[Path], keypoints: Floats) -> list[Body]:
    bodies = []
    for file, points in zip(files, keypoints, strict=True):
        if np.isfinite(points).all(axis=1).sum() >= 2:
            bodies.append(Body(file, points, bounding_box(points)))
    return bodies


def _short(joint: str, sides: Mapping[str, str]) -> str:
    for long, short in sides.items():
        joint = joint.replace(long, short)
    return joint
