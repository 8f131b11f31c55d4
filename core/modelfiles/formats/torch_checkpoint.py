"""Reads a PyTorch state dict (`.pth`) by torch's own fenced loader: tensors and nothing else."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import WeightsError
from core.modelfiles.limits import MAX_PUBLISHED_BYTES

# What mmpose writes beside its tensors: the keypoints' OKS sigmas, as a numpy array. These build
# arrays and nothing else; files from before numpy 2 call the first by its old address.
_RECONSTRUCT = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
_NUMPY: list[Any] = [
    _RECONSTRUCT,
    (_RECONSTRUCT, "numpy.core.multiarray._reconstruct"),
    np.ndarray,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "u1", "b1")),
]
_KINDS = (
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
)


def read_torch(path: Path) -> dict[str, NDArray[Any]]:
    """Name → array of a state dict, or of one under "state_dict" beside other things.

    Raises:
        WeightsError: the file is too large, cut off, or holds anything but named tensors.
    """
    if _unpacked_size(path) > MAX_PUBLISHED_BYTES:
        raise WeightsError(
            f"{path.name} has over {MAX_PUBLISHED_BYTES >> 20} MB when it is unpacked: no net that "
            "is known is as large"
        )
    try:
        with torch.serialization.safe_globals(_NUMPY):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch lets any error through, and advises to run what is in the file
        raise WeightsError(
            f"{path.name} is not whole, or holds more than tensors: nothing of it was run, get the "
            "file again from its author"
        ) from None
    found = found.get("state_dict", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not found:
        raise WeightsError(f"{path.name} holds a {type(found).__name__}, expected a state dict")
    return _arrays(path.name, found)


def _arrays(file: str, found: dict[Any, Any]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            kind = type(value).__name__
            raise WeightsError(f"{file}: “{str(name)[:60]}” holds a {kind}, expected a tensor")
        if not _is_plain(value):
            kind = f"{value.layout} {value.dtype} on {value.device}".replace("torch.", "")
            raise WeightsError(f"{file}: “{name[:60]}” is {kind}, expected an array of numbers")
        value = value.float() if value.dtype == torch.bfloat16 else value
        arrays[name] = value.detach().numpy()
    return arrays


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether every number of it lies in the file by itself."""
    plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
    plain = plain and not tensor.is_nested and tensor.dtype in _KINDS
    return plain and tensor.nbytes <= tensor.untyped_storage().nbytes()


def _unpacked_size(path: Path) -> int:
    """Bytes that reading it takes; a zip may be packed, though torch's are not."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return path.stat().st_size
