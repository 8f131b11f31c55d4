"""A camera's intrinsics as a file: camera.json, which we write, or intrinsics.txt (fx fy u0 v0).

Convention: {"name", "fx", "fy", "u0", "v0", "width", "height", "unit_mm"}, px but for `unit_mm`,
the mm of one step of the recorded numbers; name and unit are optional. Untrusted.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.depth.cameras import CAMERAS, Camera
from core.errors import MediaError
from core.files import wrap_os_errors
from core.media.limits import DEPTH
from core.words import words

CAMERA_FILE = "camera.json"
INTRINSICS = ("fx", "fy", "u0", "v0")
_INTRINSICS_FILE = "intrinsics.txt"
_RANGES = {
    "fx": (1, 1e5),
    "fy": (1, 1e5),
    "u0": (-1e5, 1e5),
    "v0": (-1e5, 1e5),
    "width": (1, 10_000),
    "height": (1, 10_000),
    "unit_mm": (1e-4, 100),
}


def read_camera_file(folder: Path, size_hw: tuple[int, ...]) -> tuple[Camera | None, float | None]:
    """Read the camera and the mm per depth unit from a folder's camera.json, or else its
    intrinsics.txt; None, None if neither exists. Raise MediaError for a damaged file."""
    if (path := folder / CAMERA_FILE).is_file():
        return parse_camera(parse_json(_read_camera_text(path), path.name), path.name)
    if (path := folder / _INTRINSICS_FILE).is_file():
        fields = _read_camera_text(path).split()
        height, width = size_hw
        values: dict[str, Any] = {"name": folder.name, "width": width, "height": height}
        if len(fields) == len(INTRINSICS):
            values |= {name: _to_float(f) for name, f in zip(INTRINSICS, fields, strict=True)}
        return parse_camera(values, path.name)
    return None, None


def parse_camera(document: Any, location: str) -> tuple[Camera, float | None]:
    """Parse the camera, and the mm per depth unit or None, from the content of a camera.json; raise
    MediaError if a value is missing or out of range."""
    values = document if isinstance(document, dict) else {}
    for name in _RANGES:
        if name != "unit_mm" or values.get(name) is not None:
            check_camera_value(name, values.get(name), location)
    fx, fy, u0, v0 = (float(values[name]) for name in INTRINSICS)
    size = int(values["width"]), int(values["height"])
    unit_mm = values.get("unit_mm")
    camera = Camera(str(values.get("name", ""))[:80], fx, fy, u0, v0, *size)
    return camera, None if unit_mm is None else float(unit_mm)


def check_camera_value(name: str, value: Any, location: str) -> None:
    """Raise MediaError if a camera's value isn't a number in the range allowed for its name."""
    low, high = _RANGES[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and low <= value <= high):
        raise MediaError(
            words(
                "{location}: {name} is {value}, expected is a number from {low:g} to "
                "{high:g}; a camera has {fields}",
                location=location,
                name=name,
                value=str(value)[:40],
                low=low,
                high=high,
                fields=", ".join(_RANGES),
            )
        )


def camera_to_json(camera: Camera, unit_mm: float = 1.0) -> str:
    """Return the text that `parse_json` and `parse_camera` read."""
    return json.dumps(asdict(camera) | {"unit_mm": unit_mm}, indent=1)


def choose_camera(name: str, size_hw: tuple[int, ...], *candidates: Camera | None) -> Camera:
    """Return the first candidate that is not None; raise MediaError if all are None."""
    for camera in candidates:
        if camera is not None:
            return camera
    raise MediaError(
        words(
            "{name}: its camera ({width} x {height} pixels) is unknown: put {file} with "
            "{fields} beside it, or name a camera: {cameras}",
            name=name,
            width=size_hw[1],
            height=size_hw[0],
            file=CAMERA_FILE,
            fields=", ".join(_RANGES),
            cameras=", ".join(CAMERAS),
        )
    )


def parse_json(text: str, location: str) -> Any:
    """Parse an untrusted JSON text; raise MediaError if it is invalid."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MediaError(
            words(
                "{location} is no JSON that can be read ({error})",
                location=location,
                error=str(error)[:100],
            )
        ) from None


def _read_camera_text(path: Path) -> str:
    """Read a text file of up to 64 kB; raise MediaError if it is larger or can't be read."""
    with (
        wrap_os_errors(MediaError, words("{file} can't be read", file=path.name)),
        path.open("rb") as file,
    ):
        content = file.read(DEPTH.max_camera_bytes + 1)
    if len(content) > DEPTH.max_camera_bytes:
        raise MediaError(
            words(
                "{file} has over {limit:,} bytes: keep one camera's values",
                file=path.name,
                limit=DEPTH.max_camera_bytes,
            )
        )
    return content.decode("utf-8", errors="replace")


def _to_float(field: str) -> float | str:
    """Convert a text to a float; return any other text for `check_camera_value` to reject."""
    try:
        return float(field)
    except ValueError:
        return field
