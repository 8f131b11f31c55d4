"""Reads COCO's files on persons: annotations (person_keypoints_*.json), results and detections;
`read_person_boxes` finds a picture's people in them.

Convention: as in the files: a box is x, y, width, height; keypoints are K rows of x, y and v: 0 not
labelled, 1 hidden, 2 visible (in results v is ignored). Errors name an entry by its number, from 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, Field, GetPydanticSchema, TypeAdapter

from core.errors import TableError
from core.files import leads_out
from core.media.json_objects import TOP_LEVEL, is_list, iterate_json_objects, validate_object
from core.pose.boxes import Box, clip_box
from core.pose.skeletons.table import COCO_17
from core.words import words

_MAX_VALUE = 1e7  # px

_Entry = TypeVar("_Entry")


def _to_int(value: Any) -> Any:
    """Convert 7.0 to 7; other values are left to the validator."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_file_name(name: Any) -> str:
    if isinstance(name, str) and leads_out(name):
        raise ValueError(f"“{name[:60]}” leads out of the pictures' folder")
    return name if isinstance(name, str) else ""


Number = Annotated[float, Field(strict=True, ge=-_MAX_VALUE, le=_MAX_VALUE)]
Whole = Annotated[int, BeforeValidator(_to_int), Field(strict=True, ge=-(2**53), le=2**53)]
Xywh = tuple[Number, Number, Number, Number]
_KeypointList = Annotated[
    list[Number],
    Field(min_length=3 * COCO_17.size, max_length=3 * COCO_17.size),
    AfterValidator(lambda numbers: np.array(numbers, np.float64).reshape(-1, 3)),
]
Keypoints = Annotated[
    NDArray[np.float64], GetPydanticSchema(lambda _, handler: handler(_KeypointList))
]


@dataclass(frozen=True)
class Image:
    """A picture of the annotations; `size_hw` is (0, 0) if the file has none."""

    id: Whole
    file_name: Annotated[str, BeforeValidator(_check_file_name)]
    size_hw: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Person:
    """An annotated person."""

    id: Whole
    image_id: Whole
    category_id: Whole
    bbox: Xywh  # x, y, width, height
    area: Annotated[Number, Field(ge=0)]  # of the segmentation, square pixels
    keypoints: Keypoints  # (K, 3) x, y, v
    num_keypoints: Whole  # labelled ones, by the file
    iscrowd: bool  # the box is of many persons


@dataclass(frozen=True)
class Annotations:
    """A person_keypoints file."""

    images: dict[int, Image]
    persons: list[Person]
    categories: list[int]


@dataclass(frozen=True, eq=False)
class KeypointResult:
    """An entry of a results file: keypoints (K, 3), and a bbox if all entries have one."""

    image_id: Whole
    category_id: Whole
    keypoints: Keypoints
    score: Number
    bbox: Annotated[Xywh | None, BeforeValidator(lambda box: box or None)] = None


@dataclass(frozen=True)
class Detection:
    """An entry of a detections file: a predicted box."""

    image_id: Whole
    category_id: Whole
    bbox: Xywh
    score: Number


@dataclass(frozen=True)
class _Category:
    id: Whole


_IMAGE, _PERSON, _CATEGORY = TypeAdapter(Image), TypeAdapter(Person), TypeAdapter(_Category)
_RESULT, _DETECTION = TypeAdapter(KeypointResult), TypeAdapter(Detection)


def read_annotations(path: Path) -> Annotations:
    """Read a COCO file of person keypoints; raise TableError if it is damaged or has no entries."""
    if is_list(path):
        raise TableError(
            words(
                "{file} is a list, as results and detections are; expected were annotations "
                "with images, annotations and categories: were the two files swapped?",
                file=path.name,
            )
        )
    images: dict[int, Image] = {}
    persons: dict[int, Person] = {}
    categories: list[int] = []
    for list_name, number, item in iterate_json_objects(
        path, ("images", "annotations", "categories")
    ):
        where = f"{path.name}: {list_name} {number}"
        if list_name == "images":
            image = validate_object(_IMAGE, item | {"size_hw": _read_size_hw(item)}, where)
            images[image.id] = image
        elif list_name == "categories":
            categories.append(validate_object(_CATEGORY, item, where).id)
        else:
            person = validate_object(_PERSON, item, where)
            if person.id in persons:
                raise TableError(
                    words(
                        "{entry}: its id {id} is another annotation's, too",
                        entry=where,
                        id=person.id,
                    )
                )
            persons[person.id] = person
    lists = {"images": images, "annotations": persons, "categories": categories}
    for name, entries in lists.items():
        if not entries:
            raise TableError(
                words(
                    "{file} has no {name}: expected were COCO person keypoints",
                    file=path.name,
                    name=name,
                )
            )
    return Annotations(images, list(persons.values()), categories)


def read_results(path: Path) -> list[KeypointResult]:
    """Read the entries of a results file; raise TableError naming the wrong entry."""
    return _read_entries(path, _RESULT, words("image_id, category_id, keypoints and score"))


def read_detections(path: Path) -> list[Detection]:
    """Read the boxes of a detections file; raise TableError naming the wrong entry."""
    return _read_entries(path, _DETECTION, words("image_id, category_id, bbox and score"))


def _read_entries(path: Path, kind: TypeAdapter[_Entry], fields: str) -> list[_Entry]:
    """Read and validate the objects of a JSON list; raise TableError if one is damaged."""
    if not is_list(path):
        raise TableError(
            words(
                "{file} is no list: expected was one of objects with {fields}; were the two "
                "files swapped?",
                file=path.name,
                fields=fields,
            )
        )
    items = iterate_json_objects(path, TOP_LEVEL)
    file = path.name
    return [
        validate_object(kind, item, words("{file}: entry {n}", file=file, n=n))
        for _, n, item in items
    ]


def _read_size_hw(image: dict[str, Any]) -> tuple[int, int]:
    """Return an image entry's height and width; (0, 0) if they are missing or out of range."""
    height, width = image.get("height"), image.get("width")
    known = all(isinstance(side, int) and 0 <= side < _MAX_VALUE for side in (height, width))
    return (height, width) if known else (0, 0)  # type: ignore[return-value]


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
