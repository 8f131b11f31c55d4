"""The boxes of a picture's people, from a detections file or from COCO annotations.

Convention: boxes are in picture pixels. Pictures are found by their file's
name, or by their number, which COCO's file names are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from core.datasets.coco import read_annotations, read_detections
from core.media.json_objects import is_list
from core.pose.boxes import Box, clip_box

MAX_BOXES = 20  # of a picture, as in COCO's evaluation
_MIN_SCORE = 0.3
_PERSON_CATEGORY = 1


@dataclass(frozen=True, eq=False)
class PersonBoxes:
    """The boxes of many pictures' people."""

    by_id: Mapping[int, list[Box]]  # the boxes by the picture's number, the most confident first
    ids: Mapping[str, int]  # the pictures' numbers by their file's name, if the file has them

    def find_boxes(self, file_name: str, size_hw: tuple[int, int]) -> list[Box]:
        """Return a picture's first `MAX_BOXES` boxes, clipped to it; if the file has boxes of only
        one picture, return those for any picture."""
        number = self._find_number(PurePath(file_name))
        clipped = (clip_box(box, size_hw) for box in self.by_id.get(number, []))
        return [box for box in clipped if box is not None][:MAX_BOXES]

    def _find_number(self, path: PurePath) -> int:
        """Return a picture's id by its name, else the only id, else its name's number or −1."""
        if path.name in self.ids:
            return self.ids[path.name]
        if len(self.by_id) == 1:
            return next(iter(self.by_id))
        return int(path.stem) if path.stem.isascii() and path.stem.isdigit() else -1


def read_person_boxes(path: Path) -> PersonBoxes:
    """Read each picture's person boxes from COCO detections (persons only, confident ones, best
    first), or from COCO annotations without crowds. Raise TableError for other files."""
    by_id: dict[int, list[Box]] = {}
    if is_list(path):
        for detection in sorted(read_detections(path), key=lambda d: -d.score):
            if detection.category_id == _PERSON_CATEGORY and detection.score >= _MIN_SCORE:
                by_id.setdefault(detection.image_id, []).append(Box.from_xywh(*detection.bbox))
        return PersonBoxes(by_id, {})
    annotations = read_annotations(path)
    for person in annotations.persons:
        if not person.iscrowd:
            by_id.setdefault(person.image_id, []).append(Box.from_xywh(*person.bbox))
    ids = {PurePath(image.file_name).name: image.id for image in annotations.images.values()}
    return PersonBoxes(by_id, ids)
