"""A belief-map net in use: `model.onnx` + `metadata.json`, run by onnxruntime alone."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.pose.types import Floats, Picture
from core.weights.onnx_session import open_session

MODEL, METADATA = "model.onnx", "metadata.json"
_ABOUT = ("name", "input_size", "stride", "stages", "joints", "sha256")


class BeliefNet:
    """Pictures in, belief maps of every stage out.

    Attributes:
        name: e.g. "cpm.hand_light".
        input_size: I, side of the square that it sees, px.
        stages: S.
        joints: J.

    Args:
        folder: what training or import left.
        threads: of onnxruntime.

    Raises:
        WeightsError: nothing there, or the model is not the one that the metadata describe.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.metadata = _read_metadata(folder)
        self.name: str = self.metadata["name"]
        self.input_size: int = self.metadata["input_size"]
        self.stride: int = self.metadata["stride"]
        self.stages: int = self.metadata["stages"]
        self.joints: int = self.metadata["joints"]
        content = (folder / MODEL).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.metadata["sha256"]:
            raise WeightsError(
                f"{folder / MODEL} has sha256 {digest}, its metadata name "
                f"{self.metadata['sha256']}: it was altered; get it again"
            )
        self._session = open_session(content, threads=threads)

    def beliefs(self, pictures: Picture | NDArray[np.uint8]) -> Floats:
        """(N, I, I, 3) uint8 RGB → (N, S, J+1, h, w) belief maps."""
        wanted = (self.input_size, self.input_size, 3)
        if pictures.ndim != 4 or pictures.shape[1:] != wanted or pictures.dtype != np.uint8:
            raise ValueError(
                f"{self.name} sees (N, {wanted}) uint8, got {pictures.shape} {pictures.dtype}"
            )
        (maps,) = self._session.run(["beliefs"], {"pictures": np.ascontiguousarray(pictures)})
        return np.asarray(maps, np.float32)


def _read_metadata(folder: Path) -> dict[str, Any]:
    path = folder / METADATA
    if not (path.is_file() and (folder / MODEL).is_file()):
        raise WeightsError(f"no net in {folder}: {MODEL} and {METADATA} are wanted there")
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
        return metadata | {key: metadata[key] for key in _ABOUT}
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} does not describe a net ({error!r})") from error
