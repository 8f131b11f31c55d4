"""A heatmap net in use: `model.onnx` + `metadata.json`, run by onnxruntime alone."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError, WeightsError
from core.pose.map_reading import Alignment, Decoding, Reading
from core.pose.skeletons import HAND_21
from core.pose.types import Floats, Picture
from core.weights.given_onnx import AXES, MAPS, PICTURES
from core.weights.onnx_session import open_session
from core.weights.table import WEIGHTS

MODEL, METADATA = "model.onnx", "metadata.json"
_ABOUT = ("name", "input_hw", "stride", "stages", "joints", "sha256")


class HeatmapNet:
    """Pictures in, heatmaps of every stage out.

    Attributes:
        name: e.g. "cpm.hand_light".
        input_hw: (H, W) of what it sees, px.
        stages: S.
        joints: J.
        background: whether it says a map of the background; where not, 1 − the strongest is one.
        reading: how a body's maps are read.
        attends: the names of what it attends to.
        is_simcc: it answers for each axis alone; its maps are made of these answers.
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
        height, width = self.metadata["input_hw"]
        self.input_hw: tuple[int, int] = (height, width)
        self.stride: int = self.metadata["stride"]
        self.stages: int = self.metadata["stages"]
        self.joints: int = self.metadata["joints"]
        self.skeleton = skeleton_of(self.metadata)
        self.background: bool = self.metadata.get("background", True)
        self.reading = reading_of(self.metadata)
        content = (folder / MODEL).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.metadata["sha256"]:
            raise WeightsError(
                f"{folder / MODEL} has sha256 {digest}, its metadata name "
                f"{self.metadata['sha256']}: it was altered; get it again"
            )
        self._session = open_session(content, threads=threads)
        outputs = tuple(one.name for one in self._session.get_outputs())
        self.is_simcc = outputs[: len(AXES)] == AXES
        self.attends = () if self.is_simcc else outputs[1:]
        self._one_by_one = isinstance(self._session.get_inputs()[0].shape[0], int)

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
        """(N, H, W, 3) uint8 RGB → (N, S, J+1, h, w) heatmaps, a background's last."""
        if self.is_simcc:
            return crossed(*self.axes(pictures))
        (maps,) = self._run([MAPS], pictures)
        return self._with_background(maps)

    def attended(self, pictures: Picture | NDArray[np.uint8]) -> tuple[Floats, dict[str, Floats]]:
        """The heatmaps, and what the net attends to by name, (N, …, h', w') of 0..1."""
        if not self.attends:
            return self.heatmaps(pictures), {}
        maps, *seen = self._run([MAPS, *self.attends], pictures)
        return self._with_background(maps), dict(zip(self.attends, seen, strict=True))

    def axes(self, pictures: Picture | NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """What a net that answers for each axis alone says, (N, J, W·bins) and (N, J, H·bins)."""
        along_x, along_y = self._run(AXES, pictures)
        return along_x, along_y

    def _with_background(self, maps: Floats) -> Floats:
        if self.background:
            return maps
        return np.concatenate([maps, 1 - maps.max(axis=2, keepdims=True)], axis=2)

    def _run(
        self, outputs: Sequence[str], pictures: Picture | NDArray[np.uint8]
    ) -> list[NDArray[np.float32]]:
        wanted = (*self.input_hw, 3)
        if pictures.ndim != 4 or pictures.shape[1:] != wanted or pictures.dtype != np.uint8:
            raise ValueError(
                f"{self.name} sees (N, {wanted}) uint8, got {pictures.shape} {pictures.dtype}"
            )
        pictures = np.ascontiguousarray(pictures)
        parts = np.split(pictures, len(pictures)) if self._one_by_one else [pictures]
        said = [self._session.run(list(outputs), {PICTURES: part}) for part in parts]
        return [
            np.concatenate(one).astype(np.float32, copy=False) for one in zip(*said, strict=True)
        ]


def crossed(along_x: Floats, along_y: Floats) -> Floats:
    """Maps to look at of what was said for each axis: (N, J, …) each → (N, 1, J+1, h, w), a cell a
    pixel of four, as high at the peak as the keypoint's score."""
    x, y = (_pooled(np.maximum(one, 0)) for one in (along_x, along_y))
    highest = np.maximum(x.max(axis=-1), y.max(axis=-1))[..., None, None]
    maps = y[..., :, None] * x[..., None, :] / np.where(highest > 0, highest, 1)
    maps = np.concatenate([maps, 1 - maps.max(axis=1, keepdims=True)], axis=1)
    return np.asarray(maps[:, None], np.float32)


def _pooled(along: Floats) -> Floats:
    """The highest of eight places, which are four pixels."""
    return np.asarray(along.reshape(*along.shape[:-1], -1, 8).max(axis=-1), np.float32)


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


def reading_of(metadata: Mapping[str, Any]) -> Reading:
    """How a net's maps are read.

    Raises:
        WeightsError: in a way that is not known.
    """
    reading = Reading(**{key: metadata[key] for key in ("alignment", "decode") if key in metadata})
    if reading.alignment not in get_args(Alignment) or reading.decode not in get_args(Decoding):
        raise WeightsError(
            f"{metadata['name']} wants its maps read by “{reading.alignment}” and "
            f"“{reading.decode}”; known are {', '.join(get_args(Alignment))} and "
            f"{', '.join(get_args(Decoding))}: it is from a newer Mudra, update this one"
        )
    return reading


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
        if str(metadata.get("input", "")).startswith("depth"):
            raise WeightsError(f"{folder.name} finds hands in depth, not in pictures")
        if "input_hw" not in metadata:  # from when every net saw a square
            metadata["input_hw"] = [metadata["input_size"]] * 2
        return metadata | {key: metadata[key] for key in _ABOUT}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path} does not describe a net ({error!r})") from error
