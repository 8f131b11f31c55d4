"""A camera's numbers as a file: camera.json, which we write, or intrinsics.txt (fx fy u0 v0).

Convention: {"name", "fx", "fy", "u0", "v0", "width", "height", "unit_mm"}, px but for `unit_mm`,
the mm that one step of the recorded numbers means; name and unit may be missing. Untrusted.
"""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.depth.cameras import CAMERAS, Camera
from core.errors import MediaError

CAMERA_FILE = "camera.json"
_INTRINSICS_FILE = "intrinsics.txt"
_MOST_BYTES = 65_536
_LIMITS = {  # what a camera can have
    "fx": (1, 1e5),
    "fy": (1, 1e5),
    "u0": (-1e5, 1e5),
    "v0": (-1e5, 1e5),
    "width": (1, 10_000),
    "height": (1, 10_000),
    "unit_mm": (1e-4, 100),
}


def read_camera_beside(
    folder: Path, size_hw: tuple[int, int]
) -> tuple[Camera | None, float | None]:
    """Camera and unit that files of a folder tell; None what none tells.

    Args:
        size_hw: of its pictures.

    Raises:
        MediaError: such a file that can't be read.
    """
    if (path := folder / CAMERA_FILE).is_file():
        return camera_of(_document(path), path.name)
    if (path := folder / _INTRINSICS_FILE).is_file():
        fields = _text(path).split()
        numbers = dict(zip(("fx", "fy", "u0", "v0"), map(_number, fields), strict=False))
        height, width = size_hw
        whole = numbers | {"name": folder.name, "width": width, "height": height}
        return camera_of(whole if len(fields) == 4 else {}, path.name)
    return None, None


def camera_of(document: Any, where: str) -> tuple[Camera, float | None]:
    """Camera and unit of such an object.

    Raises:
        MediaError: a number is missing or none that a camera can have.
    """
    numbers = document if isinstance(document, dict) else {}
    for name in _LIMITS:
        number = numbers.get(name)
        optional = name == "unit_mm" and number is None
        if not optional:
            check_number(name, number, where)
    unit_mm = numbers.get("unit_mm")
    camera = Camera(
        str(numbers.get("name", ""))[:80],
        float(numbers["fx"]),
        float(numbers["fy"]),
        float(numbers["u0"]),
        float(numbers["v0"]),
        int(numbers["width"]),
        int(numbers["height"]),
    )
    return camera, None if unit_mm is None else float(unit_mm)


def check_number(name: str, number: Any, where: str) -> None:
    """Refuse what a camera can't have under that name.

    Raises:
        MediaError: it is no number, or beyond the limits.
    """
    least, most = _LIMITS[name]
    if not _lies(number, least, most):
        raise MediaError(
            f"{where}: {name} is {str(number)[:40]}, expected is a number from {least:g} to "
            f"{most:g}; a camera has {', '.join(_LIMITS)}"
        )


def camera_document(camera: Camera, unit_mm: float = 1.0) -> dict[str, Any]:
    """What `camera_of` reads."""
    return asdict(camera) | {"unit_mm": unit_mm}


def unknown_camera(name: str, size_hw: tuple[int, int]) -> MediaError:
    """What to say where nothing tells the camera."""
    return MediaError(
        f"{name}: which camera took it ({size_hw[1]} x {size_hw[0]} pixels) isn't said: put "
        f"{CAMERA_FILE} with {', '.join(_LIMITS)} beside it, or name a camera: {', '.join(CAMERAS)}"
    )


def _document(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise MediaError(f"{path.name} is no JSON that can be read ({str(error)[:100]})") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise MediaError(f"{path.name} can't be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise MediaError(
            f"{path.name} has over {_MOST_BYTES:,} bytes: it holds a camera's numbers alone"
        )
    return content.decode("utf-8", errors="replace")


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return math.nan


def _lies(value: Any, least: float, most: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and least <= value <= most
