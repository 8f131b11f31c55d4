"""COCO-keypoints json: gestures as categories, an image a sample, as no two are known to be of one
picture. A sample of a table has no picture: its image has 0 x 0 pixels then.

What COCO has no place for stands under "mudra" in categories and annotations; other programs skip
it, `read_coco` takes it back: also the z of keypoints in space. A missing joint is 0, 0 with v = 0,
all others have v = 2. The box is the keypoints' own.
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
from core.exchange.tables.columns import COLUMNS, RENAMED, Row, about
from core.media.json_objects import json_objects, validate_object
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats
from core.store.rows import now, to_floats


def write_coco(first: Iterable[Row], again: Iterable[Row], out: Path, title: str) -> int:
    """Write the rows of `transfer.read_sample_rows`, given twice: COCO lists its images first.

    Returns:
        How many.
    """
    info = {"description": f"Mudra project {title}", "version": "1", "date_created": now()}
    categories: dict[str, dict[str, Any]] = {}
    done = 0
    with out.open("w", encoding="utf-8") as file:
        file.write(f'{{"info": {_json(info)},\n"licenses": [],\n"images": [')
        for row in first:
            size = {"width": row["width"] or 0, "height": row["height"] or 0}
            _item(file, {"id": _id(row), "file_name": row["source"], **size}, not categories)
            categories.setdefault(row["gesture"], _category(row, len(categories) + 1))
            done += row["frame"] == 0
        file.write('],\n"annotations": [')
        for number, row in enumerate(again):
            _item(file, _annotation(row, categories[row["gesture"]]["id"]), number == 0)
        file.write('],\n"categories": [')
        for number, category in enumerate(categories.values()):
            _item(file, category, number == 0)
        file.write("]}\n")
    return done


def _item(file: IO[str], item: dict[str, Any], first: bool) -> None:
    file.write(("\n" if first else ",\n") + _json(item))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


_OF_GESTURE = ("emoji", "position", "enabled", "kind")


def _category(row: Row, number: int) -> dict[str, Any]:
    skeleton = skeleton_named(row["skeleton"])
    edges = [[a + 1, b + 1] for a, b in skeleton.edges]
    mudra = {name: row[f"gesture_{name}"] for name in _OF_GESTURE}
    return {
        "id": number,
        "name": row["gesture"],
        "supercategory": skeleton.title,
        "keypoints": list(skeleton.joints),
        "skeleton": edges,
        "mudra": mudra,
    }


_IN_COCO = (
    "gesture",
    "id",
    "source",
    "height",
    "width",
    "joints",
    "gesture_emoji",
    "gesture_position",
    "gesture_enabled",
    "gesture_kind",
)


_FRAME = 2**32  # between the ids of a clip's frames, far above any number of samples


def _id(row: Row) -> int:
    """One for every frame; a still sample's own."""
    return int(row["id"] + row["frame"] * _FRAME)


def _annotation(row: Row, category: int) -> dict[str, Any]:
    deep = to_floats(row["keypoints"]).reshape(row["joints"], -1)
    points, there = deep[:, :2], np.isfinite(deep).all(axis=1)
    flat = [
        value
        for point, seen in zip(_short(points), np.atleast_1d(there), strict=True)
        for value in ((*point, 2) if seen else (0.0, 0.0, 0))
    ]
    x, y, width, height = _box(points[there])
    mudra = {name: value for name, value in about(row).items() if name not in _IN_COCO}
    for name in ("scores", "world"):
        values = None if row[name] is None else to_floats(row[name])
        mudra[name] = None if values is None else _short(values[:, None], none=True)
    if deep.shape[1] == 3:
        mudra["z"] = _short(deep[:, 2:], none=True)
    return {
        "id": _id(row),
        "image_id": _id(row),
        "category_id": category,
        "iscrowd": 0,
        "bbox": [x, y, width, height],
        "area": width * height,
        "num_keypoints": int(there.sum()),
        "keypoints": flat,
        "mudra": mudra,
    }


