"""Reads hands in depth from the folders of NYU, ICVL, MSRA and HANDS 2017, and from rendered ones.

Convention: the cube is centred on the true keypoints; papers use a detected hand's, so that their
errors are larger. Held out are the set's test frames; of MSRA the first person, of others the last
tenth (HANDS 2017 names no person, so that one may be on both sides). Legend: K keypoints."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.datasets.depth_hands import DepthHand, DepthHands
from core.depth.cameras import Camera, Points
from core.depth.cubes import Cube
from core.depth.io.camera_files import CAMERA_FILE, read_camera_file
from core.depth.io.images import read_depth
from core.depth.io.joint_tables import CAMERA_COLUMNS, JOINTS_FILE, JointTable, read_joint_table
from core.depth.io.published import DepthLabel, DepthSet, find_depth_set
from core.errors import TableError, TrainingError
from core.pose.skeletons.table import Skeleton

_RENDERED_SIDE_MM = 250.0
_HELD_OUT = "held out"


def read_depth_hands(folder: Path, skeleton: Skeleton) -> DepthHands:
    """Read the labelled hands of a published depth set, or of joints.csv beside 16-bit pictures.
    Raise TrainingError for other folders or another skeleton than the net's, TableError or
    MediaError for a damaged file."""
    if (folder / JOINTS_FILE).is_file():
        return DepthHands(skeleton, _read_table_hands(folder, skeleton))
    if found := find_depth_set(folder):
        return _read_published_hands(*found, skeleton)
    raise TrainingError(
        f"{folder} is none of NYU (train/joint_data.mat), ICVL (Training/labels.txt), MSRA (P0/…), "
        f"HANDS 2017 (Training_Annotation.txt) and rendered hands ({JOINTS_FILE})"
    )


def _read_published_hands(
    depth_set: DepthSet,
    training_folders: Sequence[Path],
    test_folders: Sequence[Path],
    skeleton: Skeleton,
) -> DepthHands:
    """Read a published set's hands; raise TrainingError if its skeleton is another one."""
    if depth_set.skeleton.name != skeleton.name:
        raise TrainingError(
            f"{training_folders[0]} has keypoints of {depth_set.skeleton.name}, the net those of "
            f"{skeleton.name}: train another net, or give other data"
        )
    training = [label for folder in training_folders for label in depth_set.read(folder)]
    test = [label for folder in test_folders for label in depth_set.read(folder)]
    held_out = [""] * len(training) + [_HELD_OUT] * len(test)
    if not test:
        held_out = _hold_out_labels(training)
    camera = depth_set.camera
    hands = [
        _make_hand(label.file, camera, camera.to_mm(label.uvd), depth_set.side_mm, part)
        for label, part in zip([*training, *test], held_out, strict=True)
    ]
    return DepthHands(skeleton, hands)


def _hold_out_labels(labels: Sequence[DepthLabel]) -> list[str]:
    """Hold out the first person's frames, or the last tenth if people are unknown."""
    persons = sorted({label.person for label in labels})
    if len(persons) > 1:
        return [_HELD_OUT if label.person == persons[0] else "" for label in labels]
    return _hold_out_last_tenth(len(labels))


def _hold_out_last_tenth(count: int) -> list[str]:
    return [""] * (count - count // 10) + [_HELD_OUT] * (count // 10)


def _make_hand(
    file: Path, camera: Camera, xyz_mm: Points, side_mm: float, held_out: str, unit_mm: float = 1.0
) -> DepthHand:
    """Create a hand, loaded lazily, with a cube centred on the mean of its keypoints."""
    cube = Cube(camera, tuple(camera.to_pixels(np.nanmean(xyz_mm, axis=0))), side_mm)
    return DepthHand(partial(read_depth, file, unit_mm=unit_mm), cube, xyz_mm, held_out)


def _read_table_hands(folder: Path, skeleton: Skeleton) -> list[DepthHand]:
    """Read the hands of joints.csv, the last tenth held out; raise TableError if any is invalid."""
    path = folder / JOINTS_FILE
    table = read_joint_table(path)
    cameras, unit_mm = _find_cameras(folder, table)
    missing = [f"{joint}_x" for joint in skeleton.joints if joint not in table.joints]
    missing += [] if cameras else [CAMERA_COLUMNS[0]]
    if missing:
        raise TableError(
            f"{path} has no column {missing[0]}: expected are picture, x, y, z of every keypoint "
            f"of {skeleton.name}, and {', '.join(CAMERA_COLUMNS)} or {CAMERA_FILE} beside it"
        )
    columns = [table.joints.index(joint) for joint in skeleton.joints]
    held_out, hands = _hold_out_last_tenth(len(table.truths)), []
    for (name, truth_mm), part in zip(table.truths.items(), held_out, strict=True):
        xyz_mm = truth_mm[columns]
        if not np.isfinite(xyz_mm).all() or not (xyz_mm[:, 2] > 0).all():
            raise TableError(f"{path}: {name} has keypoints that are missing or behind the camera")
        file = folder / Path(name).name
        hands.append(_make_hand(file, cameras[name], xyz_mm, _RENDERED_SIDE_MM, part, unit_mm))
    return hands


def _find_cameras(folder: Path, table: JointTable) -> tuple[Mapping[str, Camera], float]:
    """Return each picture's camera, from the table or a camera file, and the mm per depth unit."""
    first = folder / Path(next(iter(table.truths), "")).name
    if not first.is_file():
        return table.cameras, 1.0
    camera, unit_mm = read_camera_file(folder, read_depth(first).shape)
    beside = {} if camera is None else dict.fromkeys(table.truths, camera)
    return table.cameras or beside, unit_mm or 1.0
