"""A heatmap net in use: `model.onnx` + `metadata.json`, run by onnxruntime alone."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError, WeightsError
from core.pose.skeletons import HAND_21
from core.pose.types import Floats, Picture
from core.weights.onnx_session import open_session
from core.weights.table import WEIGHTS

MODEL, METADATA = "model.onnx", "metadata.json"
_ABOUT = ("name", "input_size", "stride", "stages", "joints", "sha256")


class HeatmapNet:
    """Pictures in, heatmaps of every stage out.

    Attributes:
        name: e.g. "cpm.hand_light".
        input_size: I, side of the square that it sees, px.
        stages: S.
        joints: J.
        skeleton: the name of theirs.

    Args:
        folder: what training or import left.
        threads: of onnxruntime.

    Raises:
        WeightsError: nothing there, or the model is not the one that the metadata describe.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.metadata = read_metadata(folder)
        self.name: str = self.metadata["name"]
        self.input_size: int = self.metadata["input_size"]
        self.stride: int = self.metadata["stride"]
        self.stages: int = self.metadata["stages"]
        self.joints: int = self.metadata["joints"]
        self.skeleton = skeleton_of(self.metadata)
        content = (folder / MODEL).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.metadata["sha256"]:
            raise WeightsError(
                f"{folder / MODEL} has sha256 {digest}, its metadata name "
                f"{self.metadata['sha256']}: it was altered; get it again"
            )
        self._session = open_session(content, threads=threads)

    def check_skeleton(self, wanted: str) -> None:
        """Refuse a net that finds the keypoints of another skeleton.

        Raises:
            EstimatorError: it does.
        """
        if self.skeleton != wanted:
            raise EstimatorError(
                f"{self.name} finds the keypoints of {self.skeleton or 'no known skeleton'}, "
                "wanted "
                f"are those of {wanted}: choose another net, e.g. cpm.hand_light for hands"
            )

    def heatmaps(self, pictures: Picture | NDArray[np.uint8]) -> Floats:
        """(N, I, I, 3) uint8 RGB → (N, S, J+1, h, w) heatmaps."""
        wanted = (self.input_size, self.input_size, 3)
        if pictures.ndim != 4 or pictures.shape[1:] != wanted or pictures.dtype != np.uint8:
            raise ValueError(
                f"{self.name} sees (N, {wanted}) uint8, got {pictures.shape} {pictures.dtype}"
            )
        (maps,) = self._session.run(["beliefs"], {"pictures": np.ascontiguousarray(pictures)})
        return np.asarray(maps, np.float32)


def skeleton_of(metadata: Mapping[str, Any]) -> str:
    """The name of the skeleton whose keypoints a net finds, "" where nobody knows.

    Metadata from before it was written down: the table's for a published net, the hand's for one
    of as many keypoints.
    """
    if "skeleton" in metadata:
        return str(metadata["skeleton"])
    if metadata["name"] in WEIGHTS:
        return WEIGHTS[metadata["name"]].skeleton
    return HAND_21.name if metadata["joints"] == HAND_21.size else ""


def read_metadata(folder: Path) -> dict[str, Any]:
    """What a net's folder says of it.

    Raises:
        WeightsError: no net there, or its metadata can't be read.
    """
    path = folder / METADATA
    if not (path.is_file() and (folder / MODEL).is_file()):
        raise WeightsError(f"no net in {folder}: {MODEL} and {METADATA} are wanted there")
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
        return metadata | {key: metadata[key] for key in _ABOUT}
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} does not describe a net ({error!r})") from error
