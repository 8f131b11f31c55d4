"""Depth frames in which somebody said where the palm is, to measure what finds hands.

Convention: a palm's middle is a set's own palm keypoint, else the mean of the wrist and the four
fingers' knuckles, x, y, z in mm. Folders that are read:

    frames.csv                    SR305: a palm's u, v, d a picture, seen by eye on its surface
    nyu_test_label.txt            beside some of NYU's test frames, depth_1_0000001.png …
    joints.csv                    what `open_depth` reads with its truth, rendered hands too
    NYU, ICVL, MSRA, HANDS 2017   as published
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.depth.cameras import CAMERAS, Camera, Points
from core.depth.frames import DepthFrame
from core.depth.io.images import read_depth
from core.depth.io.joint_files import read_joints
from core.depth.io.joint_tables import JOINTS_FILE, KNOWN_HANDS
from core.depth.io.published import DEPTH_SETS, DepthSet, find_depth_set
from core.depth.io.recordings import open_depth
from core.errors import TableError
from core.pose.skeletons.table import NYU_14, Skeleton, skeleton_named

# its maker's calibration of the one that took the frames
SR305 = Camera("sr305", 476.007, 476.007, 313.683, 242.755, 640, 480)
_SR305_UNIT_MM = 0.125
_PALMS, _LABELS = "frames.csv", "nyu_test_label.txt"


@dataclass(frozen=True, eq=False)
class PalmFrame:
    """A depth frame, its name, and its palm centre (3,): x, y, z."""

    name: str
    frame: DepthFrame
    palm_mm: Points


def palm_center(skeleton: Skeleton, xyz_mm: Points) -> Points:
    """Return (…, 3) palms of (…, K, 3) keypoints: the palm's, or the mean of wrist and knuckles."""
    if "palm" in skeleton.joints:
        return np.asarray(xyz_mm[..., skeleton.index("palm"), :])
    bases = [f"{finger}_mcp" for finger in ("index", "middle", "ring", "little")]
    return np.asarray(xyz_mm[..., [skeleton.index(n) for n in ("wrist", *bases)], :].mean(-2))


def read_palm_frames(folder: Path) -> Iterator[PalmFrame]:
    """Yield the depth frames of a folder with their known palm centres; its format is detected.

    Raises:
        MediaError: a damaged picture, or a camera that isn't known.
        TableError: no such folder, or damaged tables.
    """
    if (folder / _PALMS).is_file():
        return _read_sr305_frames(folder)
    if (folder / JOINTS_FILE).is_file():
        return _read_recorded_frames(folder)
    if (folder / _LABELS).is_file():
        return _read_nyu_frames(folder)
    if found := find_depth_set(folder):
        depth_set, training, test = found
        return _read_published_frames(depth_set, [*training, *test])
    raise TableError(
        f"{folder} has no palms that are known: expected are {_PALMS}, {JOINTS_FILE}, {_LABELS}, "
        f"or a folder of {', '.join(DEPTH_SETS)}"
    )


def _read_sr305_frames(folder: Path) -> Iterator[PalmFrame]:
    """Yield SR305 depth frames with the palm centres listed in frames.csv."""
    table = folder / _PALMS
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        places = [[float(row[f"palm_{axis}"]) for axis in ("u", "v", "d_mm")] for row in rows]
        names = [Path(row["image"]).name for row in rows]
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise TableError(
            f"{table} can't be read ({error!r}): expected are image, palm_u, palm_v and palm_d_mm"
        ) from None
    for index, (name, uvd) in enumerate(zip(names, places, strict=True)):
        if not (np.isfinite(uvd).all() and uvd[2] > 0):
            raise TableError(f"{table}: {name} has its palm at {uvd}: expected are u, v and mm")
        depth_mm = read_depth(folder / name, unit_mm=_SR305_UNIT_MM)
        frame = DepthFrame(depth_mm, SR305, 0.0, index)
        yield PalmFrame(name, frame, SR305.to_mm(uvd))


def _read_recorded_frames(folder: Path) -> Iterator[PalmFrame]:
    """Yield a recording's frames that have true keypoints, with their palms."""
    source = open_depth(folder)
    try:
        for frame in source:
            if frame.truth_mm is None:
                continue
            if not frame.skeleton:
                raise TableError(
                    f"{folder / JOINTS_FILE} doesn't name its joints, so where the palm is can't "
                    f"be told: expected are all of {', '.join(one.name for one in KNOWN_HANDS)}'s, "
                    "e.g. wrist_x, wrist_y, wrist_z, thumb_cmc_x, …"
                )
            palm_mm = palm_center(skeleton_named(frame.skeleton), frame.truth_mm)
            if np.isfinite(palm_mm).all():
                yield PalmFrame(f"frame {frame.index}", frame, palm_mm)
    finally:
        source.close()


def _read_nyu_frames(folder: Path) -> Iterator[PalmFrame]:
    """Yield NYU test frames with the palm centres of their labels."""
    camera = CAMERAS["nyu"]
    joints_mm = camera.to_mm(read_joints(folder / _LABELS))
    for index, file in enumerate(sorted(folder.glob("depth_1_*.png"))):
        number = file.stem.removeprefix("depth_1_")
        if not number.isdecimal() or not 1 <= int(number) <= len(joints_mm):
            raise TableError(f"{file.name}: {_LABELS} has {len(joints_mm)} lines, from 1")
        truth = joints_mm[int(number) - 1]
        frame = DepthFrame(read_depth(file), camera, 0.0, index, None, truth, NYU_14.name)
        yield PalmFrame(file.name, frame, palm_center(NYU_14, truth))


def _read_published_frames(depth_set: DepthSet, folders: Sequence[Path]) -> Iterator[PalmFrame]:
    """Yield the frames of a published depth data set with the palm centres of their labels."""
    labels = (label for folder in folders for label in depth_set.read(folder))
    for index, label in enumerate(labels):
        truth = depth_set.camera.to_mm(label.uvd)
        own = depth_set.skeleton.name
        frame = DepthFrame(read_depth(label.file), depth_set.camera, 0.0, index, None, truth, own)
        yield PalmFrame(label.file.name, frame, palm_center(depth_set.skeleton, truth))
