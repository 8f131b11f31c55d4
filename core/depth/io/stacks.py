""".npy and .npz stacks of depth pictures as a source.

Convention: (N, H, W), or (H, W) for one, in `unit_mm`, 0 or NaN where nothing was seen. A .npz
names it `depth` (or has nothing else) and may have `camera` (fx, fy, u0, v0), `times` (N,) in s,
registered `rgb` (N, H, W, 3), `truth_mm` (N, K, 3) of hand_21, icvl_16 or nyu_14, in their order,
and `unit_mm`. Untrusted: no pickles, and headers are checked before memory is allocated.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Camera
from core.depth.frames import DEFAULT_FPS, DepthFrame, DepthRecording, check_frame_size
from core.depth.io.camera_files import (
    INTRINSICS,
    check_camera_value,
    choose_camera,
    parse_camera,
    read_camera_file,
)
from core.depth.io.joint_files import KNOWN_HANDS
from core.errors import MediaError
from core.media.archives import NPZ_ERRORS, read_npz
from core.media.limits import DEPTH
from core.words import words

_EMPTY = np.empty(0)
_SKELETONS = {skeleton.size: skeleton.name for skeleton in KNOWN_HANDS}

Arrays = dict[str, NDArray[Any]]


class DepthStack(DepthRecording):
    """The pictures of a .npy or .npz.

    Args:
        camera: overrides the file's own.
        unit_mm: of its numbers; None: from the file or camera.json, else 1.
    """

    def __init__(self, path: Path, camera: Camera | None, unit_mm: float | None) -> None:
        arrays = read_npz(path) if path.suffix.lower() == ".npz" else {"depth": _map_npy(path)}
        self._depth, self._arrays = _select_depth(arrays, path.name), arrays
        size_hw = self._depth.shape[1:]
        own_camera, own_unit = _read_camera_arrays(arrays, size_hw, path.name)
        if own_camera is None:
            own_camera, beside_unit = read_camera_file(path.parent, size_hw)
            own_unit = own_unit or beside_unit
        camera = choose_camera(path.name, size_hw, camera, own_camera)
        super().__init__(path.name, camera, len(self._depth))
        check_frame_size(size_hw, camera, path.name)
        _check_other_arrays(arrays, self._depth.shape, path.name)
        self._unit_mm = unit_mm or own_unit or 1.0

    def _read_frame(self, index: int) -> DepthFrame:
        """Return a frame's depth in mm, with the time, colours and true keypoints if stored."""
        depth_mm = np.asarray(self._depth[index], np.float32) * np.float32(self._unit_mm)
        depth_mm = np.nan_to_num(depth_mm, posinf=0, neginf=0).clip(min=0)
        times, rgb, truth = (self._arrays.get(name) for name in ("times", "rgb", "truth_mm"))
        return DepthFrame(
            depth_mm,
            self.camera,
            index / DEFAULT_FPS if times is None else float(times[index]) - float(times[0]),
            index,
            None if rgb is None else rgb[index],
            None if truth is None else np.asarray(truth[index], np.float64),
            "" if truth is None else _SKELETONS.get(truth.shape[1], ""),
        )


def _map_npy(path: Path) -> NDArray[Any]:
    """Memory-map an untrusted .npy of numbers read-only; raise MediaError for any other file."""
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except NPZ_ERRORS as error:
        reason = " ".join(str(error).split())[:100]
        raise MediaError(
            words("{file} is no whole .npy of numbers ({reason})", file=path.name, reason=reason)
        ) from None


def _select_depth(arrays: Arrays, name: str) -> NDArray[Any]:
    """Return the array "depth", or the only array, as (N, H, W); raise MediaError if it is missing,
    too large or has another shape."""
    only = next(iter(arrays.values())) if len(arrays) == 1 else None
    depth = arrays.get("depth", only)
    if depth is None:
        raise MediaError(
            words(
                "{name} has no array “depth” among {arrays}",
                name=name,
                arrays=", ".join(sorted(arrays))[:100],
            )
        )
    depth = depth[None] if depth.ndim == 2 else depth
    is_stack = depth.ndim == 3 and depth.dtype.kind in "uif"
    if not is_stack or not 0 < depth.shape[1] * depth.shape[2] <= DEPTH.max_pixels:
        raise MediaError(
            words(
                "{name} holds {kind} {shape}: expected are numbers of shape N, H, W",
                name=name,
                kind=depth.dtype,
                shape=depth.shape,
            )
        )
    if not 1 <= len(depth) <= DEPTH.max_frames:
        raise MediaError(
            words(
                "{name} has {count:,} frames, expected are 1 to {limit:,}",
                name=name,
                count=len(depth),
                limit=DEPTH.max_frames,
            )
        )
    return depth


def _read_camera_arrays(
    arrays: Arrays, size_hw: tuple[int, ...], name: str
) -> tuple[Camera | None, float | None]:
    """Return the camera and the mm per depth unit from a .npz's arrays, None for each that is
    missing; raise MediaError if a value is out of range."""
    unit_mm = float(arrays["unit_mm"].ravel()[0]) if arrays.get("unit_mm", _EMPTY).size else None
    if "camera" in arrays:
        height, width = size_hw
        document = {"name": name, "unit_mm": unit_mm, "width": width, "height": height}
        numbers = arrays["camera"].ravel()[: len(INTRINSICS)].tolist()
        return parse_camera(document | dict(zip(INTRINSICS, numbers, strict=False)), name)
    if unit_mm is not None:
        check_camera_value("unit_mm", unit_mm, name)
    return None, unit_mm


def _check_other_arrays(arrays: Arrays, shape: tuple[int, ...], name: str) -> None:
    """Raise MediaError if "times", "rgb" or "truth_mm" has another shape than the depth requires,
    rgb isn't uint8, or a time isn't finite."""
    joints = arrays.get("truth_mm", _EMPTY).shape[1:2]
    shapes = {"times": shape[:1], "rgb": (*shape, 3), "truth_mm": (shape[0], *joints, 3)}
    for key in shapes.keys() & arrays.keys():
        array, wanted, is_rgb = arrays[key], shapes[key], key == "rgb"
        if array.shape != wanted or (is_rgb and array.dtype != np.uint8):
            raise MediaError(
                words(
                    "{name}: “{key}” is {kind} {shape}, expected is {expected}",
                    name=name,
                    key=key,
                    kind=array.dtype,
                    shape=array.shape,
                    expected=words("{shape} of uint8", shape=wanted) if is_rgb else wanted,
                )
            )
    if not np.isfinite(arrays.get("times", 0)).all():
        raise MediaError(
            words("{name}: “times” has NaN or infinity: write each frame's seconds", name=name)
        )