def _short(values: Floats, *, none: bool = False) -> list[Any]:
    """The rows of float32 numbers as Python's numbers with the shortest text; single ones flat."""
    found = [[float(text) for text in row] for row in values.astype(str).tolist()]
    if values.shape[1] > 1:
        return found
    return [None if none and value != value else value for (value,) in found]


def _box(points: Floats) -> tuple[float, float, float, float]:
    """x, y, width, height round the points there are."""
    if not len(points):
        return 0.0, 0.0, 0.0, 0.0
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    return (*map(float, low), *map(float, high - low))  # type: ignore[return-value]


# -------------------------------------------------------------------------------------------- in

Key = int | str
_Text = Annotated[str, Field(max_length=1000)]


def _to_array(values: list[float | None]) -> Floats:
    """float32, null being NaN."""
    numbers = np.array([np.nan if v is None else v for v in values], np.float64)
    with np.errstate(over="ignore"):  # what is too large is refused with the row
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
    """What COCO has no place for."""

    z: _Numbers | None = None
    scores: _Numbers | None = None
    world: _Numbers | None = None


_IMAGE, _CATEGORY = TypeAdapter(_Image), TypeAdapter(_Category)
_ANNOTATION, _OWN_NUMBERS = TypeAdapter(_Annotation), TypeAdapter(_OwnNumbers)


def read_coco(path: Path) -> Iterator[tuple[int, Row]]:
    """The annotations with keypoints, numbered from 1: a row with `keypoints`, `scores` and `world`
    as arrays, and what the file says of the columns of `data_columns.Taken`, unchecked.

    Of others' files that is gesture (the category), source, width and height; v = 1 becomes the
    score 0.5. Annotations without keypoints are skipped.

    Raises:
        TableError: no COCO json, or an annotation that can't be one, by its number.
    """
    images: dict[Key, _Image] = {}
    categories: dict[Key, _Category] = {}
    for what, number, item in json_objects(path, ("images", "categories")):
        where = f"{path.name}: {what} {number}"
        if what == "images":
            image = validate_object(_IMAGE, item, where)
            images[image.id] = image
        else:
            category = validate_object(_CATEGORY, item, where)
            categories[category.id] = category
    for _, number, item in json_objects(path, ("annotations",)):
        if not isinstance(item.get("keypoints"), list) or not item.get("num_keypoints", 1):
            continue
        where = f"{path.name}: annotation {number}"
        annotation = validate_object(_ANNOTATION, item, where)
        if annotation.category_id not in categories:
            raise TableError(f"{where} is of an unknown category")
        image = images.get(annotation.image_id, _Image(annotation.image_id))
        yield number, _row(annotation, categories[annotation.category_id], image, where)


def _row(annotation: _Annotation, category: _Category, image: _Image, where: str) -> Row:
    flat, kept = annotation.keypoints, annotation.mudra
    if not len(flat) or len(flat) % 3 or len(flat) > 3 * MAX_JOINTS:
        raise TableError(f"{where} has {len(flat)} numbers as keypoints, expected three a joint")
    points, seen = flat.reshape(-1, 3)[:, :2].copy(), flat.reshape(-1, 3)[:, 2]
    own = validate_object(_OWN_NUMBERS, kept, where)
    if own.z is not None:
        if len(own.z) != len(points):
            raise TableError(f"{where} has {len(own.z)} numbers as z of {len(points)} keypoints")
        points = np.column_stack([points, own.z])
    points[seen == 0] = np.nan
    known = {RENAMED.get(name, name): value for name, value in kept.items()}
    row = {name: value for name, value in known.items() if name in COLUMNS}
    row |= {f"gesture_{n}": category.mudra[n] for n in _OF_GESTURE if n in category.mudra}
    return row | {
        "id": annotation.id % _FRAME if isinstance(annotation.id, int) else 0,
        "gesture": category.name,
        "source": image.file_name,
        "width": image.width or None,
        "height": image.height or None,
        "joints": len(points),
        "keypoints": points,
        "scores": seen / 2 if own.scores is None else own.scores,
        "world": own.world,
    }
