"""COCO-keypoints json: gestures as categories, an image a sample, as no two are known to be of one
picture. A sample of a table has no picture: its image has 0 x 0 pixels then.

What COCO has no place for stands under "mudra" in categories and annotations; other programs skip
it, `read_coco` takes it back: also the z of keypoints in space. A missing joint is 0, 0 with v = 0,
all others have v = 2. The box is the keypoints' own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.errors import TableError
from core.exchange.data_columns import COLUMNS, RENAMED, Row, about
from core.exchange.manifest import MAX_JOINTS
from core.media.json_objects import json_objects
from core.pose.skeletons import skeleton_named
from core.pose.types import Floats
from core.store.rows import array, now


def write_coco(first: Iterable[Row], again: Iterable[Row], out: Path, title: str) -> int:
    """Write samples as `transfer.sample_rows` gives them, given twice: COCO has its images first.

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
    deep = array(row["keypoints"]).reshape(row["joints"], -1)
    points, there = deep[:, :2], np.isfinite(deep).all(axis=1)
    flat = [
        value
        for point, seen in zip(_short(points), np.atleast_1d(there), strict=True)
        for value in ((*point, 2) if seen else (0.0, 0.0, 0))
    ]
    x, y, width, height = _box(points[there])
    mudra = {name: value for name, value in about(row).items() if name not in _IN_COCO}
    for name in ("scores", "world"):
        values = None if row[name] is None else array(row[name])
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

_IMAGE, _CATEGORY = ("file_name", "width", "height"), ("name", "mudra")

Key = int | str


def read_coco(path: Path) -> Iterator[tuple[int, Row]]:
    """The annotations with keypoints, numbered from 1: a row with `keypoints`, `scores` and `world`
    as blobs, and what the file says of the columns of `data_columns.Taken`, unchecked.

    Of others' files that is gesture (the category), source, width and height; v = 1 becomes the
    score 0.5. Annotations without keypoints are skipped.

    Raises:
        TableError: no COCO json, or an annotation that can't be one, by its number.
    """
    images: dict[Key, Row] = {}
    categories: dict[Key, Row] = {}
    for what, number, item in json_objects(path, ("images", "categories")):
        kept, names = (images, _IMAGE) if what == "images" else (categories, _CATEGORY)
        kept[_key(item, "id", path, number)] = {n: item[n] for n in names if _small(item.get(n))}
    for _, number, item in json_objects(path, ("annotations",)):
        if not isinstance(item.get("keypoints"), list) or not item.get("num_keypoints", 1):
            continue
        category = categories.get(_key(item, "category_id", path, number))
        if category is None:
            raise TableError(f"{path.name}: annotation {number} is of an unknown category")
        image = images.get(_key(item, "image_id", path, number), {})
        yield number, _row(item, category, image, f"{path.name}: annotation {number}")


def _small(value: Any) -> bool:
    """Whether it is one short value, or a few of them."""
    few = isinstance(value, dict) and len(value) <= 5 and all(map(_single, value.values()))
    return few or _single(value)


def _single(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 1000)


def _key(item: Row, name: str, path: Path, number: int) -> Key:
    key = item.get(name)
    if not isinstance(key, int | str):
        raise TableError(f"{path.name}: object {number} has no {name}")
    return key


def _row(item: Row, category: Row, image: Row, where: str) -> Row:
    flat = _numbers(item["keypoints"], where)
    if not len(flat) or len(flat) % 3 or len(flat) > 3 * MAX_JOINTS:
        raise TableError(f"{where} has {len(flat)} numbers as keypoints, expected three a joint")
    points, seen = flat.reshape(-1, 3)[:, :2].copy(), flat.reshape(-1, 3)[:, 2]
    kept, of_gesture = _dict(item.get("mudra")), _dict(category.get("mudra"))
    if kept.get("z") is not None:
        z = _numbers(kept["z"], where)
        if len(z) != len(points):
            raise TableError(f"{where} has {len(z)} numbers as z of {len(points)} keypoints")
        points = np.column_stack([points, z])
    points[seen == 0] = np.nan
    known = {RENAMED.get(name, name): value for name, value in kept.items()}
    row = {name: value for name, value in known.items() if name in COLUMNS}
    row |= {f"gesture_{n}": of_gesture[n] for n in _OF_GESTURE if n in of_gesture}
    row |= {
        "id": number % _FRAME if isinstance(number := item.get("id"), int) else 0,
        "gesture": category.get("name"),
        "source": image.get("file_name", ""),
        "width": image.get("width") or None,
        "height": image.get("height") or None,
        "joints": len(points),
        "keypoints": points,
        "scores": seen / 2 if kept.get("scores") is None else _numbers(kept["scores"], where),
        "world": None if kept.get("world") is None else _numbers(kept["world"], where),
    }
    return row


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _numbers(values: Any, where: str) -> Floats:
    """A list of numbers, null being NaN."""
    plain = isinstance(values, list) and all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in values
    )
    if not plain:
        raise TableError(f"{where}: keypoints, scores and world must be lists of numbers")
    try:
        return np.array([np.nan if v is None else v for v in values], np.float64).astype(np.float32)
    except OverflowError as error:
        raise TableError(f"{where}: a number is out of all proportion") from error
