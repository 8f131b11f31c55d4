"""A net that finds a palm in whole depth frames in use: `model.onnx` + `metadata.json`, run by
onnxruntime alone.

Convention: the net sees a frame reduced to its input's size, pixel by pixel without a value
between, in the upper left corner; cell x of its maps lies at stride·x + (stride − 1)/2 there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.depth.cubes import Depth
from core.modelfiles.model_folder import PalmMetadata, open_net
from core.pose.types import Floats


@dataclass(frozen=True)
class Palm:
    """A palm's middle.

    Attributes:
        uvd: u, v in px of the frame, d in mm.
        score: how sure the net is, 0..1.
    """

    uvd: tuple[float, float, float]
    score: float


class PalmNetModel:
    """Frames in, the palm that the net is surest of out.

    Attributes:
        name: e.g. "palmnet.synthetic".

    Args:
        folder: what training left.
        threads: of onnxruntime.

    Raises:
        WeightsError: no such net there, or the model is not the one that the metadata describe.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        about, self._session = open_net(folder, PalmMetadata, threads=threads)
        self.name, self._stride, self._input_hw = about.name, about.stride, about.input_hw

    def find(self, depth_mm: Depth) -> Palm:
        """The palm in a frame (H, W): the heatmap's peak, between cells by those beside it."""
        heatmap, depths, scale = self._maps(depth_mm)
        (x, y), depth, score = _peak(heatmap, depths)
        u, v = self._in_frame(np.array([x, y]), scale)
        return Palm((float(u), float(v), depth), score)

    def score_in(self, depth_mm: Depth, bounds: tuple[int, int, int, int]) -> float:
        """How sure the net is, 0..1, that a palm is in a part of a frame (H, W).

        Args:
            bounds: u0, v0, u1, v1 px.
        """
        heatmap, _, scale = self._maps(depth_mm)
        u, v = (self._in_frame(np.arange(count), scale) for count in heatmap.shape[::-1])
        rows = (v >= bounds[1]) & (v <= bounds[3])
        columns = (u >= bounds[0]) & (u <= bounds[2])
        return float(heatmap[rows][:, columns].max(initial=0))

    def _maps(self, depth_mm: Depth) -> tuple[Floats, Floats, float]:
        """Heatmap, depth in mm, and frame pixels a pixel of what the net sees."""
        seen, scale = reduced_to(depth_mm, self._input_hw)
        maps, depths = self._session.run(["palm", "depth_mm"], {"frames": seen[None]})
        return maps[0], depths[0], scale

    def _in_frame(self, cells: NDArray[Any], scale: float) -> NDArray[np.float64]:
        """Where cells lie in a frame, px."""
        return np.asarray((self._stride * cells + self._stride / 2) * scale - 0.5)


def reduced_to(depth_mm: Depth, size_hw: tuple[int, int]) -> tuple[Depth, float]:
    """A frame at a net's size, 0 where it has another shape; frame pixels a pixel of it."""
    height, width = size_hw
    scale = max(depth_mm.shape[0] / height, depth_mm.shape[1] / width)
    rows, columns = (np.floor((np.arange(n) + 0.5) * scale).astype(int) for n in size_hw)
    rows, columns = rows[rows < depth_mm.shape[0]], columns[columns < depth_mm.shape[1]]
    reduced = np.zeros(size_hw, np.float32)
    reduced[: len(rows), : len(columns)] = depth_mm[rows[:, None], columns]
    return reduced, scale


def _peak(heatmap: Floats, depth_mm: Floats) -> tuple[tuple[float, float], float, float]:
    """x, y in cells and depth at the highest cell, means over it and its neighbours by how high
    they are; and how high it is."""
    y, x = np.unravel_index(int(heatmap.argmax()), heatmap.shape)
    rows, columns = slice(max(y - 1, 0), y + 2), slice(max(x - 1, 0), x + 2)
    share = heatmap[rows, columns] / max(float(heatmap[rows, columns].sum()), 1e-6)
    across, down = np.arange(heatmap.shape[1])[columns], np.arange(heatmap.shape[0])[rows]
    place = float((share * across).sum()), float((share * down[:, None]).sum())
    return place, float((share * depth_mm[rows, columns]).sum()), float(heatmap[y, x])
