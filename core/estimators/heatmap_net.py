"""A heatmap net, run by onnxruntime from its folder (`model.onnx` and `metadata.json`)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import EstimatorError
from core.modelfiles.formats.onnx_import import AXES, MAPS, PICTURES
from core.modelfiles.model_folder import HeatmapMetadata, open_net
from core.pose.types import Floats, Picture
from core.words import words

Pictures = Picture | NDArray[np.uint8]  # (N, H, W, 3) RGB

_PIXELS_PER_CELL = 4  # of the heatmaps made of SimCC's positions
_BINS_PER_CELL = 2 * _PIXELS_PER_CELL


class HeatmapNet:
    """Predicts the heatmaps of J keypoints in each of S stages. Raises WeightsError: no net in that
    folder, or its graph was altered."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.metadata, self._session = open_net(folder, HeatmapMetadata, threads=threads)
        self.name, self.input_hw = self.metadata.name, self.metadata.input_hw
        self.stride, self.stages = self.metadata.stride, self.metadata.stages
        self.joints, self.skeleton = self.metadata.joints, self.metadata.skeleton
        self.background, self.reading = self.metadata.background, self.metadata.reading
        outputs = tuple(one.name for one in self._session.get_outputs())
        # positions along each axis, from which heatmaps are made for display
        self.is_simcc = outputs[: len(AXES)] == AXES
        self.attends = () if self.is_simcc else outputs[1:]
        self._batch_is_one = isinstance(self._session.get_inputs()[0].shape[0], int)

    def check_skeleton(self, matches: bool, expected_skeleton: str) -> None:
        """Raise EstimatorError with the expected skeleton's name, unless `matches`."""
        if not matches:
            raise EstimatorError(
                words(
                    "{name} finds the keypoints of {found}, wanted are {wanted}: choose "
                    "another net",
                    name=self.name,
                    found=self.skeleton or words("no known skeleton"),
                    wanted=expected_skeleton,
                )
            )

    def predict_heatmaps(self, pictures: Pictures) -> Floats:
        """Predict (N, S, J+1, h, w) heatmaps from (N, H, W, 3) uint8 pictures; the last map of each
        stage is the background."""
        if self.is_simcc:
            return simcc_to_heatmaps(*self.predict_simcc(pictures))
        (maps,) = self._run_session([MAPS], pictures)
        return self._add_background(maps)

    def predict_with_attention(self, pictures: Pictures) -> tuple[Floats, dict[str, Floats]]:
        """Predict heatmaps, and attention maps as name → (N, …, h', w') in 0..1, if any."""
        if not self.attends:
            return self.predict_heatmaps(pictures), {}
        maps, *attention = self._run_session([MAPS, *self.attends], pictures)
        return self._add_background(maps), dict(zip(self.attends, attention, strict=True))

    def predict_simcc(self, pictures: Pictures) -> tuple[Floats, Floats]:
        """Predict positions along x and y, (N, J, W·bins) and (N, J, H·bins), of a SimCC net."""
        along_x, along_y = self._run_session(AXES, pictures)
        return along_x, along_y

    def _add_background(self, maps: Floats) -> Floats:
        if self.background:
            return maps
        return np.concatenate([maps, 1 - maps.max(axis=2, keepdims=True)], axis=2)

    def _run_session(self, outputs: Sequence[str], pictures: Pictures) -> list[NDArray[np.float32]]:
        """Run the net and return the named outputs, float32; one picture at a time if its batch
        size is fixed at 1. Raise ValueError for pictures of another shape."""
        expected = (*self.input_hw, 3)
        if pictures.ndim != 4 or pictures.shape[1:] != expected or pictures.dtype != np.uint8:
            raise ValueError(
                f"{self.name} takes (N, {expected}) uint8, got {pictures.shape} {pictures.dtype}"
            )
        pictures = np.ascontiguousarray(pictures)
        batches = np.split(pictures, len(pictures)) if self._batch_is_one else [pictures]
        results = [self._session.run(list(outputs), {PICTURES: batch}) for batch in batches]
        return [
            np.concatenate(one).astype(np.float32, copy=False) for one in zip(*results, strict=True)
        ]


def simcc_to_heatmaps(along_x: Floats, along_y: Floats) -> Floats:
    """Make heatmaps for display, (N, 1, J+1, h, w), 4 x 4 pixels a cell, from a SimCC net's outputs
    along x and y, (N, J, …) each; a peak's value is the keypoint's score."""
    x, y = (  # the highest value of each cell
        np.maximum(one, 0).reshape(*one.shape[:-1], -1, _BINS_PER_CELL).max(axis=-1)
        for one in (along_x, along_y)
    )
    highest = np.maximum(x.max(axis=-1), y.max(axis=-1))[..., None, None]
    maps = y[..., :, None] * x[..., None, :] / np.where(highest > 0, highest, 1)
    maps = np.concatenate([maps, 1 - maps.max(axis=1, keepdims=True)], axis=1)
    return np.asarray(maps[:, None], np.float32)
