"""Reads a PyTorch state dict (`.pth`) with `torch.load(weights_only=True)`: tensors only."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import WeightsError
from core.media.limits import MODEL

# mmpose's files also contain the keypoints' OKS sigmas as a numpy array. These globals build arrays
# and nothing else; files from before numpy 2 name the first by its old module.
_RECONSTRUCT = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
_NUMPY_GLOBALS: list[Any] = [
    _RECONSTRUCT,
    (_RECONSTRUCT, "numpy.core.multiarray._reconstruct"),
    np.ndarray,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "u1", "b1")),
]
_DTYPES = (
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
)


def read_torch(path: Path) -> dict[str, NDArray[Any]]:
    """Read a PyTorch state dict, possibly nested under "state_dict", as name → array, without
    running the file's code. Raises WeightsError: the file is too large or truncated, or contains
    anything but named tensors."""
    if _count_unpacked_bytes(path) > MODEL.max_published_bytes:
        limit_mb = MODEL.max_published_bytes >> 20
        raise WeightsError(f"{path.name} has over {limit_mb} MB unpacked: no net is so large")
    try:
        with torch.serialization.safe_globals(_NUMPY_GLOBALS):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises any type, and its message advises to run the file's code
        raise WeightsError(
            f"{path.name} is incomplete, or contains more than tensors: no code in it was run, get "
            "the file again from its author"
        ) from None
    found = found.get("state_dict", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not found:
        raise WeightsError(f"{path.name} contains a {type(found).__name__}, expected a state dict")
    return _tensors_to_arrays(path.name, found)


def _tensors_to_arrays(file: str, state_dict: dict[Any, Any]) -> dict[str, NDArray[Any]]:
    """Convert tensors to numpy, bfloat16 to float32; raise WeightsError for anything else."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in state_dict.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            kind = type(value).__name__
            raise WeightsError(f"{file}: “{str(name)[:60]}” is a {kind}, expected a tensor")
        plain = value.layout == torch.strided and value.device.type == "cpu"
        plain = plain and not value.is_nested and value.dtype in _DTYPES
        if not (plain and value.nbytes <= value.untyped_storage().nbytes()):  # all is in the file
            kind = f"{value.layout} {value.dtype} on {value.device}".replace("torch.", "")
            raise WeightsError(f"{file}: “{name[:60]}” is {kind}, expected an array of numbers")
        value = value.float() if value.dtype == torch.bfloat16 else value
        arrays[name] = value.detach().numpy()
    return arrays


def _count_unpacked_bytes(path: Path) -> int:
    """Return a checkpoint's unpacked size: the sum of a zip's members, or the file's size."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return path.stat().st_size
