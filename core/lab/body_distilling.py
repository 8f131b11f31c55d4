"""Makes the light body net's training data in COCO format: crops of annotated people, with a
teacher's keypoints if they agree, and people that the teacher finds in unannotated pictures.

Held-out people keep only the annotated keypoints: nets are evaluated on them, not on the teacher's.
Convention: keypoints are COCO's 17, picture pixels, NaN if unknown; K keypoints."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.bodies import Bodies, Body
from core.datasets.body_files import read_bodies
from core.errors import TrainingError
from core.estimators import Estimator
from core.files import write_whole
from core.measuring.body_evaluation import create_crop_finder, select_overlapping_pose
from core.measuring.hand_net_evaluation import list_pictures
from core.media.pictures import encode_jpeg, read_picture
from core.pose.boxes import Box
from core.pose.crops import person_box
from core.pose.skeletons.table import COCO_17, Skeleton, convert_keypoints, skeleton_named
from core.pose.types import Floats, Picture, Pose
from core.progress import Progress, ignore_progress

TRAIN, HELD_OUT = "train", "val"  # the reader of COCO's folders holds out what begins with "val"
_AROUND = 0.5  # of a box's longer side, on every side of it
_LONGEST = 288  # px of a picture that is kept
_QUALITY = 92
_SMALLEST = 40  # px of a box's longer side
_LEAST_KNOWN = 5  # keypoints
_NEAR = 0.06  # of a box's longer side: about 0.2 torso lengths of an upright person
_LEAST_AGREEING = 0.5  # of the annotated keypoints; otherwise the teacher's are ignored


def distil_bodies(
    data: Sequence[Path],
    out: Path,
    teacher: Estimator,
    *,
    pictures: Sequence[Path] = (),
    progress: Progress = ignore_progress,
) -> dict[str, int]:
    """Write the COCO data set that `train-net cpm.body_light` is trained on, with a teacher's
    keypoints. Raises TrainingError if the training split has no people.

    Args:
        data: what `read_bodies` reads; a file's pictures are beside it or in images/ beside it.
        pictures: folders of unannotated pictures of one person each, all for training.

    Returns:
        train and val: people per split; of training people, found by the teacher and agreed with;
        keypoints for training, and how many of them are the teacher's.
    """
    sources = [_read_annotated_bodies(path) for path in data]
    plain = [path for folder in pictures for path in list_pictures(folder)]
    total = sum(len(source.bodies) for source in sources) + len(plain)
    making = _BodyDistiller(teacher, out)
    persons = ((body, source.skeleton) for source in sources for body in source.bodies)
    for done, (body, skeleton) in enumerate(persons, 1):
        making.add_person(body, skeleton)
        progress(done, total)
    for done, path in enumerate(plain, total - len(plain) + 1):
        making.add_unannotated(path)
        progress(done, total)
    return making.finish()


def _read_annotated_bodies(path: Path) -> Bodies:
    """Read bodies from a folder, or from a file with its pictures beside it or in images/."""
    beside = path.parent / "images"
    return read_bodies(path, beside if path.is_file() and beside.is_dir() else None)


class _BodyDistiller:
    """Writes people one by one into a training and a held-out set, and counts them."""

    def __init__(self, teacher: Estimator, out: Path) -> None:
        self._teacher, self._skeleton = teacher, skeleton_named(teacher.skeleton)
        self._find = create_crop_finder(teacher)
        self._parts = {name: _CocoWriter(out, name) for name in (TRAIN, HELD_OUT)}
        self._counts = dict.fromkeys(("found", "agreed", "keypoints", "teachers"), 0)

    def add_person(self, body: Body, skeleton: Skeleton) -> None:
        """Add a person to its set; add the teacher's keypoints unless held out; skip if small."""
        if max(body.box.width, body.box.height) < _SMALLEST:
            return
        rgb = read_picture(body.picture)
        keypoints = convert_keypoints(body.keypoints, skeleton, COCO_17)
        if body.held_out:
            self._write_person(HELD_OUT, rgb, body.box, keypoints)
            return
        (poses,) = self._find(rgb, [body])
        pose = select_overlapping_pose(body, poses)
        near = _NEAR * max(body.box.width, body.box.height)
        self._counts["found"] += pose is not None
        keypoints, own = merge_keypoints(pose, self._skeleton, keypoints, near)
        self._add_to_training(rgb, body.box, keypoints, own)

    def add_unannotated(self, path: Path) -> None:
        """Add the person that the teacher finds in a picture, if any."""
        rgb = read_picture(path)
        for pose in self._teacher.estimate_still(rgb, num_poses=1).poses:
            self._counts["found"] += 1
            keypoints = convert_keypoints(pose.without_hidden().keypoints, self._skeleton, COCO_17)
            own = np.asarray(np.isfinite(keypoints).all(axis=1), np.bool_)
            if own.any():
                self._add_to_training(rgb, person_box(keypoints), keypoints, own)

    def _add_to_training(
        self, rgb: Picture, box: Box, keypoints: Floats, is_teachers: NDArray[np.bool_]
    ) -> None:
        """Add a person to the training set and count its keypoints; skip it with fewer than 5."""
        if known := self._write_person(TRAIN, rgb, box, keypoints):
            self._counts["agreed"] += bool(is_teachers.any())
            self._counts["keypoints"] += known
            self._counts["teachers"] += int(is_teachers.sum())

    def _write_person(self, part: str, rgb: Picture, box: Box, keypoints: Floats) -> int:
        """Write a person to a set; return its keypoint count, or 0 if skipped with fewer than 5."""
        known = int(np.isfinite(keypoints).all(axis=1).sum())
        if known < _LEAST_KNOWN:
            return 0
        self._parts[part].add_person(rgb, box, keypoints)
        return known

    def finish(self) -> dict[str, int]:
        """Write both annotation files; return counts. Raises TrainingError if none to train on."""
        if not self._parts[TRAIN].persons:
            raise TrainingError("no person in the pictures is large enough to learn from")
        for part in self._parts.values():
            part.finish()
        persons = {name: len(part.persons) for name, part in self._parts.items()}
        return persons | self._counts


