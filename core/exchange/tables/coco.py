"""COCO-keypoints json: gestures as categories, one image and annotation per frame.

What COCO has no place for is under "mudra" in categories and annotations, also the z of keypoints
in space; other programs skip it. A missing keypoint is 0, 0 with v = 0, all others have v = 2.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field, GetPydanticSchema, TypeAdapter

from core.errors import TableError
from core.exchange.project.manifest import MAX_JOINTS
from core.exchange.tables.columns import COLUMNS, OLD_NAMES, Row
from core.media.json_objects import iterate_json_objects, validate_object
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats
from core.store.rows import now, to_floats
from core.words import words

_GESTURE_COLUMNS = ("emoji", "position", "enabled", "kind")
_ELSEWHERE = (  # columns that COCO's own fields hold
    *("gesture", "id", "source", "height", "width", "joints"),
    *(f"gesture_{name}" for name in _GESTURE_COLUMNS),
)
_FRAME_STEP = 2**32  # between the ids of a clip's frames, far above any number of samples


def write_coco(first: Iterable[Row], again: Iterable[Row], out: Path, title: str) -> int:
    """Write frames as COCO keypoints json: images from `first`, annotations from `again`, a second
    iteration over the same rows; return the number of samples."""
    info = {"description": f"Mudra project {title}", "version": "1", "date_created": now()}
    categories: dict[str, dict[str, Any]] = {}
    samples = 0
    with out.open("w", encoding="utf-8") as file:
        file.write(f'{{"info": {_to_json(info)},\n"licenses": [],\n"images": [')
        for row in first:
            size = {"width": row["width"] or 0, "height": row["height"] or 0}
            image = {"id": _make_image_id(row), "file_name": row["source"], **size}
            _write_item(file, image, first=not categories)
            categories.setdefault(row["gesture"], _to_category(row, len(categories) + 1))
            samples += row["frame"] == 0
        file.write('],\n"annotations": [')
        for number, row in enumerate(again):
            annotation = _to_annotation(row, categories[row["gesture"]]["id"])
            _write_item(file, annotation, first=number == 0)
        file.write('],\n"categories": [')
        for number, category in enumerate(categories.values()):
            _write_item(file, category, first=number == 0)
        file.write("]}\n")
    return samples


def _write_item(file: IO[str], item: dict[str, Any], *, first: bool) -> None:
    """Write an item of a JSON list, after a comma unless it is the first."""
    file.write(("\n" if first else ",\n") + _to_json(item))


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _make_image_id(row: Row) -> int:
    """Return a number for each frame; for the first one the sample's."""
    return int(row["id"] + row["frame"] * _FRAME_STEP)


def _to_category(row: Row, number: int) -> dict[str, Any]:
    """Convert a row's gesture and skeleton to a COCO category with Mudra's columns."""
    skeleton = skeleton_named(row["skeleton"])
    return {
        "id": number,
        "name": row["gesture"],
        "supercategory": skeleton.title,
        "keypoints": list(skeleton.joints),
        "skeleton": [[a + 1, b + 1] for a, b in skeleton.edges],
        "mudra": {name: row[f"gesture_{name}"] for name in _GESTURE_COLUMNS},
    }


def _to_annotation(row: Row, category_id: int) -> dict[str, Any]:
    """Convert a frame to a COCO annotation with the keypoints' bounding box; missing keypoints get
    v = 0, and Mudra's columns are in "mudra"."""
    keypoints = to_floats(row["keypoints"]).reshape(row["joints"], -1)
    is_present = np.atleast_1d(np.isfinite(keypoints).all(axis=1))
    flat: list[float] = []
    for point, present in zip(keypoints[:, :2], is_present, strict=True):
        flat += [*_to_numbers(point), 2] if present else [0.0, 0.0, 0]
    x, y, width, height = 0.0, 0.0, 0.0, 0.0
    if is_present.any():
        points = keypoints[is_present, :2].astype(float)
        x, y = map(float, points.min(axis=0))
        width, height = map(float, np.ptp(points, axis=0))
    mudra = {name: row[name] for name in COLUMNS if name not in _ELSEWHERE}
    for name in ("scores", "world"):
        mudra[name] = None if row[name] is None else _to_numbers(to_floats(row[name]))
    if keypoints.shape[1] == 3:
        mudra["z"] = _to_numbers(keypoints[:, 2])
    return {
        "id": _make_image_id(row),
        "image_id": _make_image_id(row),
        "category_id": category_id,
        "iscrowd": 0,
        "bbox": [x, y, width, height],
        "area": width * height,
        "num_keypoints": int(is_present.sum()),
        "keypoints": flat,
        "mudra": mudra,
    }


