"""Reads hands in depth from the folders of NYU, ICVL, MSRA and HANDS 2017, and from rendered ones.

Convention: the cube's middle is that of the true keypoints, its side as the set is measured; papers
put it where the hand was found, so that their errors are larger. What measures: the set's own test
frames; of MSRA the first person, of the others the last tenth. HANDS 2017 names no person, so that
one may be on both sides.
Legend: K keypoints.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.datasets.depth_hands import DepthHand, DepthHands
from core.depth.cameras import Camera, Points
from core.depth.cubes import Cube
from core.depth.io.camera_files import CAMERA_FILE, read_camera_beside
from core.depth.io.images import read_depth
from core.depth.io.joint_tables import (
    CAMERA_COLUMNS,
    JOINTS_FILE,
    JointTable,
    read_joint_table,
)
from core.depth.io.published import DepthLabel, DepthSet, find_depth_set
from core.errors import TableError, TrainingError
from core.pose.skeletons.table import Skeleton

_RENDERED_SIDE_MM = 250.0
_HELD_OUT, _TENTH = "held out", 10


def read_depth_hands(folder: Path, skeleton: Skeleton) -> DepthHands:
    """The hands of a folder: a published set's, or joints.csv beside 16-bit pictures.

    Args:
        skeleton: whose keypoints are to be learned; the folder must have these.

    Raises:
        TrainingError: the folder is of none of these, or of another skeleton.
        TableError: a table that is damaged.
        MediaError: a camera's file or a picture that is.
    """
    if (folder / JOINTS_FILE).is_file():
        return DepthHands(skeleton, _rendered(folder, skeleton))
    one, training, test = find_depth_set(folder)
    if one is not None and training:
        return _published(one, training, test, skeleton)
    raise TrainingError(
        f"{folder} is none of NYU (train/joint_data.mat), ICVL (Training/labels.txt), MSRA (P0/…), "
        f"HANDS 2017 (Training_Annotation.txt) and rendered hands ({JOINTS_FILE})"
    )


def _published(
    one: DepthSet, training: Sequence[Path], test_folders: Sequence[Path], skeleton: Skeleton
) -> DepthHands:
    if one.skeleton.name != skeleton.name:
        raise TrainingError(
            f"{training[0]} has keypoints of {one.skeleton.name}, the net says those of "
            f"{skeleton.name}: train another net, or give other data"
        )
    labels = [label for part in training for label in one.read(part)]
    test = [label for part in test_folders for label in one.read(part)]
    held_out = [""] * len(labels) + [_HELD_OUT] * len(test)
    if not test:
        held_out = _without_test(labels)
    return DepthHands(
        skeleton,
        [
            _hand(label.file, one.camera, one.camera.to_mm(label.uvd), one.side_mm, part)
            for label, part in zip([*labels, *test], held_out, strict=True)
        ],
    )


def _without_test(labels: Sequence[DepthLabel]) -> list[str]:
    """What each frame of a set without test frames is for."""
    persons = sorted({label.person for label in labels})
    if len(persons) > 1:
        return [_HELD_OUT if label.person == persons[0] else "" for label in labels]
    return _last_tenth(len(labels))


def _last_tenth(count: int) -> list[str]:
    measured = count // _TENTH
    return [""] * (count - measured) + [_HELD_OUT] * measured


def _hand(
    file: Path,
    camera: Camera,
    xyz_mm: Points,
    side_mm: float,
    held_out: str,
    unit_mm: float = 1.0,
) -> DepthHand:
    cube = Cube(camera, tuple(camera.to_pixels(np.nanmean(xyz_mm, axis=0))), side_mm)
    return DepthHand(partial(read_depth, file, unit_mm=unit_mm), cube, xyz_mm, held_out)


def _rendered(folder: Path, skeleton: Skeleton) -> list[DepthHand]:
    """A row a picture: its name, x y z in mm of every keypoint, and its camera's numbers; without
    these, the camera as a file beside tells."""
    path = folder / JOINTS_FILE
    table = read_joint_table(path)
    cameras, unit_mm = _cameras(folder, table)
    missing = [f"{joint}_x" for joint in skeleton.joints if joint not in table.joints]
    missing += [] if cameras else [CAMERA_COLUMNS[0]]
    if missing:
        raise TableError(
            f"{path} has no column {missing[0]}: expected are picture, x, y, z of every keypoint "
            f"of {skeleton.name}, and {', '.join(CAMERA_COLUMNS)} or {CAMERA_FILE} beside it"
        )
    columns = [table.joints.index(joint) for joint in skeleton.joints]
    hands = []
    for (name, truth_mm), part in zip(
        table.truths.items(), _last_tenth(len(table.truths)), strict=True
    ):
        xyz_mm = truth_mm[columns]
        if not np.isfinite(xyz_mm).all() or not (xyz_mm[:, 2] > 0).all():
            raise TableError(f"{path}: {name} has keypoints that are missing or behind the camera")
        file, camera = folder / Path(name).name, cameras[name]
        hands.append(_hand(file, camera, xyz_mm, _RENDERED_SIDE_MM, part, unit_mm))
    return hands


def _cameras(folder: Path, table: JointTable) -> tuple[Mapping[str, Camera], float]:
    """The camera of each picture, as the table or else a file beside it tells; none where none
    does. And the pictures' unit."""
    first = folder / Path(next(iter(table.truths), "")).name
    if not first.is_file():
        return table.cameras, 1.0
    height, width = read_depth(first).shape
    camera, unit_mm = read_camera_beside(folder, (height, width))
    beside = {} if camera is None else dict.fromkeys(table.truths, camera)
    return table.cameras or beside, unit_mm or 1.0