def merge_keypoints(
    pose: Pose | None, skeleton: Skeleton, annotated: Floats, tolerance_px: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Merge annotated keypoints (17, 2) with the teacher's pose; return them, and a mask (17,) of
    the teacher's: annotated keypoints within the tolerance, and unannotated visible ones. All False
    if fewer than half of the annotated keypoints agree."""
    labelled = np.isfinite(annotated).all(axis=1)
    if pose is None or not labelled.any():
        return annotated, np.zeros(len(annotated), np.bool_)
    said = convert_keypoints(pose.keypoints, skeleton, COCO_17)
    visible = convert_keypoints(pose.without_hidden().keypoints, skeleton, COCO_17)
    seen = np.isfinite(visible).all(axis=1)
    agrees = np.linalg.norm(said - annotated, axis=1) <= tolerance_px
    teachers = np.where(labelled, agrees, seen)
    if agrees[labelled].mean() < _LEAST_AGREEING:
        teachers[:] = False
    return np.where(teachers[:, None], said, annotated), teachers


@dataclass
class _CocoWriter:
    """Writes one set: a folder of pictures and its COCO annotations."""

    out: Path
    name: str
    images: list[dict[str, Any]] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)

    def add_person(self, rgb: Picture, box: Box, keypoints: Floats) -> None:
        """Write a person's crop as a JPEG and collect its COCO annotation."""
        crop, box, points = crop_person(rgb, box, keypoints)
        number, (height, width) = len(self.images) + 1, crop.shape[:2]
        image = {"id": number, "file_name": f"{number:06}.jpg", "width": width, "height": height}
        known = np.isfinite(points).all(axis=1)
        rows = np.column_stack([np.nan_to_num(points).round(2), 2 * known])
        self.images.append(image)
        self.persons.append(
            {
                "id": number,
                "image_id": number,
                "category_id": 1,
                "bbox": [round(side, 2) for side in box.to_xywh()],
                "area": round(box.width * box.height, 2),
                "iscrowd": 0,
                "num_keypoints": int(known.sum()),
                "keypoints": rows.ravel().tolist(),
            }
        )
        folder = self.out / self.name
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / str(image["file_name"]), encode_jpeg(crop, _QUALITY))

    def finish(self) -> None:
        """Write the annotations after all pictures: the file marks a complete folder."""
        if self.persons:
            document = {
                "images": self.images,
                "annotations": self.persons,
                "categories": [{"id": 1, "name": "person", "keypoints": COCO_17.joints}],
            }
            folder = self.out / "annotations"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"person_keypoints_{self.name}.json"
            write_whole(path, json.dumps(document).encode())


def crop_person(rgb: Picture, box: Box, keypoints: Floats) -> tuple[Picture, Box, Floats]:
    """Crop a picture to a person's box with a margin, scaled to at most 288 px a side; return the
    crop, and the box and keypoints in crop pixels."""
    x, y, width, height = box.to_xywh()
    around = _AROUND * max(width, height)
    rows, columns = rgb.shape[:2]
    x0, y0 = (max(0, min(int(at - around), last - 1)) for at, last in ((x, columns), (y, rows)))
    x1, y1 = min(columns, int(x + width + around) + 1), min(rows, int(y + height + around) + 1)
    crop = np.ascontiguousarray(rgb[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])
    scale = min(1.0, _LONGEST / max(crop.shape[:2]))
    size = (round(crop.shape[1] * scale), round(crop.shape[0] * scale))
    if scale < 1:
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    points = (keypoints - (x0, y0)) * scale + (scale - 1) / 2
    box = Box.from_xywh((x - x0) * scale, (y - y0) * scale, width * scale, height * scale)
    return crop, box, points.astype(np.float32)