def _to_numbers(values: Floats) -> list[Any]:
    """Return float32 values as Python numbers with the shortest text; NaN becomes None."""
    return [None if text == "nan" else float(text) for text in values.astype(str).tolist()]


Key = int | str
_Text = Annotated[str, Field(max_length=1000)]


def _to_array(values: list[float | None]) -> Floats:
    """Convert numbers to a float32 array; None becomes NaN."""
    numbers = np.array([np.nan if v is None else v for v in values], np.float64)
    with np.errstate(over="ignore"):  # too large numbers are rejected with their row
        return numbers.astype(np.float32)


_NumberList = Annotated[
    list[Annotated[float, Field(strict=True)] | None], AfterValidator(_to_array)
]
_Numbers = Annotated[Floats, GetPydanticSchema(lambda _, handler: handler(_NumberList))]


@dataclass(frozen=True)
class _Image:
    id: Key
    file_name: _Text = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class _Category:
    id: Key
    name: _Text | None = None
    mudra: Annotated[dict[str, bool | int | float | _Text | None], Field(max_length=5)] = field(
        default_factory=dict
    )


@dataclass(frozen=True, eq=False)
class _Annotation:
    category_id: Key
    image_id: Key
    keypoints: _Numbers
    id: Any = 0
    mudra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _OwnNumbers:
    """The arrays under "mudra"."""

    z: _Numbers | None = None
    scores: _Numbers | None = None
    world: _Numbers | None = None


_IMAGE, _CATEGORY = TypeAdapter(_Image), TypeAdapter(_Category)
_ANNOTATION, _OWN_NUMBERS = TypeAdapter(_Annotation), TypeAdapter(_OwnNumbers)


def read_coco(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (number from 1, row) of each annotation with keypoints; columns and arrays are not
    validated yet.

    From files of other programs this is gesture (the category), source, width and height; v = 1
    becomes the score 0.5. Annotations without keypoints are skipped. Raises TableError: not COCO
    json, or an invalid annotation, named by its number.
    """
    images: dict[Key, _Image] = {}
    categories: dict[Key, _Category] = {}
    for part, number, item in iterate_json_objects(path, ("images", "categories")):
        where = f"{path.name}: {part} {number}"
        if part == "images":
            image = validate_object(_IMAGE, item, where)
            images[image.id] = image
        else:
            category = validate_object(_CATEGORY, item, where)
            categories[category.id] = category
    for _, number, item in iterate_json_objects(path, ("annotations",)):
        if not isinstance(item.get("keypoints"), list) or not item.get("num_keypoints", 1):
            continue
        where = f"{path.name}: annotation {number}"
        annotation = validate_object(_ANNOTATION, item, where)
        if annotation.category_id not in categories:
            raise TableError(words("{place} is of an unknown category", place=where))
        image = images.get(annotation.image_id, _Image(annotation.image_id))
        yield number, _to_row(annotation, categories[annotation.category_id], image, where)


def _to_row(annotation: _Annotation, category: _Category, image: _Image, where: str) -> Row:
    """Convert an annotation with its category and image to a row; keypoints with v = 0 become NaN.
    Raise TableError if an array has the wrong length."""
    flat = annotation.keypoints
    if not len(flat) or len(flat) % 3 or len(flat) > 3 * MAX_JOINTS:
        raise TableError(
            words(
                "{place} has {n} numbers as keypoints, expected three a joint",
                place=where,
                n=len(flat),
            )
        )
    points, visible = flat.reshape(-1, 3)[:, :2].copy(), flat.reshape(-1, 3)[:, 2]
    own = validate_object(_OWN_NUMBERS, annotation.mudra, where)
    if own.z is not None:
        if len(own.z) != len(points):
            raise TableError(
                words(
                    "{place} has {n} numbers as z of {keypoints} keypoints",
                    place=where,
                    n=len(own.z),
                    keypoints=len(points),
                )
            )
        points = np.column_stack([points, own.z])
    points[visible == 0] = np.nan
    named = {OLD_NAMES.get(name, name): value for name, value in annotation.mudra.items()}
    columns = {name: value for name, value in named.items() if name in COLUMNS}
    gesture = {f"gesture_{n}": category.mudra.get(n) for n in _GESTURE_COLUMNS}
    return (
        columns
        | gesture
        | {
            "id": annotation.id % _FRAME_STEP if isinstance(annotation.id, int) else 0,
            "gesture": category.name,
            "source": image.file_name,
            "width": image.width or None,
            "height": image.height or None,
            "joints": len(points),
            "keypoints": points,
            "scores": visible / 2 if own.scores is None else own.scores,
            "world": own.world,
        }
    )
