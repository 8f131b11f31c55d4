"""A heatmap net in use: `model.onnx` + `metadata.json`, run by onnxruntime alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError
from core.modelfiles.formats.onnx_import import AXES, MAPS, PICTURES
from core.modelfiles.model_folder import HeatmapMetadata, open_net
from core.pose.types import Floats, Picture


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
        self.metadata, self._session = open_net(folder, HeatmapMetadata, threads=threads)
        self.name, self.input_hw = self.metadata.name, self.metadata.input_hw
        self.stride, self.stages = self.metadata.stride, self.metadata.stages
        self.joints, self.skeleton = self.metadata.joints, self.metadata.skeleton
        self.background, self.reading = self.metadata.background, self.metadata.reading
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
