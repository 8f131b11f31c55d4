"""Nets of depth, run by onnxruntime: a hand's keypoints in its crop, and the palm in a whole frame.

Convention of the palm net: it sees a frame that is shrunk to its input's size by nearest pixels and
lies in the upper left corner; cell x of its maps is at stride·x + (stride − 1)/2 there.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.cameras import Points
from core.depth.cubes import Crop, Cube, Depth, rotate_crop
from core.modelfiles.model_folder import DepthMetadata, PalmMetadata, open_net
from core.pose.types import Floats


class DepthNet:
    """Finds a hand's keypoints in crops of its cube. Raises WeightsError: no such net in that
    folder, or its graph was altered."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        about, self._session = open_net(folder, DepthMetadata, threads=threads)
        self.name, self.skeleton, self.joints = about.name, about.skeleton, about.joints
        self.turns_deg = about.turns_deg

    def predict(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Find (N, K, 3) keypoints, in units of half the cube's side, in (N, S, S) crops, −1..1."""
        (keypoints,) = self._session.run(["keypoints"], {"crops": crops})
        return np.asarray(keypoints, np.float32)

    def find_keypoints_mm(self, cube: Cube, crop: Crop) -> Points:
        """Find a hand's keypoints, (K, 3) mm, in its cube's crop (S, S), averaged over rotations of
        the crop by each of `turns_deg`."""
        crops = [rotate_crop(crop, turn) if turn else crop for turn in self.turns_deg]
        predictions = zip(self.turns_deg, self.predict(np.stack(crops)), strict=True)
        unturned = [
            cube.rotate_points(cube.from_units(units), -turn) for turn, units in predictions
        ]
        return np.asarray(np.mean(unturned, axis=0))


class PalmDetector:
    """Finds the likeliest palm in a frame. Raises WeightsError: no such net, or altered."""

    def __init__(self, folder: Path) -> None:
        about, self._session = open_net(folder, PalmMetadata)
        self._stride, self._input_hw = about.stride, about.input_hw

    def find_palm(self, depth_mm: Depth) -> tuple[tuple[float, float, float], float]:
        """Find the most likely palm in a frame (H, W); a palm is always returned: its centre's u, v
        in px of the frame and d in mm, and the net's confidence, 0..1."""
        heatmap, depths, scale = self._predict_maps(depth_mm)
        cell, depth, score = _locate_peak(heatmap, depths)
        u, v = self._cells_to_frame(np.array(cell), scale)
        return (float(u), float(v), depth), score

    def find_max_palm_score(self, depth_mm: Depth, bounds: tuple[int, int, int, int]) -> float:
        """Return the highest palm score, 0..1, within the bounds u0, v0, u1, v1 (px) of a frame (H,
        W); 0 if the bounds contain no map cell."""
        heatmap, _, scale = self._predict_maps(depth_mm)
        u, v = (self._cells_to_frame(np.arange(count), scale) for count in heatmap.shape[::-1])
        rows = (v >= bounds[1]) & (v <= bounds[3])
        columns = (u >= bounds[0]) & (u <= bounds[2])
        return float(heatmap[rows][:, columns].max(initial=0))

    def _predict_maps(self, depth_mm: Depth) -> tuple[Floats, Floats, float]:
        """Run the net; return heatmap, depth map in mm, and frame pixels per input pixel."""
        shrunk, scale = shrink_depth_frame(depth_mm, self._input_hw)
        maps, depths = self._session.run(["palm", "depth_mm"], {"frames": shrunk[None]})
        return maps[0], depths[0], scale

    def _cells_to_frame(self, cells: NDArray[Any], scale: float) -> NDArray[np.float64]:
        return np.asarray((self._stride * cells + self._stride / 2) * scale - 0.5)


def shrink_depth_frame(depth_mm: Depth, size_hw: tuple[int, int]) -> tuple[Depth, float]:
    """Shrink a frame to a net's input size by nearest pixels, keeping the aspect ratio, in the
    upper left corner; return it and the frame pixels per input pixel."""
    height, width = size_hw
    scale = max(depth_mm.shape[0] / height, depth_mm.shape[1] / width)
    rows, columns = (np.floor((np.arange(n) + 0.5) * scale).astype(int) for n in size_hw)
    rows, columns = rows[rows < depth_mm.shape[0]], columns[columns < depth_mm.shape[1]]
    shrunk = np.zeros(size_hw, np.float32)
    shrunk[: len(rows), : len(columns)] = depth_mm[rows[:, None], columns]
    return shrunk, scale


def _locate_peak(heatmap: Floats, depth_mm: Floats) -> tuple[tuple[float, float], float, float]:
    """Return a heatmap peak's (x, y) in cells, depth and value; position and depth are means over
    3x3 cells, weighted by the heatmap."""
    y, x = np.unravel_index(int(heatmap.argmax()), heatmap.shape)
    rows, columns = slice(max(y - 1, 0), y + 2), slice(max(x - 1, 0), x + 2)
    weights = heatmap[rows, columns] / max(float(heatmap[rows, columns].sum()), 1e-6)
    xs, ys = np.arange(heatmap.shape[1])[columns], np.arange(heatmap.shape[0])[rows]
    cell = float((weights * xs).sum()), float((weights * ys[:, None]).sum())
    return cell, float((weights * depth_mm[rows, columns]).sum()), float(heatmap[y, x])
