"""The published sets of hands in depth, NYU, ICVL, MSRA and HANDS 2017: how their folders are
recognised, and their labels.

Convention: what is read are u, v, d of every keypoint in the set's own order (its skeleton), and
the file that shows them, which may be missing. Legend: N frames, K keypoints.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.depth.cameras import CAMERAS, Camera, Points
from core.errors import TableError
from core.files import leads_out
from core.pose.skeletons.table import HANDS17_21, ICVL_16, MSRA_21, NYU_14, Skeleton

# Where the 14 keypoints that everybody reports stand among NYU's 36
_NYU_OF_36 = (0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32)
_NYU_VIEW = 0  # of three cameras, the front one
_ICVL_LABELS = ("labels.txt", "test_seq_1.txt", "test_seq_2.txt")
_MSRA_LABELS = "P*/*/joint.txt"
_HANDS17_LABELS = "Training_Annotation.txt"


@dataclass(frozen=True, eq=False)
class DepthLabel:
    """A frame's true keypoints.

    Attributes:
        file: the frame.
        uvd: (K, 3) px, px, mm.
        person: who it is, or the recording, as far as the set says it.
    """

    file: Path
    uvd: Points
    person: str


@dataclass(frozen=True)
class DepthSet:
    """A published set.

    Attributes:
        side_mm: of the cube that is cut out of its frames to measure.
        frame: what a frame's whole name matches.
        labels: patterns of the label files in a folder of the set.
        parts: training and test folders in the whole set's; none where all frames lie together.
        read: the labels of such a folder, in its own order.
    """

    camera: Camera
    skeleton: Skeleton
    side_mm: float
    frame: re.Pattern[str]
    labels: tuple[str, ...]
    parts: tuple[str, ...]
    read: Callable[[Path], list[DepthLabel]]

    def has_labels(self, folder: Path) -> bool:
        """Whether a label file of the set lies in a folder."""
        return any(path.is_file() for label in self.labels for path in folder.glob(label))


def read_nyu(folder: Path) -> list[DepthLabel]:
    """Of dataset/train or dataset/test: joint_data.mat beside depth_1_0000001.png, ….

    Raises:
        TableError: no such file there, or another one.
    """
    from scipy.io import loadmat  # half a second
    from scipy.io.matlab import MatReadError

    path = folder / "joint_data.mat"
    try:
        uvd = np.asarray(loadmat(path)["joint_uvd"], np.float64)
    except (MatReadError, OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise TableError(f"{path} can't be read: {' '.join(str(error).split())[:100]}") from error
    if uvd.ndim != 4 or uvd.shape[2:] != (36, 3):
        raise TableError(f"{path.name} holds keypoints of shape {uvd.shape}, expected 3, N, 36, 3")
    return [
        DepthLabel(folder / f"depth_1_{number:07d}.png", joints, folder.name)
        for number, joints in enumerate(uvd[_NYU_VIEW][:, _NYU_OF_36], 1)
    ]


def read_icvl(folder: Path) -> list[DepthLabel]:
    """Of Training (labels.txt) or Testing (test_seq_1.txt, test_seq_2.txt): a file's name and u v d
    of 16 keypoints a line, beside Depth.

    Raises:
        TableError: no such file there, or another one.
    """
    found = []
    for path in _there(folder, *_ICVL_LABELS):
        for name, numbers in _named_rows(path, 3 * ICVL_16.size):
            file = _inside(folder / "Depth", name, path)
            found.append(DepthLabel(file, numbers.reshape(-1, 3), name.split("/")[0]))
    return found


def read_hands17(folder: Path) -> list[DepthLabel]:
    """Of training: Training_Annotation.txt, a file's name and x y z (mm) of 21 keypoints a line,
    beside images.

    Raises:
        TableError: no such file there, or another one.
    """
    camera, found = CAMERAS["hands17"], []
    for path in _there(folder, _HANDS17_LABELS):
        for name, numbers in _named_rows(path, 3 * HANDS17_21.size):
            uvd = _seen(numbers.reshape(-1, 3), camera, f"{path.name}: {name[:40]}")
            found.append(DepthLabel(_inside(folder / "images", name, path), uvd, ""))
    return found


def read_msra(folder: Path) -> list[DepthLabel]:
    """Of the folder of the persons P0, P1 …: in each gesture's folder joint.txt, whose first line
    is the number of frames and whose others are x y z (mm; y up, z towards the camera) of 21
    keypoints, beside 000000_depth.bin, ….

    Raises:
        TableError: no such file there, or another one.
    """
    paths = sorted(folder.glob(_MSRA_LABELS))
    if not paths:
        raise TableError(f"{folder} has no P0/GESTURE/joint.txt: give MSRA's folder")
    return [label for path in paths for label in _of_msra_gesture(path)]


def _of_msra_gesture(path: Path) -> Iterator[DepthLabel]:
    rows = [line.split() for line in _text(path).splitlines() if line.strip()]
    if not rows or rows[0] != [str(len(rows) - 1)]:
        raise TableError(
            f"{path}: its first line must be the number of the lines after it, {len(rows) - 1}, "
            f"got “{' '.join(rows[0])[:40] if rows else ''}”"
        )
    for number, row in enumerate(rows[1:]):
        where = f"{path}: line {number + 2}"
        xyz = _numbers(row, 3 * MSRA_21.size, where).reshape(-1, 3) * [1, -1, -1]
        file = path.parent / f"{number:06d}_depth.bin"
        yield DepthLabel(file, _seen(xyz, CAMERAS["msra"], where), path.parent.parent.name)


def _seen(xyz_mm: Points, camera: Camera, where: str) -> Points:
    """u, v, d of points in space, which lie before the camera."""
    if not (xyz_mm[:, 2] > 0).all():
        raise TableError(f"{where} has a keypoint behind the camera: another set's file?")
    return camera.to_pixels(xyz_mm)


def _there(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names if (folder / name).is_file()]
    if not paths:
        raise TableError(f"{folder} has no {' or '.join(names)}: give the folder that has")
    return paths


def _named_rows(path: Path, count: int) -> Iterator[tuple[str, Points]]:
    """A file's name and its numbers, of each line that is not blank."""
    for number, line in enumerate(_text(path).splitlines(), 1):
        if fields := line.split():
            yield fields[0], _numbers(fields[1:], count, f"{path.name}: line {number}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise TableError(f"{path} can't be read: {error.strerror}") from error


def _numbers(fields: list[str], count: int, where: str) -> Points:
    try:
        numbers = np.array([float(field) for field in fields])
    except ValueError as error:
        raise TableError(f"{where}: {error}; expected are {count} numbers") from None
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise TableError(f"{where} has {len(numbers)} numbers, expected are {count} finite ones")
    return numbers


def _inside(folder: Path, name: str, said_by: Path) -> Path:
    """The file of that name, which must not lie elsewhere."""
    if leads_out(name):
        raise TableError(f"{said_by.name}: “{name[:60]}” leads out of {folder.name}")
    return folder / name


DEPTH_SETS = {
    "nyu": DepthSet(
        CAMERAS["nyu"],
        NYU_14,
        250.0,
        re.compile(r"depth_1_(\d{7})\.png"),
        ("joint_data.mat",),
        ("train", "test"),
        read_nyu,
    ),
    "icvl": DepthSet(
        CAMERAS["icvl"],
        ICVL_16,
        250.0,
        re.compile(r"image_(\d{4})\.png"),
        _ICVL_LABELS,
        ("Training", "Testing"),
        read_icvl,
    ),
    "msra": DepthSet(
        CAMERAS["msra"],
        MSRA_21,
        175.0,
        re.compile(r"(\d{6})_depth\.bin"),
        (_MSRA_LABELS,),
        (),
        read_msra,
    ),
    "hands17": DepthSet(
        CAMERAS["hands17"],
        HANDS17_21,
        220.0,
        re.compile(r"image_D(\d{8})\.png"),
        (_HANDS17_LABELS,),
        (),
        read_hands17,
    ),
}


def find_depth_set(folder: Path) -> tuple[DepthSet | None, list[Path], list[Path]]:
    """The published set of a folder, and its folders to train and to test on; None and none where
    no labels of such a set lie there.

    Args:
        folder: the whole set's, or one of its training or test folders.
    """
    for one in DEPTH_SETS.values():
        if one.has_labels(folder):
            return one, [folder], []
        parts = [folder / part for part in one.parts]
        if parts and one.has_labels(parts[0]):
            return one, parts[:1], parts[1:]
    return None, [], []
