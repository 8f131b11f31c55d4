"""The published sets of hands in depth, NYU, ICVL, MSRA and HANDS 2017: how their folders are
recognised, and their labels.

Convention: labels are u, v, d of every keypoint in the set's own order (its skeleton), and the
frame's file, which may be missing. Legend: N frames, K keypoints.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.depth.cameras import CAMERAS, Camera, Points
from core.depth.io.joint_files import parse_numbers, read_text_lines
from core.errors import TableError
from core.files import leads_out
from core.media.limits import DEPTH
from core.pose.skeletons.table import HANDS17_21, ICVL_16, MSRA_21, NYU_14, Skeleton

_NYU, _ICVL, _MSRA, _HANDS17 = (CAMERAS[name] for name in ("nyu", "icvl", "msra", "hands17"))
# The 14 keypoints that papers report, among NYU's 36
_NYU_OF_36 = (0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32)
_NYU_FRONT_VIEW = 0  # of three cameras
_NYU_LABELS = "joint_data.mat"
_ICVL_LABELS = ("labels.txt", "test_seq_1.txt", "test_seq_2.txt")
_MSRA_LABELS = "P*/*/joint.txt"
_HANDS17_LABELS = "Training_Annotation.txt"


@dataclass(frozen=True, eq=False)
class DepthLabel:
    """A frame's true keypoints."""

    file: Path  # the frame
    uvd: Points  # (K, 3) px, px, mm
    person: str  # or the recording, if the set names one


@dataclass(frozen=True)
class DepthSet:
    """A published set."""

    camera: Camera
    skeleton: Skeleton
    side_mm: float  # of the cube that is cut out of its frames in evaluations
    frame: str  # a pattern of a frame's whole name
    labels: tuple[str, ...]  # patterns of the label files in a folder of the set
    read: Callable[[Path], list[DepthLabel]]  # the labels of such a folder, in the set's own order
    # training and test folders of the whole set; none if all frames are in one folder
    parts: tuple[str, ...] = ()

    def has_labels(self, folder: Path) -> bool:
        """Whether a label file of the set is in a folder."""
        return any(path.is_file() for label in self.labels for path in folder.glob(label))


