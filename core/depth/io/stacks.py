""".npy and .npz stacks of depth pictures as a source.

Convention: (N, H, W), or (H, W) for one, in `unit_mm`, 0 or NaN where nothing was seen. A .npz
calls it `depth` (or holds nothing else) and may have `camera` (fx, fy, u0, v0), `times` (N,) in s,
`rgb` (N, H, W, 3) in the same view, `truth_mm` (N, K, 3) of hand_21, icvl_16 or nyu_14, in their
order, and `unit_mm`. Untrusted: no pickles, and headers are looked at before room is made.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.frames import DepthFrame, check_size
from core.depth.io.camera_files import (
    camera_of,
    check_number,
    read_camera_beside,
    unknown_camera,
)
from core.depth.io.joint_tables import HANDS
from core.depth.io.recorded import MOST_FRAMES, RATE, Recorded
from core.errors import MediaError
from core.media.npz import NPZ_ERRORS, read_npz

_MOST_PIXELS = 16_000_000
_NONE = np.empty(0)
_SKELETONS = {skeleton.size: skeleton.name for skeleton in HANDS}

Arrays = dict[str, NDArray[Any]]


def open_stack(
    path: Path, *, camera: Camera | None = None, unit_mm: float | None = None
) -> "DepthStack":
    """The pictures of a .npy or .npz.

    Args:
        camera: it was taken by; None: as the .npz or camera.json beside it tells.
        unit_mm: of its numbers; None: as the file or camera.json tells, else 1.

    Raises:
        MediaError: no such stack, damaged, too large, or of an unknown camera.
    """
    arrays = read_npz(path) if path.suffix.lower() == ".npz" else {"depth": _mapped(path)}
    depth = _depth(arrays, path.name)
    size_hw = depth.shape[1], depth.shape[2]
    said, said_unit = _read_camera(arrays, size_hw, path.name)
    if said is None:
        said, beside = read_camera_beside(path.parent, size_hw)
        said_unit = said_unit or beside
    found = camera or said
    if found is None:
        raise unknown_camera(path.name, size_hw)
    check_size(depth[0].shape, found, path.name)
    _check_others(arrays, depth.shape, path.name)
    return DepthStack(path.name, found, depth, unit_mm or said_unit or 1.0, arrays)


class DepthStack(Recorded):
    """See `open_stack`."""

    def __init__(
        self, name: str, camera: Camera, depth: NDArray[Any], unit_mm: float, arrays: Arrays
    ) -> None:
        super().__init__(name, camera, len(depth))
        self._depth, self._unit_mm, self._arrays = depth, unit_mm, arrays

    def _frame(self, index: int) -> DepthFrame:
        depth_mm = np.asarray(self._depth[index], np.float32) * np.float32(self._unit_mm)
        depth_mm = np.nan_to_num(depth_mm, posinf=0, neginf=0).clip(min=0)
        times, rgb, truth = (self._arrays.get(name) for name in ("times", "rgb", "truth_mm"))
        return DepthFrame(
            depth_mm,
            self.camera,
            index / RATE if times is None else float(times[index]) - float(times[0]),
            index,
            None if rgb is None else rgb[index],
            None if truth is None else np.asarray(truth[index], np.float64),
            "" if truth is None else _SKELETONS.get(truth.shape[1], ""),
        )


def _mapped(path: Path) -> NDArray[Any]:
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except NPZ_ERRORS as error:
        said = " ".join(str(error).split())[:100]
        raise MediaError(f"{path.name} is no whole .npy of numbers ({said})") from None


def _depth(arrays: Arrays, name: str) -> NDArray[Any]:
    """(N, H, W)."""
    only = next(iter(arrays.values())) if len(arrays) == 1 else None
    depth = arrays.get("depth", only)
    if depth is None:
        raise MediaError(f"{name} has no array “depth” among {', '.join(sorted(arrays))[:100]}")
    depth = depth[None] if depth.ndim == 2 else depth
    sound = depth.ndim == 3 and depth.dtype.kind in "uif"
    if not sound or not 0 < depth.shape[1] * depth.shape[2] <= _MOST_PIXELS:
        raise MediaError(
            f"{name} holds {depth.dtype} {depth.shape}: expected are numbers of shape N, H, W"
        )
    if not 1 <= len(depth) <= MOST_FRAMES:
        raise MediaError(f"{name} has {len(depth):,} frames, expected are 1 to {MOST_FRAMES:,}")
    return depth


def _read_camera(
    arrays: Arrays, size_hw: tuple[int, int], name: str
) -> tuple[Camera | None, float | None]:
    """Camera and unit that a .npz gives; None for what it doesn't."""
    unit_mm = float(arrays["unit_mm"].ravel()[0]) if arrays.get("unit_mm", _NONE).size else None
    if "camera" in arrays:
        numbers = dict(zip(("fx", "fy", "u0", "v0"), arrays["camera"].ravel(), strict=False))
        document = {key: float(number) for key, number in numbers.items()}
        size = {"width": size_hw[1], "height": size_hw[0]}
        return camera_of({"name": name, "unit_mm": unit_mm} | document | size, name)
    if unit_mm is not None:
        check_number("unit_mm", unit_mm, name)
    return None, unit_mm


def _check_others(arrays: Arrays, shape: tuple[int, ...], name: str) -> None:
    """Refuse arrays beside the depth that haven't a row for each frame."""
    joints = arrays.get("truth_mm", _NONE).shape[1:2]
    shapes = {"times": shape[:1], "rgb": (*shape, 3), "truth_mm": (shape[0], *joints, 3)}
    for key in [key for key in shapes if key in arrays]:
        array, of_bytes = arrays[key], key == "rgb"
        if array.shape != shapes[key] or (of_bytes and array.dtype != np.uint8):
            raise MediaError(
                f"{name}: “{key}” is {array.dtype} {array.shape}, expected is {shapes[key]}"
                + (" of uint8" if of_bytes else "")
            )
    if not np.isfinite(arrays.get("times", 0)).all():
        raise MediaError(f"{name}: “times” holds what is no number: write each frame's seconds")
