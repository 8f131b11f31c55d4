"""The boxes of a picture's people, from a detections file or from COCO annotations.

Convention: a picture is told by its file's name,
or by its number, which COCO's file names are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from core.datasets.coco import read_annotations, read_detections
from core.media.json_objects import is_list
from core.pose.boxes import Box, clip_box

MOST = 20  # of a picture: as many as COCO counts
LEAST_SCORE = 0.3  # of a detection
_PERSON = 1  # COCO's category


@dataclass(frozen=True, eq=False)
class PersonBoxes:
    """Who is where in many pictures.

    Attributes:
        by_id: the boxes of each picture's number, the surest first.
        ids: the numbers of pictures by their file's name, as far as the file says them.
    """

    by_id: Mapping[int, list[Box]]
    ids: Mapping[str, int]

    def of(self, name: str, size_hw: tuple[int, int]) -> list[Box]:
        """The boxes in a picture as far as they are inside it, at most 20; none where the file has
        none of it. Of a file about one picture they are this one's, whatever its name."""
        number = self._number(PurePath(name))
        cut = (clip_box(box, size_hw) for box in self.by_id.get(number, []))
        return [box for box in cut if box is not None][:MOST]

    def _number(self, name: PurePath) -> int:
        if name.name in self.ids:
            return self.ids[name.name]
        if len(self.by_id) == 1:
            return next(iter(self.by_id))
        return int(name.stem) if name.stem.isascii() and name.stem.isdigit() else -1


def read_person_boxes(path: Path) -> PersonBoxes:
    """A list of {image_id, category_id, bbox, score}, of which unsure ones and those of no person
    are left out; or annotations, of which crowds are left out.

    Raises:
        TableError: the file is neither; says what is wrong, and where.
    """
    found: dict[int, list[Box]] = {}
    if is_list(path):
        detections = sorted(read_detections(path), key=lambda one: -one.score)
        for one in detections:
            if one.category_id == _PERSON and one.score >= LEAST_SCORE:
                found.setdefault(one.image_id, []).append(Box.from_xywh(*one.bbox))
        return PersonBoxes(found, {})
    annotations = read_annotations(path)
    for person in annotations.persons:
        if not person.iscrowd:
            found.setdefault(person.image_id, []).append(Box.from_xywh(*person.bbox))
    ids = {PurePath(image.file_name).name: image.id for image in annotations.images.values()}
    return PersonBoxes(found, ids)