def read_nyu_labels(folder: Path) -> list[DepthLabel]:
    """Read NYU's labels from joint_data.mat in dataset/train or dataset/test: the 14 evaluated
    keypoints of each depth_1_0000001.png, …."""
    from scipy.io import loadmat  # half a second
    from scipy.io.matlab import MatReadError

    path = folder / _NYU_LABELS
    try:
        uvd = np.asarray(loadmat(path)["joint_uvd"], np.float64)
    except (MatReadError, OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise TableError(f"{path} can't be read: {' '.join(str(error).split())[:100]}") from error
    if uvd.ndim != 4 or uvd.shape[2:] != (36, 3):
        raise TableError(f"{path.name} holds keypoints of shape {uvd.shape}, expected 3, N, 36, 3")
    return [
        DepthLabel(folder / f"depth_1_{number:07d}.png", joints, folder.name)
        for number, joints in enumerate(uvd[_NYU_FRONT_VIEW][:, _NYU_OF_36], 1)
    ]


def read_icvl_labels(folder: Path) -> list[DepthLabel]:
    """Read ICVL's labels from labels.txt in Training or test_seq_*.txt in Testing: per line a file
    name and u v d of 16 keypoints."""
    return [
        DepthLabel(file, numbers.reshape(-1, 3), name.split("/")[0])
        for file, name, numbers, _ in _read_named_lines(folder, _ICVL_LABELS, "Depth", ICVL_16)
    ]


def read_hands17_labels(folder: Path) -> list[DepthLabel]:
    """Read HANDS 2017's labels from Training_Annotation.txt beside images: per line a file name and
    x y z (mm) of 21 keypoints."""
    lines = _read_named_lines(folder, (_HANDS17_LABELS,), "images", HANDS17_21)
    return [
        DepthLabel(file, _project_joints(numbers.reshape(-1, 3), _HANDS17, location), "")
        for file, _, numbers, location in lines
    ]


def read_msra_labels(folder: Path) -> list[DepthLabel]:
    """Read MSRA's labels from every P0/GESTURE/joint.txt: the number of frames, then per line x y z
    (mm; y up, z towards the camera) of 21 keypoints."""
    paths = sorted(folder.glob(_MSRA_LABELS))
    if not paths:
        raise TableError(f"{folder} has no P0/GESTURE/joint.txt: give MSRA's folder")
    return [label for path in paths for label in _read_msra_gesture(path)]


def _read_msra_gesture(path: Path) -> Iterator[DepthLabel]:
    """Read one joint.txt of MSRA and yield its labels, projected to u, v, d."""
    rows = [line.split() for _, line in read_text_lines(path, DEPTH.max_label_bytes)]
    if not rows or rows[0] != [str(len(rows) - 1)]:
        raise TableError(
            f"{path}: its first line must be the number of the lines after it, {len(rows) - 1}, "
            f"got “{' '.join(rows[0])[:40] if rows else ''}”"
        )
    for number, row in enumerate(rows[1:]):
        location = f"{path}: line {number + 2}"
        xyz = _parse_joints(row, MSRA_21, location).reshape(-1, 3) * [1, -1, -1]
        file = path.parent / f"{number:06d}_depth.bin"
        uvd = _project_joints(xyz, _MSRA, location)
        yield DepthLabel(file, uvd, path.parent.parent.name)


def _read_named_lines(
    folder: Path, label_files: tuple[str, ...], frames: str, skeleton: Skeleton
) -> Iterator[tuple[Path, str, Points, str]]:
    """Yield the frame file, frame name, numbers and location (for error messages) of each label
    line; raise TableError if a line is damaged or there is no label file."""
    paths = [folder / name for name in label_files if (folder / name).is_file()]
    if not paths:
        raise TableError(f"{folder} has no {' or '.join(label_files)}: give the folder that has")
    for path in paths:
        for number, line in read_text_lines(path, DEPTH.max_label_bytes):
            name, *fields = line.split()
            location = f"{path.name}: line {number}"
            if leads_out(name):
                raise TableError(f"{location}: “{name[:60]}” leads out of {frames}")
            yield folder / frames / name, name, _parse_joints(fields, skeleton, location), location


def _parse_joints(fields: list[str], skeleton: Skeleton, location: str) -> Points:
    """Parse a line's numbers, three per keypoint, (3 K,); raise TableError if the count differs."""
    if len(fields) != 3 * skeleton.size:
        raise TableError(f"{location} has {len(fields)} numbers, expected are {3 * skeleton.size}")
    return parse_numbers(fields, location)


def _project_joints(xyz_mm: Points, camera: Camera, location: str) -> Points:
    """Project (K, 3) points in mm to u, v, d; raise TableError if a point is behind the camera."""
    if not (xyz_mm[:, 2] > 0).all():
        raise TableError(f"{location} has a keypoint behind the camera: another set's file?")
    return camera.to_pixels(xyz_mm)


_NYU_PARTS, _ICVL_PARTS = ("train", "test"), ("Training", "Testing")
_NYU_FRAME, _ICVL_FRAME = r"depth_1_(\d{7})\.png", r"image_(\d{4})\.png"
_MSRA_FRAME, _HANDS17_FRAME = r"(\d{6})_depth\.bin", r"image_D(\d{8})\.png"
DEPTH_SETS = {
    s.camera.name: s
    for s in (
        DepthSet(_NYU, NYU_14, 250.0, _NYU_FRAME, (_NYU_LABELS,), read_nyu_labels, _NYU_PARTS),
        DepthSet(_ICVL, ICVL_16, 250.0, _ICVL_FRAME, _ICVL_LABELS, read_icvl_labels, _ICVL_PARTS),
        DepthSet(_MSRA, MSRA_21, 175.0, _MSRA_FRAME, (_MSRA_LABELS,), read_msra_labels),
        DepthSet(
            _HANDS17, HANDS17_21, 220.0, _HANDS17_FRAME, (_HANDS17_LABELS,), read_hands17_labels
        ),
    )
}


def find_depth_set(folder: Path) -> tuple[DepthSet, list[Path], list[Path]] | None:
    """Identify the published set in a folder, or in its training and test folders, by the label
    files; return the set, its training folders and its test folders, or None."""
    for depth_set in DEPTH_SETS.values():
        if depth_set.has_labels(folder):
            return depth_set, [folder], []
        parts = [folder / part for part in depth_set.parts]
        if parts and depth_set.has_labels(parts[0]):
            return depth_set, parts[:1], parts[1:]
    return None
