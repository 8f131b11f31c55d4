"""Reads COCO's files on persons: the annotations (person_keypoints_*.json), keypoints found
(a results file) and boxes found (a detections file).

Convention: as in the files: a box is x, y, width, height; keypoints are K rows of x, y and v, where
v is 0 not labelled, 1 hidden, 2 visible (in a results file v is ignored). Every entry is checked,
and a wrong one named by its number in its list, from 1.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TableError
from core.files import leads_out
from core.media.json_objects import BARE, is_list, json_objects
from core.pose.skeletons import COCO_17

Item = Mapping[str, Any]
_MOST = 1e7  # pixels; beyond it no number is a place in a picture


@dataclass(frozen=True)
class Image:
    """A picture of the annotations; `size_hw` is (0, 0) where the file does not say it."""

    id: int
    file_name: str
    size_hw: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Person:
    """An annotated person.

    Attributes:
        bbox: x, y, width, height.
        area: of the segmentation, square pixels.
        keypoints: (K, 3) x, y, v.
        num_keypoints: labelled ones, as the file says.
        iscrowd: it stands for many persons.
    """

    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float
    keypoints: NDArray[np.float64]
    num_keypoints: int
    iscrowd: bool


@dataclass(frozen=True)
class Annotations:
    """A person_keypoints file."""

    images: dict[int, Image]
    persons: list[Person]
    categories: list[int]


@dataclass(frozen=True, eq=False)
class Found:
    """An entry of a results file: keypoints (K, 3), and a bbox where all entries have one."""

    image_id: int
    category_id: int
    keypoints: NDArray[np.float64]
    score: float
    bbox: tuple[float, float, float, float] | None


@dataclass(frozen=True)
class Detection:
    """An entry of a detections file: where a person may be."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


def read_annotations(path: Path) -> Annotations:
    """Every picture, person and category of an annotation file.

    Raises:
        TableError: it is none; says what is wrong, and where.
    """
    if is_list(path):
        raise TableError(
            f"{path.name} is a list, as results and detections are; expected were annotations with "
            f"images, annotations and categories: give the files the other way round?"
        )
    images: dict[int, Image] = {}
    persons: dict[int, Person] = {}
    categories: list[int] = []
    for what, number, item in json_objects(path, ("images", "annotations", "categories")):
        where = f"{path.name}: {what} {number}"
        if what == "images":
            image = _image(item, where)
            images[image.id] = image
        elif what == "categories":
            categories.append(_whole(item, "id", where))
        else:
            person = _person(item, where)
            if person.id in persons:
                raise TableError(f"{where}: another annotation has its id {person.id}, too")
            persons[person.id] = person
    for name, entries in (
        ("images", images),
        ("annotations", persons),
        ("categories", categories),
    ):
        if not entries:
            raise TableError(f"{path.name} has no {name}: expected were COCO person keypoints")
    return Annotations(images, list(persons.values()), categories)


def read_results(path: Path) -> list[Found]:
    """Every entry of a results file; none where nothing was found.

    Raises:
        TableError: it is none; says what is wrong, and where.
    """
    return [
        Found(
            _whole(item, "image_id", where),
            _whole(item, "category_id", where),
            _keypoints(item, where),
            _number(item, "score", where),
            _box(item, where) if item.get("bbox") else None,
        )
        for where, item in _entries(path, "image_id, category_id, keypoints and score")
    ]


def read_detections(path: Path) -> list[Detection]:
    """Every box of a detections file.

    Raises:
        TableError: it is none; says what is wrong, and where.
    """
    return [
        Detection(
            _whole(item, "image_id", where),
            _whole(item, "category_id", where),
            _box(item, where),
            _number(item, "score", where),
        )
        for where, item in _entries(path, "image_id, category_id, bbox and score")
    ]


def _entries(path: Path, expected: str) -> Iterator[tuple[str, Item]]:
    if not is_list(path):
        raise TableError(
            f"{path.name} is no list: expected was one of objects with {expected}; are the files "
            f"given the other way round?"
        )
    for _, number, item in json_objects(path, BARE):
        yield f"{path.name}: entry {number}", item


def _image(item: Item, where: str) -> Image:
    name = item.get("file_name", "")
    name = name if isinstance(name, str) else ""
    if leads_out(name):
        raise TableError(f"{where}: “{name[:60]}” leads out of the pictures' folder")
    sizes = [item.get(side) for side in ("height", "width")]
    known = all(isinstance(side, int) and 0 <= side < _MOST for side in sizes)
    return Image(
        _whole(item, "id", where),
        name,
        (int(sizes[0]), int(sizes[1])) if known else (0, 0),  # type: ignore[arg-type]
    )


def _person(item: Item, where: str) -> Person:
    area = _number(item, "area", where)
    if area < 0:
        raise TableError(f"{where}: its area is {area}, expected is one of at least 0")
    return Person(
        _whole(item, "id", where),
        _whole(item, "image_id", where),
        _whole(item, "category_id", where),
        _box(item, where),
        area,
        _keypoints(item, where),
        _whole(item, "num_keypoints", where),
        bool(_whole(item, "iscrowd", where)),
    )


def _keypoints(item: Item, where: str) -> NDArray[np.float64]:
    numbers = _numbers(item, "keypoints", where)
    if len(numbers) != 3 * COCO_17.size:
        raise TableError(
            f"{where} has {len(numbers)} numbers as keypoints, expected are x, y and v of COCO's "
            f"{COCO_17.size}: {3 * COCO_17.size}"
        )
    return np.array(numbers, np.float64).reshape(-1, 3)


def _box(item: Item, where: str) -> tuple[float, float, float, float]:
    numbers = _numbers(item, "bbox", where)
    if len(numbers) != 4:
        raise TableError(
            f"{where}: its bbox has {len(numbers)} numbers, expected: x y width height"
        )
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def _numbers(item: Item, name: str, where: str) -> Sequence[float]:
    values = _value(item, name, where)
    if not isinstance(values, list) or not all(map(_is_number, values)):
        raise TableError(f"{where}: its {name} must be a list of numbers")
    return values


def _number(item: Item, name: str, where: str) -> float:
    value = _value(item, name, where)
    if not _is_number(value):
        raise TableError(f"{where}: its {name} must be a number, got {str(value)[:40]}")
    return float(value)


def _whole(item: Item, name: str, where: str) -> int:
    value = _value(item, name, where)
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not math.isfinite(value) or value != int(value) or abs(value) >= 2**53:
        raise TableError(f"{where}: its {name} must be a whole number, got {str(value)[:40]}")
    return int(value)


def _value(item: Item, name: str, where: str) -> Any:
    if name not in item:
        raise TableError(f"{where} has no {name}")
    return item[name]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST
