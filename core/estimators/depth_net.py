"""A net of depth crops in use: `model.onnx` + `metadata.json`, run by onnxruntime alone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Points
from core.depth.cubes import Crop, Cube, rotate_crop
from core.modelfiles.model_folder import DepthMetadata, open_net


class DepthNet:
    """Crops of a hand's cube in, its keypoints in the cube out.

    Attributes:
        name: e.g. "crossinfonet.synthetic_light".
        skeleton: the name of the one whose keypoints it finds.
        joints: K.
        turns_deg: a crop is looked at so turned, and the answers' mean is taken.

    Args:
        folder: what training left.
        threads: of onnxruntime.

    Raises:
        WeightsError: no such net there, or the model is not the one that the metadata describe.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        about, self._session = open_net(folder, DepthMetadata, threads=threads)
        self.name, self.skeleton, self.joints = about.name, about.skeleton, about.joints
        self.turns_deg = about.turns_deg

    def keypoints(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, S, S) crops, −1 to 1 → (N, K, 3) in the cube, in units of half its side."""
        (found,) = self._session.run(["keypoints"], {"crops": crops})
        return np.asarray(found, np.float32)

    def in_cube(self, cube: Cube, crop: Crop) -> Points:
        """(K, 3) mm of the hand in a cube's crop (S, S): the mean over the turns."""
        crops = [rotate_crop(crop, turn) if turn else crop for turn in self.turns_deg]
        said = zip(self.turns_deg, self.keypoints(np.stack(crops)), strict=True)
        found = [cube.rotate_points(cube.from_units(units), -turn) for turn, units in said]
        return np.asarray(np.mean(found, axis=0))
