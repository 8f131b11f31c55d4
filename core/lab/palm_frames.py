"""Depth frames with a known palm centre, and how often a hand is found in them.

Convention: a palm is a set's palm keypoint, or else the mean of wrist and knuckles, x, y, z in
mm. Folders: frames.csv (SR305: a palm's u, v, d a picture, by eye), nyu_test_label.txt (beside
depth_1_0000001.png …), joints.csv (as `open_depth`), or a published set."""

import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.depth.cameras import CAMERAS, Camera, Points
from core.depth.frames import DepthFrame
from core.depth.io.images import read_depth
from core.depth.io.joint_files import JOINTS_FILE, KNOWN_HANDS, read_joints
from core.depth.io.published import DEPTH_SETS, DepthSet, find_depth_set
from core.depth.io.recordings import open_depth
from core.errors import TableError
from core.lab.renderer.rendered_hands import RENDERED
from core.lab.renderer.rendered_scenes import RenderedScenes
from core.pose.skeletons.table import NYU_14, Skeleton, skeleton_named
from core.progress import Progress, ignore_progress
from core.reading.depth_reading import DepthReader
from core.reading.hand_finding import HandFinder

FOUND_MM = 50.0
_DIGITS = 4
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


def locate_palm_centre(skeleton: Skeleton, xyz_mm: Points) -> Points:
    """Return (…, 3) palm centres of (…, K, 3) keypoints: the palm keypoint, or the mean of wrist
    and knuckles."""
    if "palm" in skeleton.joints:
        return np.asarray(xyz_mm[..., skeleton.index("palm"), :])
    bases = [f"{finger}_mcp" for finger in ("index", "middle", "ring", "little")]
    return np.asarray(xyz_mm[..., [skeleton.index(n) for n in ("wrist", *bases)], :].mean(-2))


def read_palm_frames(folder: Path) -> Iterator[PalmFrame]:
    """Yield a folder's depth frames with their palm centres; the format is detected. Raises
    MediaError: a damaged picture, or an unknown camera; TableError: no such folder, or damaged
    tables."""
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
        f"{folder} has no annotated palms: expected are {_PALMS}, {JOINTS_FILE}, {_LABELS}, "
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
    """Yield a recording's frames that have true keypoints, with their palm centres."""
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
            palm_mm = locate_palm_centre(skeleton_named(frame.skeleton), frame.truth_mm)
            if np.isfinite(palm_mm).all():
                yield PalmFrame(f"frame {frame.index}", frame, palm_mm)
    finally:
        source.close()


def _read_nyu_frames(folder: Path) -> Iterator[PalmFrame]:
    """Yield NYU test frames with the palm centres from their labels."""
    camera = CAMERAS["nyu"]
    joints_mm = camera.to_mm(read_joints(folder / _LABELS))
    for index, file in enumerate(sorted(folder.glob("depth_1_*.png"))):
        number = file.stem.removeprefix("depth_1_")
        if not number.isdecimal() or not 1 <= int(number) <= len(joints_mm):
            raise TableError(f"{file.name}: {_LABELS} has {len(joints_mm)} lines, from 1")
        truth = joints_mm[int(number) - 1]
        frame = DepthFrame(read_depth(file), camera, 0.0, index, None, truth, NYU_14.name)
        yield PalmFrame(file.name, frame, locate_palm_centre(NYU_14, truth))


def _read_published_frames(depth_set: DepthSet, folders: Sequence[Path]) -> Iterator[PalmFrame]:
    """Yield a published depth data set's frames with the palm centres from their labels."""
    labels = (label for folder in folders for label in depth_set.read(folder))
    for index, label in enumerate(labels):
        truth = depth_set.camera.to_mm(label.uvd)
        own = depth_set.skeleton.name
        frame = DepthFrame(read_depth(label.file), depth_set.camera, 0.0, index, None, truth, own)
        yield PalmFrame(label.file.name, frame, locate_palm_centre(depth_set.skeleton, truth))


def measure_finding(
    finders: Sequence[HandFinder],
    data: Path,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Measure how often finders locate a hand in depth frames with known palm centres. They are
    tried in order, as on Depth, without tracking; `RENDERED` means the held-out rendered scenes.
    Raises MudraError: the data is missing, empty or damaged.

    Returns:
        n frames; found: fraction with a hand within 50 mm of the palm centre; seen: fraction with
        a hand anywhere; median_mm: median distance of seen hands, None if none was seen; by: hands
        seen per method; ms: median time per frame; missed: names of frames without a found hand.
    """
    names: list[str] = []
    apart_mm, times_s = [], []
    by = dict.fromkeys((str(finder.method) for finder in finders), 0)
    reader = DepthReader(finders=finders)
    for one in _iterate_palm_frames(data):
        reader.reset()
        began = time.perf_counter()
        found = reader.read(one.frame)
        times_s.append(time.perf_counter() - began)
        names.append(one.name)
        apart_mm.append(np.inf)
        if found.cube is not None:
            by[found.method] += 1
            apart_mm[-1] = float(np.linalg.norm(found.cube.centre_mm - one.palm_mm))
        progress(len(names))
    if not names:
        raise TableError(f"{data} has no frames of depth with a palm to measure on")
    ms = round(1000 * float(np.median(times_s)), 2)
    return _summarise_distances(names, apart_mm) | {"by": by, "ms": ms}


def _summarise_distances(names: Sequence[str], distances_mm: Sequence[float]) -> dict[str, Any]:
    """Summarise distances to the palm centre; infinite if no hand was found."""
    apart = np.array(distances_mm)
    near, seen = apart <= FOUND_MM, np.isfinite(apart)
    return {
        "n": len(names),
        "found": round(float(near.mean()), _DIGITS),
        "seen": round(float(seen.mean()), _DIGITS),
        "median_mm": round(float(np.median(apart[seen])), 1) if seen.any() else None,
        "missed": [name for name, is_near in zip(names, near, strict=True) if not is_near],
    }


def _iterate_palm_frames(data: Path) -> Iterator[PalmFrame]:
    """Yield the palm frames of a folder, or of the held-out rendered scenes for `RENDERED`."""
    if str(data) != RENDERED or data.exists():
        yield from read_palm_frames(data)
        return
    scenes = RenderedScenes()
    for held_out in scenes.held_out_sets:
        for number in scenes.rows(held_out):
            scene = scenes.scene(int(number))
            frame = DepthFrame(scene.depth_mm, scene.camera, 0.0, int(number))
            yield PalmFrame(f"scene {number}", frame, scene.palm_mm)
